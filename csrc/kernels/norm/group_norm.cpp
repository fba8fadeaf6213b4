// Group normalisation (Wu and He 2018): every sample and group of channels has its own mean and variance. They are the
// statistics of columns, merged over the channels of a group.
#include "kernels/norm/column_moments.h"
#include "kernels/norm/scale_columns.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace norm {
namespace {

template <class T>
void group_norm_forward(const GroupNormShape& s, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                        T* variance) {
  const index size = s.N * s.C, width = s.C / s.groups;
  Scratch scratch(3 * size * index(sizeof(T)));
  T *centre = static_cast<T*>(scratch.data()), *scale = centre + size, *shift = scale + size;
  T *squares = scale, *first = shift;
  for (index i = 0; i < size; i++) first[i] = x[i / s.C * s.S * s.C + i % s.C];
  column_moments(Moments<T>{x}, s.N, s.S, s.C, first, centre, squares);  // centre: the first pixel
  for (index i = 0; i < size; i++) centre[i] += first[i];
  for (index g = 0; g < s.N * s.groups; g++) {
    T *means = centre + g * width, *deviations = squares + g * width;
    T total = 0, square = 0;
    for (index c = 0; c < width; c++) total += means[c];
    mean[g] = total / T(width);
    for (index c = 0; c < width; c++) {
      const T offset = means[c] - mean[g];
      square += deviations[c] + T(s.S) * (offset * offset);
    }
    variance[g] = square / T(s.S * width);
    const T inverse = T(1) / square_root(variance[g] + epsilon);
    for (index c = 0; c < width; c++) {
      const index channel = g % s.groups * width + c;
      means[c] = mean[g];
      scale[g * width + c] = gamma ? gamma[channel] * inverse : inverse;
      shift[g * width + c] = beta ? beta[channel] : T(0);
    }
  }
  scale_columns<T>(s.N, s.S, s.C, {centre, scale, shift}, y,
                   [=](auto at, auto of) { return (at(x) - of(0)) * of(1) + of(2); });
}

// As in batch_norm.cpp, with the sums of dy gamma and dy gamma (x - mean) taken over a group.
template <class T>
void group_norm_backward(const GroupNormShape& s, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                         const T* variance, T* dx, T* dgamma, T* dbeta) {
  const index size = s.N * s.C, width = s.C / s.groups;
  Scratch scratch(4 * size * index(sizeof(T)));
  T *centre = static_cast<T*>(scratch.data()), *scale = centre + size, *pull = scale + size, *shift = pull + size;
  for (index i = 0; i < size; i++) centre[i] = mean[i / width];
  T *products = pull, *sums = shift;
  column_moments(Products<T>{x, dy}, s.N, s.S, s.C, centre, sums, products);
  for (index c = 0; c < s.C; c++) dgamma[c] = dbeta[c] = T(0);
  for (index g = 0; g < s.N * s.groups; g++) {
    const T inverse = T(1) / square_root(variance[g] + epsilon), share = inverse / T(s.S * width);
    T sum = 0, product = 0;
    for (index c = 0; c < width; c++) {
      const index channel = g % s.groups * width + c, i = g * width + c;
      const T factor = gamma ? gamma[channel] : T(1);
      dbeta[channel] += sums[i];
      dgamma[channel] += products[i] * inverse;
      sum += factor * sums[i];
      product += factor * products[i];
      scale[i] = factor * inverse;
    }
    for (index c = 0; c < width; c++) {
      pull[g * width + c] = product * inverse * inverse * share;
      shift[g * width + c] = sum * share;
    }
  }
  scale_columns<T>(s.N, s.S, s.C, {centre, scale, pull, shift}, dx,
                   [=](auto at, auto of) { return at(dy) * of(1) - (at(x) - of(0)) * of(2) - of(3); });
}

}  // namespace
}  // namespace norm

template <class T>
void fill_group_norm(GroupNormKernels<T>& t) {
  t.forward = norm::group_norm_forward<T>;
  t.backward = norm::group_norm_backward<T>;
}
template void fill_group_norm(GroupNormKernels<float>&);
template void fill_group_norm(GroupNormKernels<double>&);

}  // namespace pydl::PYDL_ISA
