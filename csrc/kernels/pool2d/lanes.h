// How pooling loads and stores one vector of channels, and the argmax indices that belong to it.
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA::pool2d {
namespace {

// Indices are uint8 or int32 in memory, while comparisons have lanes as wide as T.
template <class T, class Index>
PYDL_INLINE VI<T> load_indices(const Index* p, int n) {
  VI<T> v{};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
}
template <class T, class Index>
PYDL_INLINE void store_indices(Index* p, VI<T> v, int n) {
  for (int i = 0; i < n; i++) p[i] = Index(v[i]);
}
// GCC 12 does not vectorise the conversion of bytes for float lanes by itself.
#if defined(__AVX512F__)
template <>
PYDL_INLINE VI<float> load_indices<float>(const std::uint8_t* p, int n) {
  return VI<float>(_mm512_cvtepu8_epi32(n == 16 ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))
                                                : _mm_maskz_loadu_epi8(__mmask16((1u << n) - 1), p)));
}
template <>
PYDL_INLINE void store_indices<float>(std::uint8_t* p, VI<float> v, int n) {
  if (n == 16)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(__m512i(v)));
  else
    _mm512_mask_cvtepi32_storeu_epi8(p, __mmask16((1u << n) - 1), __m512i(v));
}
#elif defined(__x86_64__)
template <>
PYDL_INLINE VI<float> load_indices<float>(const std::uint8_t* p, int n) {
  std::uint64_t bytes = 0;
  __builtin_memcpy(&bytes, p, std::size_t(n));
#if defined(__AVX2__)
  return VI<float>(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(std::int64_t(bytes))));
#else
  return VI<float>(_mm_cvtepu8_epi32(_mm_cvtsi64_si128(std::int64_t(bytes))));
#endif
}
template <>
PYDL_INLINE void store_indices<float>(std::uint8_t* p, VI<float> v, int n) {
  const __m128i lowest = _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
#if defined(__AVX2__)
  const __m128i low = _mm_shuffle_epi8(_mm256_castsi256_si128(__m256i(v)), lowest);
  const __m128i high = _mm_shuffle_epi8(_mm256_extracti128_si256(__m256i(v), 1), lowest);
  const std::int64_t bytes = _mm_cvtsi128_si64(_mm_unpacklo_epi32(low, high));
#else
  const std::int64_t bytes = _mm_cvtsi128_si64(_mm_shuffle_epi8(__m128i(v), lowest));
#endif
  __builtin_memcpy(p, &bytes, std::size_t(n));
}
#endif

// All lanes. With kStream, values are written with non-temporal stores: a large output would evict what is read next.
template <class T, bool kStream = false>
struct AllLanes {
  static PYDL_INLINE V<T> load(const T* p) { return pydl::PYDL_ISA::load<T>(p); }
  static PYDL_INLINE void store(T* p, V<T> v) {
    if constexpr (kStream)
      pydl::PYDL_ISA::stream<T>(p, v);
    else
      pydl::PYDL_ISA::store<T>(p, v);
  }
  template <class Index>
  static PYDL_INLINE VI<T> load(const Index* p) {
    return load_indices<T>(p, kLanes<T>);
  }
  template <class Index>
  static PYDL_INLINE void store(Index* p, VI<T> v) {
    store_indices<T>(p, v, kLanes<T>);
  }
};

// The first n lanes.
template <class T>
struct FirstLanes {
  int n;
  PYDL_INLINE V<T> load(const T* p) const { return load_n<T>(p, n); }
  PYDL_INLINE void store(T* p, V<T> v) const { store_n<T>(p, v, n); }
  template <class Index>
  PYDL_INLINE VI<T> load(const Index* p) const {
    return load_indices<T>(p, n);
  }
  template <class Index>
  PYDL_INLINE void store(Index* p, VI<T> v) const {
    store_indices<T>(p, v, n);
  }
};

// body(lanes, first channel) for vectors that cover all channels.
template <class T, bool kStream = false, class Body>
PYDL_INLINE void each_vector(index C, const Body& body) {
  index c = 0;
  for (; c + kLanes<T> <= C; c += kLanes<T>) body(AllLanes<T, kStream>{}, c);
  if (c < C) body(FirstLanes<T>{int(C - c)}, c);
}

}  // namespace
}  // namespace pydl::PYDL_ISA::pool2d
