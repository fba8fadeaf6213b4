// What forward and backward of every recurrent cell share: packed weights, workspace, and the partition of the work.
//
// The operand of a step holds one row per sequence: [x | 1 | h | 1], so that a row of weights is a bias, and one matrix
// product gives the gradients of all weights. Training saves the operands, gates and states of all steps for backward
// (rows without gaps, see schedule.h); inference has those of the steps at hand. Rows of memory take an odd number of
// cache lines: rows of a power of two would share few sets of L1.
//
// A cell has kGates gates in kVectors vectors; kUnits units (a panel) have all their gates in one tile of registers.
#pragma once
#include "kernels/common/activation.h"
#include "kernels/gemm/blocked.h"
#include "kernels/recurrent/schedule.h"
#include "kernels/recurrent/tile.h"

namespace pydl::PYDL_ISA::recurrent {
using namespace gemm;  // the register tile and its panels
namespace {

template <class T>
constexpr index odd_lines(index elements) {
  return (ceil_div(elements, kLineSize<T>) | 1) * kLineSize<T>;
}

// The first n elements of a vector, n from 1 to kLanes.
template <class T>
PYDL_INLINE V<T> load_units(const T* p, int n) {
  return n == kLanes<T> ? load(p) : load_n(p, n);
}
template <class T>
PYDL_INLINE void store_units(T* p, V<T> v, int n) {
  n == kLanes<T> ? store(p, v) : store_n(p, v, n);
}
template <class T>
PYDL_INLINE int units_left(index U, index unit) {
  return U - unit < kLanes<T> ? int(U - unit) : kLanes<T>;
}

template <class T>
[[gnu::noinline]] V<T> activation_slope(Activation kind, V<T> y, V<T> dy) {
  return with_activation(kind, [&](auto f) { return f.template backward<T>(y, dy, 0); });
}

// Some units of a row that may be absent: then zeros; or of factors that may be absent: then ones.
template <class T>
PYDL_INLINE V<T> load_or_zero(const T* row, index unit, int n) {
  return row ? load_units(row + unit, n) : V<T>{};
}
template <class T>
PYDL_INLINE V<T> dropped(V<T> h, const T* factors, index unit, int n) {
  return factors ? h * load_units(factors + unit, n) : h;
}

// An activation with its slope: inlined if it is the usual one of its place.
template <class T, class Usual, bool kUsual>
struct Nonlinearity {
  Activation kind;
  PYDL_INLINE V<T> operator()(V<T> x) const {
    if constexpr (kUsual) return Usual::template forward<T>(x, 0);
    return activate<T>(kind, 0, x);
  }
  PYDL_INLINE V<T> backward(V<T> y, V<T> dy) const {
    if constexpr (kUsual) return Usual::template backward<T>(y, dy, 0);
    return activation_slope<T>(kind, y, dy);
  }
};

// ---- packed weights: [panel][I + 1 + U + 1 rows][kVectors vectors] -----------------------------------------------

template <class Cell>
struct PackedPanels {
  using T = typename Cell::Element;
  static constexpr index kRow = Cell::kVectors * kLanes<T>;
  static constexpr index kUnits = Cell::kVectors / Cell::kGates * kLanes<T>;

  static index count(const RecurrentShape& s) { return ceil_div(s.U, kUnits); }
  static index rows(const RecurrentShape& s) { return s.I + 1 + s.U + 1; }
  static index size(const RecurrentShape& s) { return count(s) * rows(s) * kRow; }
  // The first unit of a vector of a panel, and where its gate has it in the rows of a kernel.
  static index unit_of(index panel, index v) { return panel * kUnits + v / Cell::kGates * kLanes<T>; }
  static index column_of(const RecurrentShape& s, index panel, index v) {
    return v % Cell::kGates * s.U + unit_of(panel, v);
  }

  static void pack(const RecurrentShape& s, const RecurrentInputs<T>& in, T* packed) {
    const index width = Cell::kGates * s.U;
    const T* recurrent_bias = Cell::has_recurrent_bias(s) && in.bias ? in.bias + width : nullptr;
    const index grain = 1 + (1 << 14) / (rows(s) * kRow);
    parallel(count(s), grain, [&](index begin, index end) {
      for (index panel = begin; panel < end; panel++) {
        T* to = packed + panel * rows(s) * kRow;
        to = pack_rows(s, panel, in.kernel, s.I, to);
        to = pack_rows(s, panel, in.bias, 1, to);
        to = pack_rows(s, panel, in.recurrent_kernel, s.U, to);
        pack_rows(s, panel, recurrent_bias, 1, to);
      }
    });
  }

 private:
  static T* pack_rows(const RecurrentShape& s, index panel, const T* from, index rows, T* to) {
    for (index k = 0; k < rows; k++, to += kRow) {
      PYDL_UNROLL for (index v = 0; v < Cell::kVectors; v++) {
        const index unit = unit_of(panel, v);
        const T* row = from + k * Cell::kGates * s.U;
        store(to + v * kLanes<T>,
              from && unit < s.U ? load_units(row + column_of(s, panel, v), units_left<T>(s.U, unit)) : V<T>{});
      }
    }
    return to;
  }
};

// ---- memory -------------------------------------------------------------------------------------------------------

// Rows of equal width in one block of memory.
template <class T>
struct Rows {
  T* data;
  index stride;
  T* operator[](index row) const { return data + row * stride; }
};

template <class Cell>
struct SavedLayout {
  using T = typename Cell::Element;
  index operand, gates, state;  // strides
  explicit SavedLayout(const RecurrentShape& s)
      : operand(odd_lines<T>(s.I + s.U + 2)),
        gates(odd_lines<T>(Cell::kSavedGates * s.U)),
        state(Cell::kSavesState ? odd_lines<T>(s.U) : 0) {}
  index row() const { return operand + gates + state; }
};

// Where the step at a position in the order of processing has its x, and its y or dy.
inline index step_of_x(const RecurrentShape& s, index position) {
  return s.go_backwards ? s.T - 1 - position : position;
}
inline index output_at(const RecurrentShape& s, index b, index position) {
  return (b * s.T + (s.outputs_in_order ? step_of_x(s, position) : position)) * s.output_stride;
}

// Shared by the workers of a team.
template <class Cell>
struct Workspace {
  using T = typename Cell::Element;
  const RecurrentShape& s;
  const RecurrentInputs<T>& in;
  const Schedule& schedule;
  Rows<T> operand, gates, state;

  index hidden() const { return s.I + 1; }  // where h begins in an operand
  const T* dropout(index b) const { return in.dropout ? in.dropout + b * s.I : nullptr; }
  const T* of_sequence(const T* rows, index b) const { return rows ? rows + b * s.U : nullptr; }
  const T* recurrent_dropout(index b) const { return of_sequence(in.recurrent_dropout, b); }
  index x_step(index position) const { return step_of_x(s, position); }
  index id(index step, index row) const {
    return index(in.ids[schedule.sequence(row) * s.T + x_step(schedule.position(row, step))]);
  }
  // Of what is saved of a step, the part of these rows.
  void prefetch(const Rows<T>& saved, index step, Range rows, PrefetchQueue<T>& queue) const {
    const index count = min(rows.end, schedule.count(step)) - rows.begin;
    if (count > 0) queue.add(saved[schedule.first(step) + rows.begin], count * saved.stride);
  }
};

// ---- partition of the work -----------------------------------------------------------------------------------------

// Small batches are divided by units, which takes a barrier per step; others by rows, which takes none. Both give the
// same bits. Weights beyond L2 are read anew in every step: then the limit for few rows is higher, since each thread
// would have to read all weights instead of its part.
constexpr index kSmallBatch = 8;
constexpr index kFewRows = 4, kFewRowsBeyondL2 = 16;  // per thread

struct Partition {
  bool over_units;  // else over rows
  int threads;

  // Step pointers of rows are written by the worker that steps them; over units by each worker for itself. Padding
  // keeps those of two workers on lines of their own.
  static constexpr index kPadding = 32;
  index pointers(index rows) const { return over_units ? threads * (rows + kPadding) : rows + threads * kPadding; }
  index first_pointers(int worker, index rows) const { return worker * ((over_units ? rows : 0) + kPadding); }
};

template <class Cell>
Partition partition_of(const RecurrentShape& s) {
  // Multiplications per thread that amortise a barrier, and waking a thread. With few rows a step is bound by loads of
  // weights, so the bar is lower.
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

// The panels of one worker, in alternating direction: where a walk begins are the panels that are still in L2, if not
// all of them fit. `down` is the direction of the walk before, which the thread keeps from call to call.
class SerpentinePanels {
 public:
  SerpentinePanels(Range panels, index panel_bytes)
      : panels_(panels), beyond_l2_(panels.size() * panel_bytes > kPanelsInL2Bytes) {}
  index size() const { return panels_.size(); }
  bool beyond_l2() const { return beyond_l2_; }

  // body(first panel, end, next panel), `together` panels at once, and those that are left one by one.
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
// hardware prefetchers cause false partition wherever the rows of two workers meet.
class RowPartition {
 public:
  RowPartition(int height, bool over_units, Team& team)
      : height_(height), worker_(over_units ? 0 : team.rank), workers_(over_units ? 1 : team.size), team_(team) {}

  // When the number of active sequences changes; rows change hands at a barrier.
  void repartition(index active) {
    if (active == rows_) return;
    if (workers_ > 1) team_.barrier();
    rows_ = active;
    own_ = Range{0, active}.part(worker_, workers_);
    tiles_ = ceil_div(own_.size(), height_);
    least_ = tiles_ > 0 ? own_.size() / tiles_ : 0;
    more_ = own_.size() - least_ * tiles_;
  }
  Range own() const { return own_; }
  // body(first row, rows, number) for the tiles of this worker. The first more_ of them have a row more than the
  // others.
  template <class Body>
  PYDL_INLINE void each(const Body& body) const {
    for (index i = 0; i < tiles_; i++) body(own_.begin + i * least_ + min(i, more_), least_ + (i < more_), i);
  }

 private:
  const index height_, worker_, workers_;
  Team& team_;
  Range own_{};
  index rows_ = 0, tiles_ = 0, least_ = 0, more_ = 0;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
