// Losses fused with their last activation. loss has one value per row.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class T>
struct LossKernels {
  // Sparse labels are checked by the binding to lie in [0, cols). probs (rows x cols) is saved for backward.
  void (*softmax_cross_entropy_forward)(index rows, index cols, const T* logits, const std::int64_t* labels, T* probs,
                                        T* loss);
  void (*softmax_cross_entropy_backward)(index rows, index cols, const T* probs, const std::int64_t* labels,
                                         const T* dloss, T* dlogits);
  void (*softmax_cross_entropy_dense_forward)(index rows, index cols, const T* logits, const T* target, T* probs,
                                              T* loss);
  void (*softmax_cross_entropy_dense_backward)(index rows, index cols, const T* probs, const T* target, const T* dloss,
                                               T* dlogits);
  // Elementwise over n: loss = max(z,0) - z*t + log(1+exp(-|z|)).
  void (*sigmoid_cross_entropy_forward)(index n, const T* logits, const T* target, T* loss);
  void (*sigmoid_cross_entropy_backward)(index n, const T* logits, const T* target, const T* dloss, T* dlogits);
};

}  // namespace pydl
