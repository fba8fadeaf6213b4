// The recurrent part of the table: its cells.
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace recurrent {

template <class T>
void fill_rnn(RecurrentCellKernels<T>&);  // rnn.cpp
template <class T>
void fill_lstm(RecurrentCellKernels<T>&);  // lstm.cpp
template <class T>
void fill_gru(RecurrentCellKernels<T>&);  // gru.cpp

}  // namespace recurrent

template <class T>
void fill_recurrent(RecurrentKernels<T>& t) {
  recurrent::fill_rnn(t.rnn);
  recurrent::fill_lstm(t.lstm);
  recurrent::fill_gru(t.gru);
}
template void fill_recurrent(RecurrentKernels<float>&);
template void fill_recurrent(RecurrentKernels<double>&);

}  // namespace pydl::PYDL_ISA
