// Every family fills its part of the table of this instruction set; table.cpp calls them all.
#pragma once
#include "contract/table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_gemm(GemmKernels<T>&);
template <class T>
void fill_conv2d(Conv2dKernels<T>&);
template <class T>
void fill_pool2d(Pool2dKernels<T>&);
template <class T>
void fill_elementwise(ElementwiseKernels<T>&);
template <class T>
void fill_reduce(ReduceKernels<T>&);
template <class T>
void fill_softmax(SoftmaxKernels<T>&);
template <class T>
void fill_batch_norm(BatchNormKernels<T>&);
template <class T>
void fill_group_norm(GroupNormKernels<T>&);
template <class T>
void fill_layer_norm(LayerNormKernels<T>&);
template <class T>
void fill_lrn(LrnKernels<T>&);
template <class T>
void fill_loss(LossKernels<T>&);
template <class T>
void fill_dropout(DropoutKernels<T>&);
template <class T>
void fill_embedding(EmbeddingKernels<T>&);
template <class T>
void fill_concatenate(ConcatenateKernels<T>&);
template <class T>
void fill_transpose(TransposeKernels<T>&);
template <class T>
void fill_resize(ResizeKernels<T>&);
template <class T>
void fill_mask(MaskKernels<T>&);
template <class T>
void fill_rnn(RecurrentKernels<T>&);
template <class T>
void fill_lstm(RecurrentKernels<T>&);
template <class T>
void fill_gru(RecurrentKernels<T>&);
template <class T>
void fill_optimizer(OptimizerKernels<T>&);

}  // namespace pydl::PYDL_ISA
