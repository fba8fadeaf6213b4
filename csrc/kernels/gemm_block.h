// A block of a matrix product: all tiles of some rows and some panels of columns, for one block of K.
#pragma once
#include "activation.h"
#include "elementwise_row.h"
#include "gemm_micro.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
struct Block {
  index M, N, K;
  const T* a;  // M x K (K x M when trans_a)
  index lda;
  bool trans_a;
  const T* b;  // panels of kTileCols columns; the elements of a panel's row are adjacent
  index b_row, panel_stride;
  const T* bias;          // N values, or null
  bool accumulate;        // to c
  Activation activation;  // linear but for the last block of K
  T alpha;
  T* c;
  index ldc;
};

// Row tiles of equal height (up to one row) rather than full ones and a remainder: a short tile wastes multiplications.
struct RowTiles {
  index rows, count;
  explicit RowTiles(index rows_) : rows(rows_), count((rows_ + kTileRows - 1) / kTileRows) {}
  index begin(index tile) const { return count ? rows * tile / count : 0; }
};

// c = activation(c) in place, one switch for all of it.
template <class T>
[[gnu::noinline]] void activate_rows(Activation activation, T alpha, index rows, index cols, T* c, index ldc) {
  with_activation(activation, [&](auto f) {
    for (index i = 0; i < rows; i++, c += ldc)
      map_row<T>(cols, c, [&](auto at) { return f.template forward<T>(at(c), alpha); });
  });
}

template <class T>
void run_block(const Block<T>& s) {
  const RowTiles tiles(s.M);
  for (index n = 0; n < s.N; n += kTileCols<T>) {
    const index cols = s.N - n < kTileCols<T> ? s.N - n : kTileCols<T>;
    const int vectors = int((cols + kLanes<T> - 1) / kLanes<T>);
    TileTask<T> task{};
    task.K = s.K;
    task.a_stride = s.lda;
    task.b = s.b + n / kTileCols<T> * s.panel_stride;
    task.b_row = s.b_row;
    task.bias = s.bias ? s.bias + n : nullptr;
    task.ldc = s.ldc;
    task.last = int(cols - (vectors - 1) * kLanes<T>);
    for (index tile = 0; tile < tiles.count; tile++) {
      const index m = tiles.begin(tile), height = tiles.begin(tile + 1) - m;
      task.a = s.trans_a ? s.a + m : s.a + m * s.lda;
      task.c = s.c + m * s.ldc + n;
      task.old = s.accumulate ? task.c : nullptr;
      kTileFunctions<T>.of[height - 1][vectors - 1][s.trans_a](task);
    }
    // These M x kTileCols results are still in the first-level cache.
    if (s.activation != Activation::linear) activate_rows(s.activation, s.alpha, s.M, cols, s.c + n, s.ldc);
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
