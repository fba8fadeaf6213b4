// A block of a matrix product: all tiles of some rows and some panels of columns, for one block of K.
#pragma once
#include "kernels/common/activation.h"
#include "kernels/common/base.h"
#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

template <class T>
struct Block {
  index M, N, K;
  const T* a;  // M x K (K x M when trans_a)
  index lda;
  bool trans_a;
  T* packed_a;  // room for tiles_per_packing, or null: a is read in place
  const T* b;   // panels of kTileCols columns; the elements of a panel's row are adjacent
  index b_row, panel_stride;
  T* packed_b;             // or null: the first row tile packs whole panels here, and the other tiles read them
  bool prefetch_b;         // b is beyond L2
  Prefetcher<T> prefetch;  // by the tiles on the first panel
  index prefetch_panel;    // distance to what the tiles on the next panel prefetch
  const T* bias;           // N values, or null
  bool accumulate;         // add the product to c
  Activation activation;   // linear but for the last block of K
  T alpha;
  T* c;
  index ldc;
};

// Row tiles of equal height (up to one row), not full tiles and a remainder: a short tile wastes multiplications.
struct RowTiles {
  index rows, count;
  explicit RowTiles(index rows_) : rows(rows_), count((rows_ + kTileRows - 1) / kTileRows) {}
  index begin(index tile) const { return count ? rows * tile / count : 0; }
};

// Packs row tiles of a, each as K columns of kPackedRows elements, so that a tile reads one stream. A tile that reads
// its rows in place has one address per row, which costs a tenth of its speed. `a` points to the first tile.
template <class T>
void pack_a(const T* a, index lda, bool transposed, index K, RowTiles tiles, index first, index end, T* packed) {
  const index tile_size = K * kPackedRows<T>, start = tiles.begin(first);
  if (transposed) {
    for (index k = 0; k < K; k++, a += lda, packed += kPackedRows<T>)
      for (index tile = first; tile < end; tile++)
        for (index i = 0; i < kPackedRows<T>; i += kLanes<T>) {  // lanes beyond the tile are never read
          const index m = tiles.begin(tile) - start + i, rest = tiles.rows - start - m;
          store(packed + (tile - first) * tile_size + i,
                rest >= kLanes<T> ? load(a + m) : load_n(a + m, rest > 0 ? int(rest) : 0));
        }
    return;
  }
  for (index tile = first; tile < end; tile++, packed += tile_size) {
    const index rows = tiles.begin(tile + 1) - tiles.begin(tile);
    for (index i = 0; i < rows; i += kLanes<T>)
      for (index k = 0; k < K; k += kLanes<T>)
        transpose_square(a + (tiles.begin(tile) - start + i) * lda + k, lda, rows - i, K - k,
                         packed + k * kPackedRows<T> + i, kPackedRows<T>);
  }
}

// Tiles are packed one by one, just before they are used. Those of a transposed a are adjacent in its rows, each of
// which may be on its own page, so there several tiles are packed together.
inline index tiles_per_packing(bool trans_a) { return trans_a ? 12 : 1; }

// Row tile by row tile: its rows of a stay in L1, while the panels of b stream from L2.
template <class T>
void run_block(const Block<T>& s) {
  constexpr index kCols = kTileCols<T>;
  const RowTiles tiles(s.M);
  TileTask<T> task{};
  task.K = s.K;
  task.prefetch_b = s.prefetch_b;
  task.ldc = s.ldc;
  task.a_stride = s.lda;
  for (index tile = 0; tile < tiles.count; tile++) {
    const index m = tiles.begin(tile), height = tiles.begin(tile + 1) - m;
    task.a = s.a + m * (s.trans_a ? 1 : s.lda);
    if (s.packed_a) {
      const index several = tiles_per_packing(s.trans_a), place = tile % several;
      if (place == 0) {
        const index end = tile + several < tiles.count ? tile + several : tiles.count;
        pack_a(task.a, s.lda, s.trans_a, s.K, tiles, tile, end, s.packed_a);
      }
      task.a = s.packed_a + place * s.K * kPackedRows<T>;
    }
    const ALayout a_layout = s.packed_a ? kPacked : s.trans_a ? kColumns : kRows;
    T* c = s.c + m * s.ldc;
    const Prefetcher<T> prefetch = s.prefetch.rows ? s.prefetch.part(tile, tiles.count) : s.prefetch;
    task.prefetch = prefetch;
    for (index n = 0; n < s.N; n += kCols) {
      const index cols = s.N - n < kCols ? s.N - n : kCols;
      const int vectors = int((cols + kLanes<T> - 1) / kLanes<T>);
      const bool packing = s.packed_b && tile == 0 && cols == kCols, packed = s.packed_b && !packing;
      task.packed = s.packed_b ? s.packed_b + n * s.K : nullptr;
      task.b = packed ? task.packed : s.b + n / kCols * s.panel_stride;
      task.b_row = packed ? kCols : s.b_row;
      task.bias = s.bias ? s.bias + n : nullptr;
      task.prefetch.data = prefetch.data + n / kCols * s.prefetch_panel;
      task.last = int(cols - (vectors - 1) * kLanes<T>);
      task.c = c + n;
      task.c_in = s.accumulate ? task.c : nullptr;
      const TileFunctions<T>& functions = tile_functions<T>();
      (packing ? functions.packing[height - 1] : functions.of[height - 1][vectors - 1][a_layout])(task);
    }
    // These few rows of c are still in the caches.
    if (s.activation != Activation::linear) activate_rows(s.activation, s.alpha, height, s.N, c, s.ldc);
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA::gemm
