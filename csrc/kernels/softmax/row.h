// One row of a softmax, shared by softmax.cpp and loss.cpp.
#pragma once
#include "kernels/common/rows.h"
#include "kernels/common/simd_math.h"

namespace pydl::PYDL_ISA::softmax {
namespace {

// The largest element of a row; NaN is ignored.
template <class T>
PYDL_INLINE T row_max(index cols, const T* x) {
  V<T> most = broadcast<T>(T(-__builtin_inf()));
  index j = 0;
  for (; j + kLanes<T> <= cols; j += kLanes<T>) {
    V<T> v = load<T>(x + j);
    most = v > most ? v : most;
  }
  if (int rest = int(cols - j)) {
    V<T> v = load_n<T>(x + j, rest);
    most = (v > most) & first_lanes<T>(rest) ? v : most;
  }
  return reduce_max<T>(most);
}

template <class T>
struct RowSum {
  T max, sum;  // of exp(x - max)
};

// y = exp(x - max), and the sum of y. A NaN, an inf, or a row of only -inf makes the sum NaN.
template <class T>
PYDL_INLINE RowSum<T> row_exp(index cols, const T* x, T* y) {
  T max = row_max<T>(cols, x);
  V<T> sum{};
  index j = 0;
  for (; j + kLanes<T> <= cols; j += kLanes<T>) {
    V<T> e = exp<T>(load<T>(x + j) - max);
    store<T>(y + j, e);
    sum += e;
  }
  int rest = int(cols - j);
  if (rest) {
    V<T> e = exp<T>(load_n<T>(x + j, rest) - max);
    store_n<T>(y + j, e, rest);
    sum += select<T>(first_lanes<T>(rest), e, V<T>{});
  }
  return {max, reduce_add<T>(sum)};
}

template <class T>
PYDL_INLINE RowSum<T> softmax_row(index cols, const T* x, T* y) {
  RowSum<T> row = row_exp<T>(cols, x, y);
  T inverse = 1 / row.sum;
  map_row<T>(cols, y, [=](auto at) { return at(y) * inverse; });
  return row;
}

// For rows [begin, end): first(r) gives a RowSum, then last(r, max, log of the sum). One vector takes the logarithms of
// several rows, as many as stay in L1 between first and last.
template <class T, class First, class Last>
PYDL_INLINE void each_row_log(index cols, index begin, index end, const First& first, const Last& last) {
  const index block = cols * kLanes<T> > 4096 ? 4096 / cols + 1 : kLanes<T>;
  for (index r = begin; r < end; r += block) {
    const int rows = int(end - r < block ? end - r : block);
    T max[kLanes<T>], logs[kLanes<T>] = {};
    for (int i = 0; i < rows; i++) {
      const RowSum<T> row = first(r + i);
      max[i] = row.max;
      logs[i] = row.sum;
    }
    store<T>(logs, log<T>(load<T>(logs)));
    for (int i = 0; i < rows; i++) last(r + i, max[i], logs[i]);
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA::softmax
