// The products of a few rows with a panel of packed weights.
//
// While tiles multiply they fetch what comes from afar. Weights that outgrow the second-level cache do so in every
// step, and the first tile on a panel would wait for them while the others find all of it near: each tile of a panel
// fetches its part of the panel that comes next. Where weights are near, it is what training keeps of the steps.
#pragma once
#include "gemm_micro.h"

namespace pydl::PYDL_ISA {
namespace {

// As many rows as leave the registers a row of weights, an element and a product.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectorRegisters = 32;
#else
constexpr int kVectorRegisters = 16;
#endif
constexpr int tile_rows(int vectors) { return (kVectorRegisters - vectors - 2) / vectors; }
// Many rows take the gates of a panel two vectors at a time: a tile twice as high reads half as much of the weights,
// which come from the second-level cache, for each multiplication.
constexpr int narrow(int vectors) { return vectors % 2 == 0 ? 2 : vectors; }
constexpr int gate_rows(int vectors) { return tile_rows(narrow(vectors)); }

// For every height.
template <class T, int Vectors>
struct GateTiles {
  typename TileFunctions<T>::Function of[tile_rows(Vectors)];
  template <int Height = tile_rows(Vectors)>
  constexpr void fill() {
    of[Height - 1] = run_fetching_tile<T, Height, Vectors>;
    if constexpr (Height > 1) fill<Height - 1>();
  }
  constexpr GateTiles() : of{} { fill(); }
};
template <class T, int Vectors>
constexpr GateTiles<T, Vectors> kGateTiles{};

// What tiles fetch meanwhile, a line at each step of K: blocks of memory, one after the other. To ask for what is near
// only costs time.
template <class T>
class Ahead {
 public:
  struct Lines {
    const T* first;
    index count;
  };

  void add(const T* block, index size) {
    if (size > 0) blocks_[count_++] = {block, size / kLineSize<T>};
  }
  // The lines that nobody has taken yet, at most so many.
  PYDL_INLINE Lines take(index most) {
    if (at_ == count_) return {nullptr, 0};
    Lines& block = blocks_[at_];
    const Lines taken{block.first, block.count < most ? block.count : most};
    block.first += taken.count * kLineSize<T>;
    block.count -= taken.count;
    if (block.count == 0) at_++;
    return taken;
  }

 private:
  static constexpr int kBlocks = 3;  // operands, gates and states of a step
  Lines blocks_[kBlocks];
  int at_ = 0, count_ = 0;
};

// A single row asks for nothing: the processor sees by itself that it reads one panel after the other, and asks
// earlier. It has too few sums on one panel to hide the latency of a multiplication, and takes several panels at once
// if they are near.
constexpr int panels_together(int vectors) { return 8 / vectors; }

// The panels that a product reads, `size` apart, its sums for each, `sums` apart, and what is added to them.
struct PanelSteps {
  bool together = false;  // panels_together of them, or one
  index size = 0, sums = 0, old = 0;
};

template <class T, int Vectors, int Panels>
__attribute__((noinline)) void multiply_row(const TileTask<T>& t, const PanelSteps& steps) {
  V<T> sum[Panels][Vectors] = {};
  const T* b = t.b;
  for (index k = 0; k < t.K; k++, b += t.b_row) {
    const V<T> element = broadcast(t.a[k]);
    PYDL_UNROLL for (int p = 0; p < Panels; p++) PYDL_UNROLL for (int v = 0; v < Vectors; v++) sum[p][v] +=
        element * load(b + p * steps.size + v * kLanes<T>);
  }
  PYDL_UNROLL for (int p = 0; p < Panels; p++) PYDL_UNROLL for (int v = 0; v < Vectors; v++) {
    const V<T> all = t.old ? sum[p][v] + load(t.old + p * steps.old + v * kLanes<T>) : sum[p][v];
    store(t.c + p * steps.sums + v * kLanes<T>, all);
  }
}

// c[rows][Vectors] = a[rows][K] * b (+ old), with rows of c and old next to each other. Several panels at once only for
// one row; both ways add up in the same order.
template <int Vectors, int Together = 1, class T>
PYDL_INLINE void multiply_gates(index rows, index K, const T* a, index a_stride, const T* b, index b_row,
                                Ahead<T>& ahead, T* c, const PanelSteps& steps = {}, const T* old = nullptr) {
  TileTask<T> task{};
  task.K = K;
  task.a = a;
  task.a_stride = a_stride;
  task.b = b;
  task.b_row = b_row;
  task.old = old;
  task.c = c;
  task.ldc = Vectors * kLanes<T>;
  task.last = kLanes<T>;
  if constexpr (Together > 1)
    if (steps.together) return multiply_row<T, Vectors, Together>(task, steps);
  if (rows == 1) return multiply_row<T, Vectors, 1>(task, steps);
  constexpr int kNarrow = narrow(Vectors);
  const auto run_tile = [&](auto tile) {
    const auto lines = ahead.take(K);
    task.next = lines.first;
    task.next_lines = lines.count;
    tile(task);
  };
  if (kNarrow == Vectors || rows <= tile_rows(Vectors)) return run_tile(kGateTiles<T, Vectors>.of[rows - 1]);
  if constexpr (kNarrow < Vectors)
    for (int v = 0; v < Vectors; v += kNarrow) {
      run_tile(kGateTiles<T, kNarrow>.of[rows - 1]);
      task.b += kNarrow * kLanes<T>;
      task.c += kNarrow * kLanes<T>;
      if (task.old) task.old += kNarrow * kLanes<T>;
    }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
