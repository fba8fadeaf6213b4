// The one symbol that this folder exports: the table of one instruction set.
#include "kernels/table.h"

#define PYDL_STRING_(x) #x
#define PYDL_STRING(x) PYDL_STRING_(x)

namespace pydl::PYDL_ISA {
namespace {

template <class T>
KernelTable<T> make_table() {
  KernelTable<T> t{};
  fill_gemm(t.gemm);
  fill_conv2d(t.conv2d);
  fill_pool2d(t.pool2d);
  fill_elementwise(t.elementwise);
  fill_reduce(t.reduce);
  fill_softmax(t.softmax);
  fill_batch_norm(t.batch_norm);
  fill_group_norm(t.group_norm);
  fill_layer_norm(t.layer_norm);
  fill_lrn(t.lrn);
  fill_loss(t.loss);
  fill_dropout(t.dropout);
  fill_embedding(t.embedding);
  fill_concatenate(t.concatenate);
  fill_transpose(t.transpose);
  fill_resize(t.resize);
  fill_mask(t.mask);
  fill_rnn(t.rnn);
  fill_lstm(t.lstm);
  fill_gru(t.gru);
  fill_optimizer(t.optimizer);
  return t;
}

}  // namespace

const Kernels& table() {
  static const Kernels kernels{PYDL_STRING(PYDL_ISA), make_table<float>(), make_table<double>()};
  return kernels;
}

}  // namespace pydl::PYDL_ISA
