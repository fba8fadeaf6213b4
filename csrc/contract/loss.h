// Losses fused with their last activation. loss has one value per row.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class Storage>
struct LossKernels {
  // The binding checks that sparse labels are in [0, cols). probs (rows x cols) is saved for backward.
  void (*softmax_cross_entropy_forward)(index rows, index cols, const Storage* logits, const std::int64_t* labels,
                                        Storage* probs, Storage* loss);
  void (*softmax_cross_entropy_backward)(index rows, index cols, const Storage* probs, const std::int64_t* labels,
                                         const Storage* dloss, Storage* dlogits);
  void (*softmax_cross_entropy_dense_forward)(index rows, index cols, const Storage* logits, const Storage* target,
                                              Storage* probs, Storage* loss);
  void (*softmax_cross_entropy_dense_backward)(index rows, index cols, const Storage* probs, const Storage* target,
                                               const Storage* dloss, Storage* dlogits);
  // Elementwise over n: loss = max(z,0) - z*t + log(1+exp(-|z|)).
  void (*sigmoid_cross_entropy_forward)(index n, const Storage* logits, const Storage* target, Storage* loss);
  void (*sigmoid_cross_entropy_backward)(index n, const Storage* logits, const Storage* target, const Storage* dloss,
                                         Storage* dlogits);
};

}  // namespace pydl
