// Local response normalisation across channels (Krizhevsky, Sutskever and Hinton 2012):
//   y_c = x_c s_c^-beta, s_c = bias + alpha * (sum of x_k^2, |k - c| <= radius).
#include "kernels/common/parallel.h"
#include "kernels/common/rows.h"
#include "kernels/common/simd_math.h"
#include "kernels/table.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA {
namespace norm {
namespace {

template <class T>
PYDL_INLINE V<T> square_roots(V<T> v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return V<T>(_mm512_maskz_sqrt_ps(-1, __m512(v)));
  if constexpr (sizeof(T) == 8) return V<T>(_mm512_maskz_sqrt_pd(-1, __m512d(v)));
#else
  PYDL_UNROLL
  for (int i = 0; i < kLanes<T>; i++) v[i] = square_root(v[i]);
  return v;
#endif
}

// s^-beta: by square roots for the beta of the paper, 3/4.
template <class T, bool kThreeQuarters>
PYDL_INLINE V<T> shrink(V<T> s, T beta) {
  if constexpr (kThreeQuarters) {
    const V<T> root = square_roots<T>(s);
    return 1 / (root * square_roots<T>(root));
  }
  return exp<T>(-beta * log<T>(s));
}

// The sum of 2 * radius + 1 neighbours, from an array that begins `radius` zeros before the row.
template <class T, class At>
PYDL_INLINE V<T> neighbours(index radius, const T* padded, const At& at) {
  V<T> sum{};
  for (index k = 0; k <= 2 * radius; k++) sum += at(padded + k);
  return sum;
}

// Scratch of a thread for one row: `count` rows, each with zeros on both sides.
template <class T>
class RowsWithMargins {
 public:
  RowsWithMargins(index count, index radius, index cols)
      : stride_(cols + 2 * radius), radius_(radius), scratch_(count * stride_ * index(sizeof(T))) {
    for (index i = 0; i < count * stride_; i++) data()[i] = T(0);
  }
  T* padded(index k) const { return data() + k * stride_; }
  T* row(index k) const { return padded(k) + radius_; }

 private:
  T* data() const { return static_cast<T*>(scratch_.data()); }
  index stride_, radius_;
  Scratch scratch_;
};

inline index lrn_grain(index cols) { return 1 + 4096 / (cols + 1); }

template <class T, bool kThreeQuarters>
void forward(const LrnRule& rule, index rows, index cols, const T* x, T* y) {
  const T bias = T(rule.bias), alpha = T(rule.alpha), beta = T(rule.beta);
  parallel(rows, lrn_grain(cols), [&](index begin, index end) {
    RowsWithMargins<T> held(1, rule.radius, cols);
    T *squares = held.row(0), *padded = held.padded(0);
    for (index r = begin; r < end; r++) {
      const T* xr = x + r * cols;
      map_row<T>(cols, squares, [=](auto at) { return at(xr) * at(xr); });
      map_row<T>(cols, y + r * cols, [=, radius = rule.radius](auto at) {
        return at(xr) * shrink<T, kThreeQuarters>(bias + alpha * neighbours<T>(radius, padded, at), beta);
      });
    }
  });
}

// dx_c = dy_c s_c^-beta - 2 alpha beta x_c * (sum of dy_k x_k s_k^(-beta - 1), |k - c| <= radius)
template <class T, bool kThreeQuarters>
void backward(const LrnRule& rule, index rows, index cols, const T* x, const T* dy, T* dx) {
  const T bias = T(rule.bias), alpha = T(rule.alpha), beta = T(rule.beta), pull = T(2 * rule.alpha * rule.beta);
  const index radius = rule.radius;
  parallel(rows, lrn_grain(cols), [=](index begin, index end) {
    RowsWithMargins<T> held(3, radius, cols);
    T *squares = held.row(0), *terms = held.row(1), *power = held.row(2);
    const T *padded_squares = held.padded(0), *padded_terms = held.padded(1);
    for (index r = begin; r < end; r++) {
      const T *xr = x + r * cols, *dyr = dy + r * cols;
      map_row<T>(cols, squares, [=](auto at) { return at(xr) * at(xr); });
      auto sum = [=](auto at) { return bias + alpha * neighbours<T>(radius, padded_squares, at); };
      map_row<T>(cols, power, [=](auto at) { return shrink<T, kThreeQuarters>(sum(at), beta); });
      map_row<T>(cols, terms, [=](auto at) { return at(dyr) * at(xr) * at(power) / sum(at); });
      map_row<T>(cols, dx + r * cols, [=](auto at) {
        return at(dyr) * at(power) - pull * at(xr) * neighbours<T>(radius, padded_terms, at);
      });
    }
  });
}

template <class T>
void lrn_forward(const LrnRule& rule, index rows, index cols, const T* x, T* y) {
  (rule.beta == 0.75 ? forward<T, true> : forward<T, false>)(rule, rows, cols, x, y);
}

template <class T>
void lrn_backward(const LrnRule& rule, index rows, index cols, const T* x, const T* dy, T* dx) {
  (rule.beta == 0.75 ? backward<T, true> : backward<T, false>)(rule, rows, cols, x, dy, dx);
}

}  // namespace
}  // namespace norm

template <class T>
void fill_lrn(LrnKernels<T>& t) {
  t.forward = norm::lrn_forward<T>;
  t.backward = norm::lrn_backward<T>;
}
template void fill_lrn(LrnKernels<float>&);
template void fill_lrn(LrnKernels<double>&);

}  // namespace pydl::PYDL_ISA
