// A matrix product in blocks that fit the caches, shared among threads.
//
// Threads form a grid over the tiles of c. Each column of the grid goes over its part of N in steps of kBlockPanels and
// over K in steps of kBlockK: its threads pack the block of b together, wait at a barrier, and multiply their own rows
// with it. A column of one thread needs no barrier, and its first tiles pack b while they multiply.
// K is never partitioned among threads, and its blocks depend on the shape alone: the bits are the same for any thread
// count.
#pragma once
#include "kernels/common/base.h"
#include "kernels/common/cache.h"
#include "kernels/common/parallel.h"
#include "kernels/gemm/block.h"
#include "kernels/gemm/pack.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

// KC and NC of the literature: rows of a panel, and panels of a block. KC fits AVX-512's panels of two cache lines; the
// other instruction sets use the same K, so that their results differ only by the vector width.
constexpr index kBlockK = kGemmPanelBytes / (2 * 64);
constexpr index kBlockPanels = kGemmBlockBytes / kGemmPanelBytes;
static_assert(kBlockK == 192 && kBlockPanels == 32);

// Threads as rows x columns, such that the largest share of the tiles is smallest. If the threads pack b, columns come
// first, because the threads of one column wait for each other; also if b is beyond L2, so that each thread loads its
// part of it. Otherwise rows come first, even for a share of 1/16 more: threads that write the same row of c share a
// line of it.
struct Grid {
  int rows = 1, cols = 1;
  Grid(int threads, index row_tiles, index panels, bool columns_first) {
    const auto share = [=](int c) { return ceil_div(row_tiles, threads / c) * ceil_div(panels, c); };
    index least = share(1);
    for (int c = 2; c <= threads; c++) least = min(least, share(c));
    const index allowed = columns_first ? least : least + least / 16;
    cols = columns_first ? threads : 1;
    while (share(cols) > allowed) cols += columns_first ? -1 : 1;
    rows = threads / cols;
  }
};

// Where the tiles read b: in place, in panels that gemm_pack_b made, or in panels packed during this product.
enum class BLayout { matrix, panels, packed_here };

// Packing a pays when at least this many panels read it.
constexpr index kPanelsPerPacking = 5;

// The number of blocks of K. Where few panels read the rows of a in place, nothing has to stay in L1, and each block
// costs a pass over c: then blocks are as large as L2 allows.
template <class T>
index k_blocks(index K, index panels, bool trans_a) {
  const index few = kGemmSharedBytes / (panels * kTileCols<T> * index(sizeof(T)));
  const index size = !trans_a && panels < kPanelsPerPacking && few > kBlockK ? few : kBlockK;
  return max(1, (K + size / 2) / size);
}

template <class T>
class BlockedGemm {
 public:
  BlockedGemm(const GemmShape& shape, const T* a, const T* b, const Epilogue<T>& epilogue, T* c, BLayout b_layout)
      : s_(shape),
        a_(a),
        b_(b),
        epilogue_(epilogue),
        c_(c),
        b_layout_(b_layout),
        panels_(ceil_div(s_.N, kTileCols<T>)),
        k_blocks_(k_blocks<T>(s_.K, panels_, s_.trans_a)) {}

  void run(int threads) {
    // The last columns, if they do not fill a panel, cannot be read in place: they are packed as a tail.
    const index whole = s_.N / kTileCols<T> * kTileCols<T>;
    const bool tail = b_layout_ == BLayout::matrix && whole < s_.N;
    // Two buffers per column of the grid: while one is read, the next block may be packed.
    Scratch b_buffers((2 * threads * b_buffer() + tail * s_.K * kTileCols<T>)*index(sizeof(T)));
    b_buffers_ = static_cast<T*>(b_buffers.data());
    tail_ = b_buffers_ + 2 * threads * b_buffer();
    if (tail) pack_b(b_ + whole, s_.ldb, false, s_.K, s_.N - whole, tail_, 0);
    parallel_region(threads, [this](Team& team) { run_worker(team); });
  }

 private:
  index b_buffer() const {
    if (b_layout_ != BLayout::packed_here) return 0;
    return min(panels_, kBlockPanels) * ceil_div(s_.K, k_blocks_) * kTileCols<T>;
  }
  // A transposed a is read in place where b is: both are read row by row. But the tiles that prefetch need a packed a.
  bool may_pack_a(bool prefetches) const {
    return panels_ >= kPanelsPerPacking && (!s_.trans_a || b_layout_ != BLayout::matrix || prefetches);
  }
  index a_buffer() const { return tiles_per_packing(s_.trans_a) * ceil_div(s_.K, k_blocks_) * kPackedRows<T>; }

  void run_worker(Team& team) {
    const RowTiles tiles(s_.M);
    const bool prefetches = prefetches_next_block(tiles.count);
    constexpr index kVeryFewTiles = 4;  // every thread packs its own copy of more
    const bool columns_first = b_layout_ == BLayout::packed_here || (prefetches && tiles.count <= kVeryFewTiles);
    const Grid grid(team.size, tiles.count, panels_, columns_first);
    const int row = team.rank / grid.cols, col = team.rank % grid.cols;
    const bool idle = row >= grid.rows;  // this thread only comes to the barriers
    const Range my_tiles = idle ? Range{0, 0} : Range{0, tiles.count}.part(row, grid.rows);
    const Range rows{tiles.begin(my_tiles.begin), tiles.begin(my_tiles.end)};
    const Range panels = idle ? Range{0, 0} : Range{0, panels_}.part(col, grid.cols);
    const index steps = ceil_div(ceil_div(panels_, grid.cols), prefetches ? kBlockPanels / 2 : kBlockPanels);
    const auto panels_at = [&](index turn) { return panels.part(turn / k_blocks_, steps); };
    const auto k_at = [&](index turn) { return Range{0, s_.K}.part(turn % k_blocks_, k_blocks_); };
    const bool may_pack = may_pack_a(prefetches);
    Scratch packed_a(may_pack ? a_buffer() * index(sizeof(T)) : 0);
    for (index turn = 0; turn < steps * k_blocks_; turn++) {
      const Range step_panels = panels_at(turn), k = k_at(turn);
      T* packed = b_buffers_ + (2 * col + turn % 2) * b_buffer();
      const bool packs_in_tiles = grid.rows == 1 && tiles_can_pack(step_panels);
      if (b_layout_ == BLayout::packed_here && !packs_in_tiles) {
        if (!idle) pack(step_panels, step_panels.part(row, grid.rows), k, packed);
        if (grid.rows > 1) team.barrier();
      }
      Block<T> block{};
      if (prefetches && turn + 1 < steps * k_blocks_) prefetch(panels_at(turn + 1).begin, k_at(turn + 1), block);
      if (may_pack && step_panels.size() >= kPanelsPerPacking) block.packed_a = static_cast<T*>(packed_a.data());
      multiply(block, rows, step_panels, k, packed, packs_in_tiles);
    }
  }

  // With few tiles, most tiles wait for a b beyond L2, so the tiles of one block prefetch the next block. Both must fit
  // into L2.
  bool prefetches_next_block(index row_tiles) const {
    constexpr index kFewTiles = 12;
    return row_tiles <= kFewTiles && s_.K * s_.N * index(sizeof(T)) > kGemmLargeBytes;
  }
  void prefetch(index panel, Range k, Block<T>& block) const {
    if (s_.trans_b && b_layout_ == BLayout::packed_here) {  // the columns of op(b) are rows of b
      block.prefetch = {b_ + panel * kTileCols<T> * s_.ldb + k.begin, kTileCols<T>, s_.ldb,
                        k.size() / kLineSize<T> + 1};
      block.prefetch_panel = kTileCols<T> * s_.ldb;
    } else {
      const bool panels = b_layout_ == BLayout::panels;
      block.prefetch = {b_at(panel, k.begin), k.size(), panels ? kTileCols<T> : s_.ldb, kTileCols<T> / kLineSize<T>};
      block.prefetch_panel = kTileCols<T> * (panels ? s_.K : 1);
    }
  }

  const T* b_at(index panel, index k) const {
    return b_layout_ == BLayout::panels ? b_ + (panel * s_.K + k) * kTileCols<T>
                                        : b_ + k * s_.ldb + panel * kTileCols<T>;
  }

  // The tiles that pack b read a packed a. They go down the rows of b again for each panel, which is slow when these
  // rows are on more pages than the L1 TLB holds.
  bool tiles_can_pack(Range panels) const {
    return b_layout_ == BLayout::packed_here && !s_.trans_b && panels.size() >= kPanelsPerPacking &&
           kBlockK * s_.ldb * index(sizeof(T)) <= kL1TlbPages * kPageBytes;
  }

  Range columns(Range panels) const { return {panels.begin * kTileCols<T>, min(panels.end * kTileCols<T>, s_.N)}; }

  void pack(Range step, Range panels, Range k, T* packed) const {
    const Range n = columns(panels);
    const T* from = s_.trans_b ? b_ + n.begin * s_.ldb + k.begin : b_ + k.begin * s_.ldb + n.begin;
    const index stride = k.size() * kTileCols<T>;
    pack_b(from, s_.ldb, s_.trans_b, k.size(), n.size(), packed + (panels.begin - step.begin) * stride, stride);
  }

  void multiply(Block<T>& block, Range rows, Range panels, Range k, T* packed_b, bool pack_in_tiles) const {
    block.K = k.size();
    block.trans_a = s_.trans_a;
    block.accumulate = s_.accumulate || k.begin > 0;
    block.activation = k.end == s_.K ? epilogue_.activation : Activation::linear;
    block.alpha = epilogue_.alpha;
    block.ldc = s_.ldc;
    block.lda = s_.lda;
    block.M = rows.size();
    block.a = s_.trans_a ? a_ + k.begin * s_.lda + rows.begin : a_ + rows.begin * s_.lda + k.begin;
    multiply_panels(block, rows, panels, k, packed_b, pack_in_tiles);
  }

  void multiply_panels(Block<T>& block, Range m, Range panels, Range k, T* packed, bool pack_in_tiles) const {
    block.b_row = kTileCols<T>;
    block.packed_b = nullptr;
    if (pack_in_tiles) return multiply_and_pack(block, m, columns(panels), k, packed);
    switch (b_layout_) {
      case BLayout::packed_here:
        block.panel_stride = k.size() * kTileCols<T>;
        return multiply_columns(block, m, columns(panels), k, packed);
      case BLayout::panels:
        block.panel_stride = s_.K * kTileCols<T>;
        return multiply_columns(block, m, columns(panels), k, b_at(panels.begin, k.begin));
      case BLayout::matrix:
        const Range n = columns(panels);
        const index whole = n.begin + n.size() / kTileCols<T> * kTileCols<T>;
        Block<T> rest = block;
        rest.packed_a = nullptr;  // packed_a is for the whole panels, not for the tail
        rest.prefetch = {};
        multiply_columns(rest, m, {whole, n.end}, k, tail_ + k.begin * kTileCols<T>);
        block.b_row = s_.ldb;
        block.prefetch_b = s_.K * s_.ldb * index(sizeof(T)) > kGemmLargeBytes;
        block.panel_stride = kTileCols<T>;
        multiply_columns(block, m, {n.begin, whole}, k, b_at(panels.begin, k.begin));
    }
  }

  void multiply_and_pack(Block<T>& block, Range m, Range n, Range k, T* packed) const {
    const T* b = b_ + k.begin * s_.ldb;
    const index part = n.size() % kTileCols<T>, whole = n.end - part;
    if (part) pack_b(b + whole, s_.ldb, false, k.size(), part, packed + (whole - n.begin) * k.size(), 0);
    block.packed_b = packed;
    block.b_row = s_.ldb;
    block.panel_stride = kTileCols<T>;
    multiply_columns(block, m, n, k, b + n.begin);
  }

  void multiply_columns(Block<T>& block, Range m, Range n, Range k, const T* b) const {
    block.N = n.size();
    block.b = b;
    block.bias = epilogue_.bias && k.begin == 0 ? epilogue_.bias + n.begin : nullptr;
    block.c = c_ + m.begin * s_.ldc + n.begin;
    run_block(block);
  }

  const GemmShape& s_;
  const T *a_, *b_;  // b_: the panels, for BLayout::panels
  const Epilogue<T>& epilogue_;
  T* c_;
  const BLayout b_layout_;
  const index panels_, k_blocks_;
  T *b_buffers_ = nullptr, *tail_ = nullptr;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::gemm
