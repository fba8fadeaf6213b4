// The gradients of the weights, of x and of the rows of ids, each over many steps at once.
#pragma once
#include "kernels/gemm/blocked.h"
#include "kernels/recurrent/packing.h"
#include "kernels/recurrent/workspace.h"

namespace pydl::PYDL_ISA::recurrent {
using namespace gemm;  // the register tile and its panels
namespace {

// c[M, N] = a' * b (+ c), over the rows of both.
template <class T>
void weight_gradient(index rows, index M, index N, const T* a, index lda, const T* b, index ldb, bool accumulate, T* c,
                     index ldc) {
  if (M == 0 || N == 0) return;
  if (rows == 0) {
    for (index i = 0; i < M; i++) map_row<T>(N, c + i * ldc, [](auto) { return V<T>{}; });
    return;
  }
  const GemmShape shape{M, N, rows, lda, ldb, ldc, true, false, accumulate};
  const double useful = double(M) * double(N) * double(rows) / (1 << 18);
  const int threads = useful < 1 ? 1 : useful < num_threads() ? int(useful) : num_threads();
  // A tile reads b row by row. Rows longer than a page are packed, so that not each one needs its own TLB entry.
  const BLayout b_layout = N * index(sizeof(T)) <= kPageBytes ? BLayout::matrix : BLayout::packed_here;
  BlockedGemm<T>(shape, a, b, {}, c, b_layout).run(threads);
}

// Each step adds the gradients of its gates to the row of its id. Partitioned by columns, which keeps the order of
// steps.
template <class Cell>
void id_gradient(const Workspace<Cell>& workspace, typename Cell::Element* dkernel) {
  using T = typename Cell::Element;
  const index width = Cell::kGates * workspace.s.U;
  parallel(ceil_div(width, kTileCols<T>), 1 + (1 << 14) / (workspace.schedule.rows() + 1), [&](index begin, index end) {
    const index first = begin * kTileCols<T>, cols = min(end * kTileCols<T>, width) - first;
    for (index id = 0; id < workspace.s.id_rows; id++)
      map_row<T>(cols, dkernel + id * width + first, [](auto) { return V<T>{}; });
    for (index step = 0; step < workspace.schedule.steps(); step++)
      for (index row = 0; row < workspace.schedule.count(step); row++) {
        const T* from = workspace.gates[workspace.schedule.first(step) + row] + first;
        T* to = dkernel + workspace.id(step, row) * width + first;
        map_row<T>(cols, to, [=](auto at) { return at(to) + at(from); });
      }
  });
}

// dx = dgates * kernel', one block of rows at a time: computed in scratch, then copied to its place in dx.
template <class Cell>
class InputGradient {
 public:
  using T = typename Cell::Element;

  InputGradient(const Workspace<Cell>& workspace, T* dx)
      : workspace_(workspace),
        s_(workspace.s),
        dx_(dx),
        wanted_(dx && s_.B > 0 && s_.I > 0),
        packed_(wanted_ ? ceil_div(s_.I, kTileCols<T>) * kTileCols<T> * width() * index(sizeof(T)) : 0) {
    if (!wanted_) return;
    pack_transposed(workspace.in.kernel, s_.I, width(), static_cast<T*>(packed_.data()));
    for (index i = 0; workspace.in.mask && i < s_.B * s_.T; i++)
      if (!workspace.in.mask[i]) map_row<T>(s_.I, dx + i * s_.I, [](auto) { return V<T>{}; });
  }

  void of(Range steps) const {
    if (!wanted_) return;
    constexpr index kRows = 192;
    const Range rows{workspace_.schedule.first(steps.begin), workspace_.schedule.first(steps.end)};
    parallel(rows.size(), kRows / 4, [&](index begin, index end) {
      const Range mine{rows.begin + begin, rows.begin + end};
      const index blocks = ceil_div(mine.size(), kRows);
      Scratch memory(ceil_div(mine.size(), blocks) * s_.I * index(sizeof(T)));
      index step = steps.begin;
      for (index i = 0; i < blocks; i++) of_block(mine.part(i, blocks), step, static_cast<T*>(memory.data()));
    });
  }

 private:
  index width() const { return Cell::kGates * s_.U; }

  // `step`: at first a step that is not after the first row, at the end that of the last row.
  void of_block(Range block, index& step, T* products) const {
    const GemmShape shape{block.size(), s_.I, width(), workspace_.gates.stride, width(), s_.I, false, true, false};
    BlockedGemm<T>(shape, workspace_.gates[block.begin], static_cast<const T*>(packed_.data()), {}, products,
                   BLayout::panels)
        .run(1);
    const Schedule& schedule = workspace_.schedule;
    for (index row = block.begin; row < block.end; row++, products += s_.I) {
      while (schedule.first(step + 1) <= row) step++;
      const index active = row - schedule.first(step), b = schedule.sequence(active);
      T* to = dx_ + (b * s_.T + workspace_.x_step(schedule.position(active, step))) * s_.I;
      if (const T* factor = workspace_.dropout(b))
        map_row<T>(s_.I, to, [=](auto at) { return at(products) * at(factor); });
      else
        map_row<T>(s_.I, to, [=](auto at) { return at(products); });
    }
  }

  const Workspace<Cell>& workspace_;
  const RecurrentShape& s_;
  T* const dx_;
  const bool wanted_;
  const Scratch packed_;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
