// One vector type per element type, as wide as the instruction set: GCC/Clang vector extensions behind a few functions,
// so that a kernel is written once. Arithmetic, comparison and ?: on V<T> are the language's own; a*b+c becomes one
// fused multiply-add where the CPU has it.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/common/cache.h"

#define PYDL_INLINE inline __attribute__((always_inline))
#define PYDL_UNROLL _Pragma("GCC unroll 64")

namespace pydl::PYDL_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(kVectorBytes)));
  typedef float unaligned __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
  typedef std::int32_t integer __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(kVectorBytes)));
  typedef double unaligned __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
  typedef std::int64_t integer __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using V = typename VectorOf<T>::type;
template <class T>
using VI = typename VectorOf<T>::integer;  // the type of comparisons: -1 where true, 0 where false
template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));
template <class T>
constexpr index kLineSize = 64 / index(sizeof(T));  // elements in a line of the caches

template <class T>
PYDL_INLINE V<T> broadcast(T s) {
  return s - V<T>{};
}
template <class T>
PYDL_INLINE V<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(p);
}
template <class T>
PYDL_INLINE void store(T* p, V<T> v) {
  *reinterpret_cast<typename VectorOf<T>::unaligned*>(p) = v;
}

// Non-temporal store of one aligned vector: it bypasses the caches. Call stream_end() before another thread may read
// it.
template <class T>
PYDL_INLINE void stream(T* p, V<T> v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(reinterpret_cast<float*>(p), __m512(v));
#elif defined(__AVX2__)
  _mm256_stream_ps(reinterpret_cast<float*>(p), __m256(v));
#elif defined(__x86_64__)
  _mm_stream_ps(reinterpret_cast<float*>(p), __m128(v));
#else
  store(p, v);
#endif
}
PYDL_INLINE void stream_end() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// Whether an output with rows of `channels` elements is written with non-temporal stores.
template <class T>
inline bool wants_streams(const T* out, index elements, index channels) {
  return elements * index(sizeof(T)) >= kStreamBytes && channels % kLanes<T> == 0 &&
         reinterpret_cast<std::uintptr_t>(out) % kVectorBytes == 0;
}

// The first n lanes (0 <= n <= kLanes); the others read as zero and are not written. Never touches memory past n.
template <class T>
PYDL_INLINE V<T> load_n(const T* p, int n);
template <class T>
PYDL_INLINE void store_n(T* p, V<T> v, int n);

#if defined(__AVX512F__)
template <>
PYDL_INLINE V<float> load_n(const float* p, int n) {
  return V<float>(_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p));
}
template <>
PYDL_INLINE V<double> load_n(const double* p, int n) {
  return V<double>(_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p));
}
template <>
PYDL_INLINE void store_n(float* p, V<float> v, int n) {
  _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), __m512(v));
}
template <>
PYDL_INLINE void store_n(double* p, V<double> v, int n) {
  _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), __m512d(v));
}
#elif defined(__AVX2__)
PYDL_INLINE __m256i tail_mask32(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
PYDL_INLINE __m256i tail_mask64(int n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
template <>
PYDL_INLINE V<float> load_n(const float* p, int n) {
  return V<float>(_mm256_maskload_ps(p, tail_mask32(n)));
}
template <>
PYDL_INLINE V<double> load_n(const double* p, int n) {
  return V<double>(_mm256_maskload_pd(p, tail_mask64(n)));
}
template <>
PYDL_INLINE void store_n(float* p, V<float> v, int n) {
  _mm256_maskstore_ps(p, tail_mask32(n), __m256(v));
}
template <>
PYDL_INLINE void store_n(double* p, V<double> v, int n) {
  _mm256_maskstore_pd(p, tail_mask64(n), __m256d(v));
}
#else
template <class T>
PYDL_INLINE V<T> load_n(const T* p, int n) {
  V<T> v{};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
}
template <class T>
PYDL_INLINE void store_n(T* p, V<T> v, int n) {
  for (int i = 0; i < n; i++) p[i] = v[i];
}
#endif

// Keeps v in a register: without this the compiler may load it again in every instruction that uses it.
template <class Vector>
PYDL_INLINE void keep_in_register(Vector& v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#elif defined(__AVX512F__)
  asm("" : "+v"(v));
#else
  asm("" : "+x"(v));
#endif
}

template <class T>
PYDL_INLINE bool any(VI<T> where) {
#if defined(__AVX512F__)
  return sizeof(T) == 4 ? _mm512_movepi32_mask(__m512i(where)) : _mm512_movepi64_mask(__m512i(where));
#elif defined(__AVX2__)
  return _mm256_movemask_epi8(__m256i(where));
#elif defined(__x86_64__)
  return _mm_movemask_epi8(__m128i(where));
#else
  bool found = false;
  for (int i = 0; i < kLanes<T>; i++) found |= where[i] != 0;
  return found;
#endif
}
template <class T>
PYDL_INLINE V<T> select(VI<T> where, V<T> yes, V<T> no) {
  return where ? yes : no;
}
// NaN in either argument gives NaN.
template <class T>
PYDL_INLINE V<T> max_nan(V<T> a, V<T> b) {
  return (a > b) | (a != a) ? a : b;
}
PYDL_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
PYDL_INLINE double square_root(double x) { return __builtin_sqrt(x); }
// Reduces all lanes by a fixed tree that combines halves. For the maximum, no lane may be NaN.
template <class T, class F>
PYDL_INLINE T fold_lanes(V<T> v, const F& combine) {
  T lanes[kLanes<T>];
  store<T>(lanes, v);
  for (int width = kLanes<T> / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] = combine(lanes[i], lanes[i + width]);
  return lanes[0];
}
template <class T>
PYDL_INLINE T reduce_add(V<T> v) {
  return fold_lanes<T>(v, [](T a, T b) { return a + b; });
}
template <class T>
PYDL_INLINE T reduce_max(V<T> v) {
  return fold_lanes<T>(v, [](T a, T b) { return a > b ? a : b; });
}
#if defined(__AVX512F__)  // the same trees, in registers
template <>
PYDL_INLINE float reduce_add<float>(V<float> v) {
  return _mm512_reduce_add_ps(__m512(v));
}
template <>
PYDL_INLINE double reduce_add<double>(V<double> v) {
  return _mm512_reduce_add_pd(__m512d(v));
}
template <>
PYDL_INLINE float reduce_max<float>(V<float> v) {
  return _mm512_reduce_max_ps(__m512(v));
}
template <>
PYDL_INLINE double reduce_max<double>(V<double> v) {
  return _mm512_reduce_max_pd(__m512d(v));
}
#endif

}  // namespace
}  // namespace pydl::PYDL_ISA
