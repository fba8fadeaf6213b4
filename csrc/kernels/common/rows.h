// Loops over rows of elements, vector by vector. f gets a function that loads the current vector of an
// array: map_row<T>(n, y, [=](auto at) { return at(a) + at(b); }).
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

// y[i] = f(...) for i in [0, n). y may be one of the arrays that f loads.
template <class T, class F>
PYDL_INLINE void map_row(index n, T* y, const F& f) {
  index i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f([i](const T* p) { return load<T>(p + i); }));
  int rest = int(n - i);
  if (rest) store_n<T>(y + i, f([i, rest](const T* p) { return load_n<T>(p + i, rest); }), rest);
}

template <class T>
PYDL_INLINE VI<T> first_lanes(int n) {
  VI<T> lane;
  for (int i = 0; i < kLanes<T>; i++) lane[i] = i;
  return lane < (VI<T>{} + n);
}

// The sum of f(...) over i in [0, n). Four accumulators, so that no addition waits for the one before it; the order
// depends on n alone.
template <class T, class F>
PYDL_INLINE T sum_row(index n, const F& f) {
  constexpr int kSums = 4;
  V<T> sum[kSums] = {};
  index i = 0;
  for (; i + kSums * kLanes<T> <= n; i += kSums * kLanes<T>) {
    PYDL_UNROLL
    for (int k = 0; k < kSums; k++) sum[k] += f([=](const T* p) { return load<T>(p + i + k * kLanes<T>); });
  }
  for (; i + kLanes<T> <= n; i += kLanes<T>) sum[0] += f([i](const T* p) { return load<T>(p + i); });
  if (int rest = int(n - i))
    sum[1] += select<T>(first_lanes<T>(rest), f([i, rest](const T* p) { return load_n<T>(p + i, rest); }), V<T>{});
  return reduce_add<T>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// Copies rows x cols elements to rows of ld_to elements.
template <class T>
void copy_rows(const T* from, index ld_from, index rows, index cols, T* to, index ld_to) {
  const index whole = cols / kLanes<T> * kLanes<T>;
  const int rest = int(cols - whole);
  for (index i = 0; i < rows; i++, from += ld_from, to += ld_to) {
    for (index j = 0; j < whole; j += kLanes<T>) store(to + j, load(from + j));
    if (rest) store_n(to + whole, load_n(from + whole, rest), rest);
  }
}

// The least rows per thread that amortise a wake-up, where each element takes several operations.
inline index grain_of_costly_rows(index cols) { return 1 + 8192 / (cols + 1); }

}  // namespace
}  // namespace pydl::PYDL_ISA
