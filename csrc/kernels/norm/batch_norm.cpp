// Batch normalisation (Ioffe and Szegedy 2015): y = (x - mean) gamma / sqrt(variance + epsilon) + beta.
#include "kernels/norm/column_moments.h"
#include "kernels/norm/scale_columns.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace norm {
namespace {

template <class T>
void batch_norm_inference(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, const T* mean,
                          const T* variance, T* y) {
  Scratch scratch(2 * cols * index(sizeof(T)));
  T *scale = static_cast<T*>(scratch.data()), *shift = scale + cols;
  for (index c = 0; c < cols; c++) {
    scale[c] = (gamma ? gamma[c] : T(1)) / square_root(variance[c] + epsilon);
    shift[c] = beta ? beta[c] : T(0);
  }
  scale_columns<T>(1, rows, cols, {mean, scale, shift}, y,
                   [=](auto at, auto of) { return (at(x) - of(0)) * of(1) + of(2); });
}

template <class T>
void batch_norm_forward(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                        T* variance) {
  column_moments(Moments<T>{x}, 1, rows, cols, x, mean, variance);  // centre: the first row
  for (index c = 0; c < cols; c++) {
    mean[c] += x[c];
    variance[c] /= T(rows);
  }
  batch_norm_inference(rows, cols, epsilon, x, gamma, beta, mean, variance, y);
}

// With s = gamma / sqrt(variance + epsilon): dx = s (dy - mean(dy) - (x - mean) mean(dy (x - mean)) / (variance +
// epsilon)), where the statistics are those of x; dx = s dy where they are constants.
template <class T>
void batch_norm_backward(index rows, index cols, T epsilon, bool constant, const T* x, const T* dy, const T* gamma,
                         const T* mean, const T* variance, T* dx, T* dgamma, T* dbeta) {
  column_moments(Products<T>{x, dy}, 1, rows, cols, mean, dbeta, dgamma);
  Scratch scratch(3 * cols * index(sizeof(T)));
  T *scale = static_cast<T*>(scratch.data()), *pull = scale + cols, *shift = pull + cols;
  const T share = constant ? T(0) : T(1) / T(rows);
  for (index c = 0; c < cols; c++) {
    const T inverse = T(1) / square_root(variance[c] + epsilon);
    scale[c] = (gamma ? gamma[c] : T(1)) * inverse;
    dgamma[c] *= inverse;
    pull[c] = scale[c] * inverse * dgamma[c] * share;
    shift[c] = scale[c] * dbeta[c] * share;
  }
  scale_columns<T>(1, rows, cols, {mean, scale, pull, shift}, dx,
                   [=](auto at, auto of) { return at(dy) * of(1) - (at(x) - of(0)) * of(2) - of(3); });
}

}  // namespace
}  // namespace norm

template <class T>
void fill_batch_norm(BatchNormKernels<T>& t) {
  t.inference = norm::batch_norm_inference<T>;
  t.forward = norm::batch_norm_forward<T>;
  t.backward = norm::batch_norm_backward<T>;
}
template void fill_batch_norm(BatchNormKernels<float>&);
template void fill_batch_norm(BatchNormKernels<double>&);

}  // namespace pydl::PYDL_ISA
