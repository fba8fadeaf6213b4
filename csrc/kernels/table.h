// Every family fills its part of the table of this instruction set; table.cpp calls them all.
#pragma once
#include "../kernels.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_gemm(KernelTable<T>&);
template <class T>
void fill_conv2d(KernelTable<T>&);
template <class T>
void fill_pool2d(KernelTable<T>&);
template <class T>
void fill_elementwise(KernelTable<T>&);
template <class T>
void fill_reduce(KernelTable<T>&);
template <class T>
void fill_softmax(KernelTable<T>&);
template <class T>
void fill_batch_norm(KernelTable<T>&);
template <class T>
void fill_group_norm(KernelTable<T>&);
template <class T>
void fill_layer_norm(KernelTable<T>&);
template <class T>
void fill_lrn(KernelTable<T>&);
template <class T>
void fill_loss(KernelTable<T>&);
template <class T>
void fill_dropout(KernelTable<T>&);
template <class T>
void fill_embedding(KernelTable<T>&);
template <class T>
void fill_join(KernelTable<T>&);
template <class T>
void fill_rearrange(KernelTable<T>&);
template <class T>
void fill_resize(KernelTable<T>&);
template <class T>
void fill_mask(KernelTable<T>&);
template <class T>
void fill_rnn(KernelTable<T>&);
template <class T>
void fill_lstm(KernelTable<T>&);
template <class T>
void fill_gru(KernelTable<T>&);
template <class T>
void fill_optimizer(KernelTable<T>&);

}  // namespace pydl::PYDL_ISA
