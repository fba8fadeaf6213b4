// Which worker computes what, and in which order: panels of units, or rows of sequences.
#pragma once
#include "contract/recurrent.h"
#include "kernels/common/base.h"
#include "kernels/common/cache.h"
#include "kernels/common/simd.h"
#include "runtime/threads/parallel.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

// Small batches are partitioned over units, which takes a barrier per step; others over rows, which takes none. Both
// give the same bits. Weights beyond L2 are read again in every step: then the limit for few rows is higher, because
// over rows each thread would read all weights instead of its part.
constexpr index kSmallBatch = 8;
constexpr index kFewRows = 4, kFewRowsBeyondL2 = 16;  // per thread

struct Partition {
  bool over_units;  // else over rows
  int threads;

  // The step pointers of a row are written by the worker that computes it; over units, each worker has its own copy.
  // Padding prevents false sharing.
  static constexpr index kPadding = 32;
  index pointers(index rows) const { return over_units ? threads * (rows + kPadding) : rows + threads * kPadding; }
  index first_pointers(int worker, index rows) const { return worker * ((over_units ? rows : 0) + kPadding); }
};

template <class Cell>
Partition partition_of(const RecurrentShape& s) {
  // Multiply-adds per thread that amortise a barrier, and a wake-up. With few rows a step is bound by weight loads, so
  // the bar is lower.
  constexpr double kStepGrain = 1 << 14, kGrain = 1 << 18, kGrainOfFewRows = 1 << 17;
  const double step = double(s.B) * double(s.U) * double(Cell::kGates * s.U);
  const double all = double(s.B) * double(s.T) * double(s.I + s.U) * double(Cell::kGates * s.U);
  const int available = num_threads();
  const index weights = (s.I + s.U) * Cell::kGates * s.U * index(sizeof(typename Cell::Element));
  const index few = weights > kPanelsInL2Bytes ? kFewRowsBeyondL2 : kFewRows;
  const bool over_units = s.B < kSmallBatch || s.B < few * available;
  const double of_all = all / (over_units ? kGrainOfFewRows : kGrain), of_step = step / kStepGrain;
  const double useful = over_units && of_step < of_all ? of_step : of_all;
  return {over_units, useful < 1 ? 1 : useful < available ? int(useful) : available};
}

// The panels of one worker, traversed in alternating direction, so that the ones still in L2 come first if not all fit.
// `last_down` is the last direction, which the thread keeps from call to call.
class SerpentinePanels {
 public:
  SerpentinePanels(Range panels, index panel_bytes)
      : panels_(panels), beyond_l2_(panels.size() * panel_bytes > kPanelsInL2Bytes) {}
  index size() const { return panels_.size(); }
  bool beyond_l2() const { return beyond_l2_; }

  // body(first panel, end, next panel) for groups of `together` panels, then one by one for the rest.
  template <class Body>
  PYDL_INLINE void each(bool& last_down, index together, const Body& body) const {
    const index several = panels_.size() / together, count = several + panels_.size() % together;
    const auto begin = [&](index group) {
      return panels_.begin + (group < several ? group * together : several * together + group - several);
    };
    const bool down = last_down = !last_down;
    for (index i = 0; i < count; i++) {
      const index group = down ? count - 1 - i : i, next = i + 1 < count ? (down ? group - 1 : group + 1) : group;
      body(begin(group), begin(group + 1), begin(next));
    }
  }

 private:
  const Range panels_;
  const bool beyond_l2_;
};

// The rows of a step: a contiguous part for each worker, in tiles of equal height (up to one row). Contiguous, because
// hardware prefetchers cause false sharing wherever rows of two workers are adjacent.
class RowPartition {
 public:
  RowPartition(int height, bool over_units, Team& team)
      : height_(height), worker_(over_units ? 0 : team.rank), workers_(over_units ? 1 : team.size), team_(team) {}

  // Needed when the number of active sequences changes; rows change workers at a barrier.
  void repartition(index active) {
    if (active == rows_) return;
    if (workers_ > 1) team_.barrier();
    rows_ = active;
    own_ = Range{0, active}.part(worker_, workers_);
    tiles_ = ceil_div(own_.size(), height_);
    min_rows_ = tiles_ > 0 ? own_.size() / tiles_ : 0;
    taller_ = own_.size() - min_rows_ * tiles_;
  }
  Range own() const { return own_; }
  // body(first row, rows, number) for the tiles of this worker, of which the first `taller_` have one row more.
  template <class Body>
  PYDL_INLINE void each(const Body& body) const {
    for (index i = 0; i < tiles_; i++) body(own_.begin + i * min_rows_ + min(i, taller_), min_rows_ + (i < taller_), i);
  }

 private:
  const index height_, worker_, workers_;
  Team& team_;
  Range own_{};
  index rows_ = 0, tiles_ = 0, min_rows_ = 0, taller_ = 0;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
