// Normalisations. gamma and beta may be null; variances are biased; no size is 0 unless stated.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class Storage, class Acc = AccOf<Storage>>
struct BatchNormKernels {
  // rows x cols, a mean and a variance per column; rows may be 0 in inference.
  void (*inference)(index rows, index cols, Acc epsilon, const Storage* x, const Storage* gamma, const Storage* beta,
                    const Acc* mean, const Acc* variance, Storage* y);
  void (*forward)(index rows, index cols, Acc epsilon, const Storage* x, const Storage* gamma, const Storage* beta,
                  Storage* y, Acc* mean, Acc* variance);
  // `constant`: y was made by inference, so that mean and variance do not depend on x.
  void (*backward)(index rows, index cols, Acc epsilon, bool constant, const Storage* x, const Storage* dy,
                   const Storage* gamma, const Acc* mean, const Acc* variance, Storage* dx, Storage* dgamma,
                   Storage* dbeta);
};

// x is (N, S, C): S pixels (or steps) of C channels, in `groups` groups that divide C. mean and variance: (N, groups).
struct GroupNormShape {
  index N, S, C, groups;
};

template <class Storage, class Acc = AccOf<Storage>>
struct GroupNormKernels {
  void (*forward)(const GroupNormShape&, Acc epsilon, const Storage* x, const Storage* gamma, const Storage* beta,
                  Storage* y, Acc* mean, Acc* variance);
  void (*backward)(const GroupNormShape&, Acc epsilon, const Storage* x, const Storage* dy, const Storage* gamma,
                   const Acc* mean, const Acc* variance, Storage* dx, Storage* dgamma, Storage* dbeta);
};

template <class Storage, class Acc = AccOf<Storage>>
struct LayerNormKernels {
  // A mean and a variance per row.
  void (*forward)(index rows, index cols, Acc epsilon, const Storage* x, const Storage* gamma, const Storage* beta,
                  Storage* y, Acc* mean, Acc* variance);
  void (*backward)(index rows, index cols, Acc epsilon, const Storage* x, const Storage* dy, const Storage* gamma,
                   const Acc* mean, const Acc* variance, Storage* dx, Storage* dgamma, Storage* dbeta);
};

// y_c = x_c / (bias + alpha * (sum of x_k^2, |k - c| <= radius))^beta, along rows of channels.
struct LrnRule {
  index radius;
  double bias, alpha, beta;
};

template <class Storage>
struct LrnKernels {
  // rows x cols, along the last axis.
  void (*forward)(const LrnRule&, index rows, index cols, const Storage* x, Storage* y);
  void (*backward)(const LrnRule&, index rows, index cols, const Storage* x, const Storage* dy, Storage* dx);
};

}  // namespace pydl
