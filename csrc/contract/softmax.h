// Softmax and its logarithm.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class T>
struct SoftmaxKernels {
  // rows x cols, along the last axis.
  void (*forward)(index rows, index cols, const T* x, T* y);
  void (*backward)(index rows, index cols, const T* y, const T* dy, T* dx);
  void (*log_forward)(index rows, index cols, const T* x, T* y);
  void (*log_backward)(index rows, index cols, const T* y, const T* dy, T* dx);
};

}  // namespace pydl
