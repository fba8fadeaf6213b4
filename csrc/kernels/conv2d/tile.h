// The register tile of gemm/tile.h inside the loops over taps that a convolution needs.
#pragma once
#include "kernels/common/activation.h"
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::conv2d {
using namespace gemm;  // the register tile and its panels
namespace {

struct TileLoop {
  index count;
  index a_step, b_step;
};

// c = act(bias + c_in + sum over both loops of a * b), for a tile of pixels x channels (forward and backward-input) or
// of input channels x output channels (backward-weight, where a is transposed). Fields as in TileTask.
template <class T>
struct ConvTile {
  index K;
  TileLoop outer, inner;
  const T* a;
  index a_stride;
  const T* b;
  const T* bias;
  const T* c_in;
  T* c;
  index ldc;
  int last;
  Activation activation;
  T alpha;
  // Prefetches for later tiles, a few lines at each step of the loops: the caches track few requests at a time.
  Prefetcher<T> prefetch;  // input from beyond L2: `lines` cache lines at each step, in order
  index prefetch_c_rows;   // rows of c per step, from the first after this tile on; 0: the tile prefetches its own c
  bool streamed;           // c is written with non-temporal stores
};

template <class T, int Rows, int Vectors, bool TransA>
__attribute__((noinline)) void run_conv_tile(const ConvTile<T>& t) {
  // The lines of c arrive while the tile is computed, so that its stores do not wait.
  const auto prefetch_row = [](const T* c) {
    PYDL_UNROLL for (int j = 0; j < Vectors; j++) prefetch_for_writing(c + j * kLanes<T>);
  };
  if (t.prefetch_c_rows == 0 && !t.streamed) {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) prefetch_row(t.c + i * t.ldc);
  }
  Tile<T, Rows, Vectors> tile;
  tile.start(t.bias, nullptr, 0, t.last);
  const index a_row = TransA ? 1 : t.a_stride, a_col = TransA ? t.a_stride : 1;
  const index K = t.K, inner = t.inner.count, a_step = t.inner.a_step, b_step = t.inner.b_step;
  const T *a = t.a, *b = t.b, *ahead = t.prefetch.data, *next_c = t.c + Rows * t.ldc;
  for (index i = 0; i < t.outer.count; i++, a += t.outer.a_step, b += t.outer.b_step)
    for (index j = 0; j < inner; j++) {
      for (index line = 0; line < t.prefetch.lines; line++, ahead += kLineSize<T>) prefetch<kIntoL2>(ahead);
      if constexpr (!TransA)
        for (index row = 0; row < t.prefetch_c_rows; row++, next_c += t.ldc) prefetch_row(next_c);
      tile.template multiply<true>(K, a + j * a_step, a_row, a_col, b + j * b_step, kTileCols<T>);
    }
  if (t.c_in) tile.add(t.c_in, t.ldc, t.last);  // last: it is the likeliest L2 miss
  if (t.activation != Activation::linear) {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) {
        tile.sum[i][j] = t.activation == Activation::relu ? Relu::forward<T>(tile.sum[i][j], t.alpha)
                                                          : activate<T>(t.activation, t.alpha, tile.sum[i][j]);
      }
    }
  }
  if constexpr (!TransA)
    if (t.streamed) return tile.stream(t.c, t.ldc);
  tile.store(t.c, t.ldc, t.last);
}

template <class T>
struct ConvTileFunctions {
  using Function = void (*)(const ConvTile<T>&);
  Function of[kTileRows][kTileVectors][2];  // [rows - 1][vectors - 1][a is transposed]

  template <int Rows = kTileRows>
  constexpr void fill() {
    of[Rows - 1][0][0] = run_conv_tile<T, Rows, 1, false>;
    of[Rows - 1][0][1] = run_conv_tile<T, Rows, 1, true>;
    of[Rows - 1][1][0] = run_conv_tile<T, Rows, 2, false>;
    of[Rows - 1][1][1] = run_conv_tile<T, Rows, 2, true>;
    if constexpr (Rows > 1) fill<Rows - 1>();
  }
  constexpr ConvTileFunctions() : of{} { fill(); }
};
template <class T>
constexpr ConvTileFunctions<T> kConvTileFunctions{};

// Columns [begin, begin + cols) of one panel, as arguments of the tile functions.
template <class T>
struct ChannelPanel {
  index begin, cols;
  ChannelPanel(index number, index total) : begin(number * kTileCols<T>), cols(total - begin) {
    if (cols > kTileCols<T>) cols = kTileCols<T>;
  }
  int vectors() const { return int((cols + kLanes<T> - 1) / kLanes<T>); }
  int last() const { return int(cols - (vectors() - 1) * kLanes<T>); }
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
