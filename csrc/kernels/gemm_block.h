// A block of a matrix product: all tiles of some rows and some panels of columns, for one block of K.
#pragma once
#include "gemm_micro.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
struct Block {
  index M, N, K;
  const T* a;  // M x K (K x M when trans_a)
  index lda;
  bool trans_a;
  const T* b;  // panels of kTileCols columns
  index b_row, panel_stride;
  const T* bias;    // N values, or null
  bool accumulate;  // to c
  T* c;
  index ldc;
};

// Row tiles of equal height (up to one row) rather than full ones and a remainder: a short tile wastes multiplications.
struct RowTiles {
  index rows, count;
  explicit RowTiles(index rows_) : rows(rows_), count((rows_ + kTileRows - 1) / kTileRows) {}
  index begin(index tile) const { return rows * tile / count; }
};

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
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
