// Softmax and its logarithm.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class Storage>
struct SoftmaxKernels {
  // rows x cols, along the last axis.
  void (*forward)(index rows, index cols, const Storage* x, Storage* y);
  void (*backward)(index rows, index cols, const Storage* y, const Storage* dy, Storage* dx);
  void (*log_forward)(index rows, index cols, const Storage* x, Storage* y);
  void (*log_backward)(index rows, index cols, const Storage* y, const Storage* dy, Storage* dx);
};

}  // namespace pydl
