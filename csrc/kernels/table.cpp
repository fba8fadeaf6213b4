// The one symbol that leaves this folder: the table of one instruction set.
#include "table.h"

#define PYDL_STRING_(x) #x
#define PYDL_STRING(x) PYDL_STRING_(x)

namespace pydl::PYDL_ISA {
namespace {

template <class T>
KernelTable<T> make_table() {
  KernelTable<T> t{};
  fill_gemm(t);
  fill_conv2d(t);
  fill_pool2d(t);
  fill_elementwise(t);
  fill_reduce(t);
  fill_softmax(t);
  fill_batch_norm(t);
  fill_group_norm(t);
  fill_layer_norm(t);
  fill_lrn(t);
  fill_loss(t);
  fill_dropout(t);
  fill_embedding(t);
  fill_join(t);
  fill_rearrange(t);
  fill_resize(t);
  fill_mask(t);
  fill_rnn(t);
  fill_lstm(t);
  fill_gru(t);
  fill_optimizer(t);
  return t;
}

}  // namespace

const Kernels& table() {
  static const Kernels kernels{PYDL_STRING(PYDL_ISA), make_table<float>(), make_table<double>()};
  return kernels;
}

}  // namespace pydl::PYDL_ISA
