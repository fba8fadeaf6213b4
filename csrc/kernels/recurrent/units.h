// Units of a row, one vector at a time, where the last vector may be partial; and the nonlinearities of cells.
#pragma once
#include "contract/recurrent.h"
#include "kernels/common/activation.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

// The first n elements of a vector, n from 1 to kLanes.
template <class T>
PYDL_INLINE V<T> load_units(const T* p, int n) {
  return n == kLanes<T> ? load(p) : load_n(p, n);
}
template <class T>
PYDL_INLINE void store_units(T* p, V<T> v, int n) {
  n == kLanes<T> ? store(p, v) : store_n(p, v, n);
}
template <class T>
PYDL_INLINE int units_left(index U, index unit) {
  return U - unit < kLanes<T> ? int(U - unit) : kLanes<T>;
}

template <class T>
[[gnu::noinline]] V<T> activation_slope(Activation kind, V<T> y, V<T> dy) {
  return with_activation(kind, [&](auto f) { return f.template backward<T>(y, dy, 0); });
}

// Some units of an optional row: zeros if it is null. Or of optional factors: ones if null.
template <class T>
PYDL_INLINE V<T> load_or_zero(const T* row, index unit, int n) {
  return row ? load_units(row + unit, n) : V<T>{};
}
template <class T>
PYDL_INLINE V<T> dropped(V<T> h, const T* factors, index unit, int n) {
  return factors ? h * load_units(factors + unit, n) : h;
}

// An activation with its derivative: inlined if it is the default one.
template <class T, class Default, bool kDefault>
struct Nonlinearity {
  Activation kind;
  PYDL_INLINE V<T> operator()(V<T> x) const {
    if constexpr (kDefault) return Default::template forward<T>(x, 0);
    return activate<T>(kind, 0, x);
  }
  PYDL_INLINE V<T> backward(V<T> y, V<T> dy) const {
    if constexpr (kDefault) return Default::template backward<T>(y, dy, 0);
    return activation_slope<T>(kind, y, dy);
  }
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
