// The two loops of everything that is computed vector by vector. f gets a function that loads the current vector of an
// array: map_row<T>(n, y, [=](auto at) { return at(a) + at(b); }).
#pragma once
#include "simd.h"

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

// The sum of f(...) over i in [0, n), in an order that depends on n only. f of zeros must be 0.
template <class T, class F>
PYDL_INLINE T sum_row(index n, const F& f) {
  V<T> sum{};
  index i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) sum += f([i](const T* p) { return load<T>(p + i); });
  int rest = int(n - i);
  if (rest) sum += f([i, rest](const T* p) { return load_n<T>(p + i, rest); });
  return reduce_add<T>(sum);
}

}  // namespace
}  // namespace pydl::PYDL_ISA
