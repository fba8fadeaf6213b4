// Arithmetic of sizes and positions.
#pragma once
#include "../kernels.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index smaller(index a, index b) { return a < b ? a : b; }
constexpr index larger(index a, index b) { return a > b ? a : b; }
constexpr index ceil_div(index a, index b) { return (a + b - 1) / b; }  // a >= 0, b > 0

constexpr index greatest_common_divisor(index a, index b) {
  while (b) {
    const index rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
// i in [0, n) with a * i % n == 1 % n, for a and n without a common divisor (Euclid's algorithm).
constexpr index inverse_modulo(index a, index n) {
  index i = 0, next = 1, m = n, rest = a % n;
  while (rest) {
    const index times = m / rest;
    const index after = i - times * next, left = m - times * rest;
    i = next, next = after;
    m = rest, rest = left;
  }
  return i < 0 ? i + n : i % n;
}

}  // namespace
}  // namespace pydl::PYDL_ISA
