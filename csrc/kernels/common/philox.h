// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random words as a pure
// function of a key and a counter. Words 4i ... 4i+3 of the stream are the block of counter i, so any thread can
// compute any part of the stream.
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

// A vector of streams: the low half of each 64-bit lane is one word of one stream; the high half is unused.
typedef std::uint64_t Streams __attribute__((vector_size(kVectorBytes)));
constexpr int kStreams = kVectorBytes / 8;

// multiply: 64-bit products of the low halves. interleave: pairs of words a b of the even (or odd) streams.
#if defined(__AVX512F__)
PYDL_INLINE Streams multiply(Streams a, Streams b) { return Streams(_mm512_mul_epu32(__m512i(a), __m512i(b))); }
PYDL_INLINE Streams interleave_even(Streams a, Streams b) {
  return Streams(_mm512_unpacklo_epi64(__m512i(a), __m512i(b)));
}
PYDL_INLINE Streams interleave_odd(Streams a, Streams b) {
  return Streams(_mm512_unpackhi_epi64(__m512i(a), __m512i(b)));
}
#elif defined(__AVX2__)
PYDL_INLINE Streams multiply(Streams a, Streams b) { return Streams(_mm256_mul_epu32(__m256i(a), __m256i(b))); }
PYDL_INLINE Streams interleave_even(Streams a, Streams b) {
  return Streams(_mm256_unpacklo_epi64(__m256i(a), __m256i(b)));
}
PYDL_INLINE Streams interleave_odd(Streams a, Streams b) {
  return Streams(_mm256_unpackhi_epi64(__m256i(a), __m256i(b)));
}
#else
#if defined(__SSE2__)
PYDL_INLINE Streams multiply(Streams a, Streams b) { return Streams(_mm_mul_epu32(__m128i(a), __m128i(b))); }
#else
PYDL_INLINE Streams multiply(Streams a, Streams b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }
#endif
PYDL_INLINE Streams interleave_even(Streams a, Streams b) { return Streams{a[0], b[0]}; }
PYDL_INLINE Streams interleave_odd(Streams a, Streams b) { return Streams{a[1], b[1]}; }
#endif

constexpr index kPhiloxWords = 4 * kStreams;  // words per call of philox

// words[0 ... kPhiloxWords) = the blocks of `counter`, counter + 1, ...
PYDL_INLINE void philox(std::uint64_t key, std::uint64_t counter, std::uint32_t* words) {
  Streams order;  // the order that the interleaving below undoes
  PYDL_UNROLL
  for (int i = 0; i < kStreams; i++) order[i] = std::uint64_t(i / 2 + i % 2 * (kStreams / 2));
  const Streams number = order + counter;
  Streams c0 = number, c1 = number >> 32, c2{}, c3{};
  std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
  const Streams m0 = Streams{} + 0xD2511F53u, m1 = Streams{} + 0xCD9E8D57u;
  PYDL_UNROLL
  for (int round = 0; round < 10; round++) {
    Streams p0 = multiply(c0, m0), p1 = multiply(c2, m1);
    c0 = (p1 >> 32) ^ c1 ^ (Streams{} + k0);
    c2 = (p0 >> 32) ^ c3 ^ (Streams{} + k1);
    c1 = p1;
    c3 = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  Streams c01 = (c0 & 0xffffffffu) | c1 << 32, c23 = (c2 & 0xffffffffu) | c3 << 32;
  typedef Streams Unaligned __attribute__((aligned(4), may_alias));
  *reinterpret_cast<Unaligned*>(words) = interleave_even(c01, c23);
  *reinterpret_cast<Unaligned*>(words + kPhiloxWords / 2) = interleave_odd(c01, c23);
}

}  // namespace
}  // namespace pydl::PYDL_ISA
