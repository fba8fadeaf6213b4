// The products of a few rows with a panel of packed weights.
//
// Tiles prefetch into L2 while they multiply. Weights larger than L2 miss it in every step. The first tile of a panel
// would take all of these misses, so each tile prefetches its share of the next panel. Where weights fit into L2, tiles
// prefetch the reserve space of the next step.
#pragma once
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::recurrent {
using namespace gemm;  // the register tile and its panels
namespace {

// As many rows as leave registers for a row of weights, an element and a product.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectorRegisters = 32;
#else
constexpr int kVectorRegisters = 16;
#endif
constexpr int tile_rows(int vectors) { return (kVectorRegisters - vectors - 2) / vectors; }
// Many rows compute the gates of a panel two vectors at a time: a tile twice as high reads half as many weights from L2
// per multiplication.
constexpr int narrow(int vectors) { return vectors % 2 == 0 ? 2 : vectors; }
constexpr int gate_rows(int vectors) { return tile_rows(narrow(vectors)); }

// One function per height.
template <class T, int Vectors>
struct GateTiles {
  typename TileFunctions<T>::Function of[tile_rows(Vectors)];
  template <int Height = tile_rows(Vectors)>
  constexpr void fill() {
    of[Height - 1] = run_prefetching_tile<T, Height, Vectors>;
    if constexpr (Height > 1) fill<Height - 1>();
  }
  constexpr GateTiles() : of{} { fill(); }
};
template <class T, int Vectors>
constexpr GateTiles<T, Vectors> kGateTiles{};

// One row: no software prefetch, because the hardware prefetcher is earlier on one stream of panels. One panel has too
// few sums to hide the latency of a multiplication, so small weights are multiplied several panels at once.
constexpr int panels_together(int vectors) { return 8 / vectors; }

// The strides of panels, of their sums, and of c_in.
struct PanelStrides {
  bool together = false;  // panels_together of them, or one
  index size = 0, sums = 0, c_in = 0;
};

template <class T, int Vectors, int Panels>
__attribute__((noinline)) void multiply_row(const TileTask<T>& t, const PanelStrides& strides) {
  V<T> sum[Panels][Vectors] = {};
  const T* b = t.b;
  for (index k = 0; k < t.K; k++, b += t.b_row) {
    const V<T> element = broadcast(t.a[k]);
    PYDL_UNROLL for (int p = 0; p < Panels; p++) {
      PYDL_UNROLL for (int v = 0; v < Vectors; v++) sum[p][v] += element * load(b + p * strides.size + v * kLanes<T>);
    }
  }
  PYDL_UNROLL for (int p = 0; p < Panels; p++) {
    PYDL_UNROLL for (int v = 0; v < Vectors; v++) {
      const V<T> all = t.c_in ? sum[p][v] + load(t.c_in + p * strides.c_in + v * kLanes<T>) : sum[p][v];
      store(t.c + p * strides.sums + v * kLanes<T>, all);
    }
  }
}

// c[rows][Vectors] = a[rows][K] * b (+ c_in), with dense rows of c and c_in. Several panels at once only for one row;
// both ways add in the same order.
template <int Vectors, int Together = 1, class T>
PYDL_INLINE void multiply_gates(index rows, index K, const T* a, index a_stride, const T* b, index b_row,
                                PrefetchQueue<T>& queue, T* c, const PanelStrides& strides = {},
                                const T* c_in = nullptr) {
  TileTask<T> task{};
  task.K = K;
  task.a = a;
  task.a_stride = a_stride;
  task.b = b;
  task.b_row = b_row;
  task.c_in = c_in;
  task.c = c;
  task.ldc = Vectors * kLanes<T>;
  task.last = kLanes<T>;
  if constexpr (Together > 1)
    if (strides.together) return multiply_row<T, Vectors, Together>(task, strides);
  if (rows == 1) return multiply_row<T, Vectors, 1>(task, strides);
  constexpr int kNarrow = narrow(Vectors);
  const auto run_tile = [&](auto tile) {
    const auto lines = queue.take(K);
    task.prefetch = {lines.first, lines.count, kLineSize<T>, 1};
    tile(task);
  };
  if (kNarrow == Vectors || rows <= tile_rows(Vectors)) return run_tile(kGateTiles<T, Vectors>.of[rows - 1]);
  if constexpr (kNarrow < Vectors)
    for (int v = 0; v < Vectors; v += kNarrow) {
      run_tile(kGateTiles<T, kNarrow>.of[rows - 1]);
      task.b += kNarrow * kLanes<T>;
      task.c += kNarrow * kLanes<T>;
      if (task.c_in) task.c_in += kNarrow * kLanes<T>;
    }
}

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
