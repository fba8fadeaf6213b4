// Functions as one polynomial per interval, for instruction sets that look up one of 32 floats in one instruction:
// fewer operations than one formula for all intervals, and no division.
#pragma once
#include "kernels/common/simd.h"

#if defined(__AVX512F__)
#include "kernels/common/piecewise_tables.h"

namespace pydl::PYDL_ISA {
namespace {

// The coefficient of each lane's interval, of which only the low five bits count; a row of 32 floats is two registers.
PYDL_INLINE V<float> row_of(const float (&row)[32], VI<float> interval) {
  return V<float>(_mm512_permutex2var_ps(_mm512_load_ps(row), __m512i(interval), _mm512_load_ps(row + 16)));
}
template <int N>
PYDL_INLINE V<float> piece(const float (&table)[N][32], VI<float> interval, V<float> u) {
  V<float> sum = row_of(table[N - 1], interval);
  PYDL_UNROLL
  for (int k = N - 2; k >= 0; k--) sum = sum * u + row_of(table[k], interval);
  return sum;
}

}  // namespace
}  // namespace pydl::PYDL_ISA
#endif
