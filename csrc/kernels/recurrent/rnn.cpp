// The simple recurrent network: Elman 1990.   h' = act([x 1 h] W)
#include "kernels/recurrent/cell.h"

namespace pydl::PYDL_ISA {
namespace recurrent {
namespace {

template <class T, bool kDefault>
struct Rnn : OneStageCell<Rnn<T, kDefault>, T> {
  static constexpr int kGates = 1, kVectors = 2, kSavedGates = 1;  // what is saved is h'
  static constexpr bool kSavesState = false, kFusesInput = true, kStateIsHidden = false;
  using Main = Nonlinearity<T, Tanh, kDefault>;

  template <bool kAll>
  static void finish(const Forward<Rnn>& f, int, const StepPointers<T>* pointers, index count, Units<T, kAll> units,
                     Sums<T> sums) {
    const Main act{f.s.activation};
    for (index r = 0; r < count; r++)
      for (int v = 0; v < 2; v++) {
        const index unit = units.first + v * kLanes<T>;
        if (!kAll && unit >= units.U) break;
        const int n = units.from(unit);
        const V<T> h = act(load(sums.from_h + (r * kVectors + v) * kLanes<T>));
        if (pointers[r].gates) store_units(pointers[r].gates + unit, h, n);
        f.store_output(pointers[r], unit, n, h);
      }
  }

  static PYDL_INLINE void backward(const Backward<Rnn>& f, int, const StepGradPointers<T>& p, index unit, int n,
                                   const T* from_gates) {
    const Main act{f.s.activation};
    T* h = p.gates + unit;
    V<T> dh = f.dh_of_step(p, unit, n, from_gates);
    if (p.dh) dh += load_units(p.dh + unit, n);
    store_units(h, act.backward(load_units(h, n), dh), n);
  }
};

}  // namespace

template <class T>
void fill_rnn(RecurrentCellKernels<T>& t) {
  t = recurrent_kernels<Rnn, T>();
}
template void fill_rnn(RecurrentCellKernels<float>&);
template void fill_rnn(RecurrentCellKernels<double>&);

}  // namespace recurrent
}  // namespace pydl::PYDL_ISA
