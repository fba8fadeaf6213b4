// The functions of kernels/common/simd.h, once per instruction set.
#include <doctest.h>

#include <utility>

#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

TEST_CASE_TEMPLATE("load_n reads and store_n writes the first n lanes only", T, float, double) {
  for (int n = 0; n <= kLanes<T>; n++) {
    T from[kLanes<T>], to[kLanes<T>];
    for (int i = 0; i < kLanes<T>; i++) from[i] = T(i + 1), to[i] = T(-1);
    V<T> v = load_n<T>(from, n);
    for (int i = 0; i < kLanes<T>; i++) CHECK(v[i] == (i < n ? T(i + 1) : T(0)));
    store_n<T>(to, load<T>(from), n);
    for (int i = 0; i < kLanes<T>; i++) CHECK(to[i] == (i < n ? T(i + 1) : T(-1)));
  }
}

TEST_CASE_TEMPLATE("reduce_add adds every lane", T, float, double) {
  V<T> v{};
  for (int i = 0; i < kLanes<T>; i++) v[i] = T(i + 1);
  CHECK(reduce_add<T>(v) == T(kLanes<T> * (kLanes<T> + 1) / 2));
}

TEST_CASE_TEMPLATE("max_nan lets a NaN through from either side", T, float, double) {
  const T nan = T(__builtin_nan(""));
  for (auto [a, b] : {std::pair<T, T>{nan, 1}, {1, nan}, {nan, nan}}) {
    const T got = max_nan<T>(broadcast<T>(a), broadcast<T>(b))[0];
    CHECK(got != got);
  }
  CHECK(max_nan<T>(broadcast<T>(T(2)), broadcast<T>(T(3)))[0] == T(3));
}

}  // namespace
}  // namespace pydl::PYDL_ISA
