// All kernels of one instruction set: one table per element type, one member per family.
#pragma once
#include "contract/conv2d.h"
#include "contract/elementwise.h"
#include "contract/embedding.h"
#include "contract/gemm.h"
#include "contract/layout.h"
#include "contract/loss.h"
#include "contract/norm.h"
#include "contract/optimizer.h"
#include "contract/pool2d.h"
#include "contract/recurrent.h"
#include "contract/reduce.h"
#include "contract/resize.h"
#include "contract/softmax.h"

namespace pydl {

template <class T>
struct KernelTable {
  GemmKernels<T> gemm;
  Conv2dKernels<T> conv2d;
  Pool2dKernels<T> pool2d;
  ElementwiseKernels<T> elementwise;
  ReduceKernels<T> reduce;
  SoftmaxKernels<T> softmax;
  BatchNormKernels<T> batch_norm;
  GroupNormKernels<T> group_norm;
  LayerNormKernels<T> layer_norm;
  LrnKernels<T> lrn;
  LossKernels<T> loss;
  DropoutKernels<T> dropout;
  EmbeddingKernels<T> embedding;
  ConcatenateKernels<T> concatenate;
  TransposeKernels<T> transpose;
  ResizeKernels<T> resize;
  MaskKernels<T> mask;
  RecurrentKernels<T> rnn, lstm, gru;
  OptimizerKernels<T> optimizer;
};

struct Kernels {
  const char* isa;
  KernelTable<float> f32;
  KernelTable<double> f64;

  template <class T>
  const KernelTable<T>& of() const;
};
template <>
inline const KernelTable<float>& Kernels::of<float>() const {
  return f32;
}
template <>
inline const KernelTable<double>& Kernels::of<double>() const {
  return f64;
}

}  // namespace pydl
