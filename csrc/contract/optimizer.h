// Updates of parameters: one call updates every parameter in place.
#pragma once
#include "contract/types.h"

namespace pydl {

// One parameter tensor with its gradient and the state the rule needs (unused state pointers are null).
template <class Storage>
struct Parameter {
  Storage* w;
  const Storage* g;
  Storage* m;
  Storage* v;
  Storage* u;
  index n;
};

struct SgdRule {
  double learning_rate, momentum;
  bool nesterov;
  double weight_decay;  // decoupled: w -= learning_rate * weight_decay * w before the step
};
struct RmspropRule {
  double learning_rate, rho, momentum, epsilon;  // m holds the momentum (null if 0), v the mean square,
                                                 // u the mean gradient of the centered form (else null)
  double weight_decay;
};
struct AdamRule {
  double learning_rate, beta_1, beta_2, epsilon;
  double weight_decay;  // decoupled (AdamW); 0 gives Adam
  std::int64_t step;    // 1 for the first update; u holds the largest v so far, for AMSGrad (else null)
};

template <class Storage>
struct OptimizerKernels {
  void (*sgd_update)(const SgdRule&, const Parameter<Storage>* parameters, index count);
  void (*rmsprop_update)(const RmspropRule&, const Parameter<Storage>* parameters, index count);
  void (*adam_update)(const AdamRule&, const Parameter<Storage>* parameters, index count);
};

}  // namespace pydl
