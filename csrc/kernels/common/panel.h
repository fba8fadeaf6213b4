// A panel: the columns of one row that a loop over rows keeps in registers.
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr int kVectors = 4;  // per panel: enough accumulators to hide the latency of an addition
template <class T>
constexpr index kPanel = kVectors * kLanes<T>;

template <class T>
struct Panel {
  V<T> part[kVectors];
};

// A panel of `width` columns of one row; lanes past it are zero.
template <class T, bool kWhole>
PYDL_INLINE Panel<T> load_panel(const T* x, index width) {
  constexpr index L = kLanes<T>;
  Panel<T> p;
  PYDL_UNROLL
  for (int i = 0; i < kVectors; i++) {
    index left = width - i * L;
    if (kWhole || left >= L)
      p.part[i] = load<T>(x + i * L);
    else
      p.part[i] = left > 0 ? load_n<T>(x + i * L, int(left)) : V<T>{};
  }
  return p;
}
template <class T>
PYDL_INLINE void store_panel(T* y, const Panel<T>& p, index width) {
  for (int i = 0; i < kVectors; i++) {
    index left = width - i * kLanes<T>;
    if (left > 0) store_n<T>(y + i * kLanes<T>, p.part[i], int(left < kLanes<T> ? left : kLanes<T>));
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
