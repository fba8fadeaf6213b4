// Packing for matrix products: op(b) becomes panels of kTileCols columns, each K x kTileCols and dense, so that a tile
// reads its columns as one stream. Columns beyond N are zeros. A panel holds all of K, so any block of rows of it is
// itself a panel.
#pragma once
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

// a0 b0 a1 b1 ... of the lower (upper) halves of a and b.
template <class T>
PYDL_INLINE V<T> interleave_low(V<T> a, V<T> b) {
  if constexpr (kLanes<T> == 2) return __builtin_shufflevector(a, b, 0, 2);
  if constexpr (kLanes<T> == 4) return __builtin_shufflevector(a, b, 0, 4, 1, 5);
  if constexpr (kLanes<T> == 8) return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  if constexpr (kLanes<T> == 16)
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
template <class T>
PYDL_INLINE V<T> interleave_high(V<T> a, V<T> b) {
  if constexpr (kLanes<T> == 2) return __builtin_shufflevector(a, b, 1, 3);
  if constexpr (kLanes<T> == 4) return __builtin_shufflevector(a, b, 2, 6, 3, 7);
  if constexpr (kLanes<T> == 8) return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  if constexpr (kLanes<T> == 16)
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Transposes a square of vectors: log2(kLanes) rounds of a perfect shuffle of its rows.
template <class T>
PYDL_INLINE void transpose(V<T> (&rows)[kLanes<T>]) {
  constexpr int kHalf = kLanes<T> / 2;
  PYDL_UNROLL for (int round = 1; round < kLanes<T>; round *= 2) {
    V<T> next[kLanes<T>];
    PYDL_UNROLL for (int i = 0; i < kHalf; i++) {
      next[2 * i] = interleave_low<T>(rows[i], rows[i + kHalf]);
      next[2 * i + 1] = interleave_high<T>(rows[i], rows[i + kHalf]);
    }
    PYDL_UNROLL for (int i = 0; i < kLanes<T>; i++) rows[i] = next[i];
  }
}

// to[j][i] = from[i][j] for a square of kLanes rows and columns, of which `rows` and `cols` exist. Writes `cols` full
// vectors; missing rows become zeros.
template <class T>
PYDL_INLINE void transpose_square(const T* from, index ld_from, index rows, index cols, T* to, index ld_to) {
  V<T> square[kLanes<T>];
  if (cols >= kLanes<T>) {
    PYDL_UNROLL for (int i = 0; i < kLanes<T>; i++) square[i] = i < rows ? load(from + i * ld_from) : V<T>{};
    transpose<T>(square);
    PYDL_UNROLL for (int j = 0; j < kLanes<T>; j++) store(to + j * ld_to, square[j]);
  } else {
    PYDL_UNROLL for (int i = 0; i < kLanes<T>; i++) {
      square[i] = i < rows ? load_n(from + i * ld_from, int(cols)) : V<T>{};
    }
    transpose<T>(square);
    PYDL_UNROLL for (int j = 0; j < kLanes<T>; j++) {
      if (j < cols) store(to + j * ld_to, square[j]);
    }
  }
}

// Packs K rows and N columns of op(b); panel p goes to panels + p * panel_stride. `b` points to the first element that
// is packed.
template <class T>
void pack_b(const T* b, index ldb, bool transposed, index K, index N, T* panels, index panel_stride) {
  constexpr index kCols = kTileCols<T>;
  if (transposed) {
    for (index n = 0; n < N; n += kCols, panels += panel_stride)
      for (index part = 0; part < kCols; part += kLanes<T>)
        for (index k = 0; k < K; k += kLanes<T>)
          transpose_square(b + (n + part) * ldb + k, ldb, N - n - part, K - k, panels + k * kCols + part, kCols);
    return;
  }
  for (index k = 0; k < K; k++, b += ldb, panels += kCols) {
    T* to = panels;
    index n = 0;
    for (; n + kCols <= N; n += kCols, to += panel_stride) {
      PYDL_UNROLL for (index j = 0; j < kCols; j += kLanes<T>) store(to + j, load(b + n + j));
    }
    if (n < N) {
      PYDL_UNROLL for (index j = 0; j < kCols; j += kLanes<T>) {
        const index valid = N - n - j;
        store(to + j, valid >= kLanes<T> ? load(b + n + j) : valid > 0 ? load_n(b + n + j, int(valid)) : V<T>{});
      }
    }
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA::gemm
