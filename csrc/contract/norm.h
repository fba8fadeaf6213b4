// Normalisations. gamma and beta may be null; variances are biased; no size is 0 unless stated.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class T>
struct BatchNormKernels {
  // rows x cols, a mean and a variance per column; rows may be 0 in inference.
  void (*inference)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, const T* mean,
                    const T* variance, T* y);
  void (*forward)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                  T* variance);
  // `constant`: y was made by inference, so that mean and variance do not depend on x.
  void (*backward)(index rows, index cols, T epsilon, bool constant, const T* x, const T* dy, const T* gamma,
                   const T* mean, const T* variance, T* dx, T* dgamma, T* dbeta);
};

// x is (N, S, C): S pixels (or steps) of C channels, in `groups` groups that divide C. mean and variance: (N, groups).
struct GroupNormShape {
  index N, S, C, groups;
};

template <class T>
struct GroupNormKernels {
  void (*forward)(const GroupNormShape&, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                  T* variance);
  void (*backward)(const GroupNormShape&, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                   const T* variance, T* dx, T* dgamma, T* dbeta);
};

template <class T>
struct LayerNormKernels {
  // A mean and a variance per row.
  void (*forward)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                  T* variance);
  void (*backward)(index rows, index cols, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                   const T* variance, T* dx, T* dgamma, T* dbeta);
};

// y_c = x_c / (bias + alpha * (sum of x_k^2, |k - c| <= radius))^beta, along rows of channels.
struct LrnRule {
  index radius;
  double bias, alpha, beta;
};

template <class T>
struct LrnKernels {
  // rows x cols, along the last axis.
  void (*forward)(const LrnRule&, index rows, index cols, const T* x, T* y);
  void (*backward)(const LrnRule&, index rows, index cols, const T* x, const T* dy, T* dx);
};

}  // namespace pydl
