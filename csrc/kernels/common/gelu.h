// gelu and its derivative on a vector: by the normal distribution of simd_math.h, or by tables.
#pragma once
#include "kernels/common/simd_math.h"

namespace pydl::PYDL_ISA {
namespace {

// x Phi(x), and its derivative.
template <class T>
PYDL_INLINE V<T> gelu(V<T> x) {
  return x * normal<T>(x).probability;
}
template <class T>
PYDL_INLINE V<T> gelu_slope(V<T> x) {
  Normal<T> n = normal<T>(x);
  return n.probability + x * n.density;
}

#if defined(__AVX512F__)
// The tables end at x = -5.9, where Phi is 2e-9. Vectors with a smaller number are rare and take the general formula.
constexpr float kPiecesEnd = 5.9f;
[[maybe_unused, gnu::noinline, gnu::cold]] V<float> far_gelu(V<float> x) { return x * normal<float>(x).probability; }
[[maybe_unused, gnu::noinline, gnu::cold]] V<float> far_gelu_slope(V<float> x) {
  Normal<float> n = normal<float>(x);
  return n.probability + x * n.density;
}
// f(x) from f(-|x|), where f(x) + f(-x) = 1.
template <int N>
PYDL_INLINE V<float> mirrored(const float (&table)[N][32], V<float> x) {
  constexpr float width = 3.0f / 16;
  V<float> y = at_most<float>(absolute<float>(x), kPiecesEnd);
  V<float> shifted = y * (1 / width) + MathConstants<float>::round_magic;
  V<float> beyond = piece(table, VI<float>(shifted), y - (shifted - MathConstants<float>::round_magic) * width);
  return select<float>(x < 0, beyond, 1 - beyond);
}
PYDL_INLINE bool any_below(V<float> x, float low) {
  return _mm512_cmp_ps_mask(__m512(x), _mm512_set1_ps(low), _CMP_LT_OQ) != 0;
}
template <>
PYDL_INLINE V<float> gelu<float>(V<float> x) {
  if (__builtin_expect(any_below(x, -kPiecesEnd), false)) return far_gelu(x);
  return x * mirrored(kTailPieces, x);
}
template <>
PYDL_INLINE V<float> gelu_slope<float>(V<float> x) {
  if (__builtin_expect(any_below(x, -kPiecesEnd), false)) return far_gelu_slope(x);
  return mirrored(kSlopePieces, x);
}
#endif

}  // namespace
}  // namespace pydl::PYDL_ISA
