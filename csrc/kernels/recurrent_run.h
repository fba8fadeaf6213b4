// What forward and backward of every recurrent cell share: the packed weights, the memory of a run, and who does what.
//
// The operand of a step holds one row per sequence: [x | 1 | h | 1], so that a row of weights is a bias, and one matrix
// product gives the gradients of all weights. Training keeps the operands, gates and states of all steps (rows without
// gaps, see recurrent_schedule.h); inference those of the steps at hand. Rows of memory take an odd number of cache
// lines: rows of a power of two would share few sets of the first-level cache.
//
// A cell has kGates gates in kVectors vectors; kUnits units (a panel) have all their gates in one tile of registers.
#pragma once
#include "activation.h"
#include "gemm_blocked.h"
#include "recurrent_schedule.h"
#include "recurrent_tile.h"

namespace pydl::PYDL_ISA {
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
struct Panels {
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
    for (index k = 0; k < rows; k++, to += kRow) PYDL_UNROLL for (index v = 0; v < Cell::kVectors; v++) {
        const index unit = unit_of(panel, v);
        const T* row = from + k * Cell::kGates * s.U;
        store(to + v * kLanes<T>,
              from && unit < s.U ? load_units(row + column_of(s, panel, v), units_left<T>(s.U, unit)) : V<T>{});
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
        state(Cell::kKeepsState ? odd_lines<T>(s.U) : 0) {}
  index row() const { return operand + gates + state; }
};

// Where the step at a position in the order of processing has its x, and its y or dy.
inline index step_of_x(const RecurrentShape& s, index position) {
  return s.go_backwards ? s.T - 1 - position : position;
}
inline index output_at(const RecurrentShape& s, index b, index position) {
  return (b * s.T + (s.outputs_in_order ? step_of_x(s, position) : position)) * s.output_stride;
}

// Shared by the members of a team.
template <class Cell>
struct Run {
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
  index token(index step, index row) const {
    return index(in.tokens[schedule.sequence(row) * s.T + x_step(schedule.position(row, step))]);
  }
  // Of what training keeps of a step, the part of these rows.
  void fetch(const Rows<T>& kept, index step, Range rows, Ahead<T>& ahead) const {
    const index count = smaller(rows.end, schedule.count(step)) - rows.begin;
    if (count > 0) ahead.add(kept[schedule.first(step) + rows.begin], count * kept.stride);
  }
};

// ---- who does what -------------------------------------------------------------------------------------------------

// Small batches are shared by units, which takes a meeting per step; others by rows, which takes none. Both give the
// same bits. Large weights come from afar in every step: then so many more rows are few, since each thread would have
// to fetch all weights instead of its share.
constexpr index kSmallBatch = 8;
constexpr index kFewRows = 4, kFewRowsForLarge = 16, kLarge = 1 << 20;  // rows per thread; bytes

struct Sharing {
  bool by_units;
  int threads;

  // The places of rows (see Places) are written by who steps them: by units all members, each for itself. Those of two
  // members do not share lines.
  static constexpr index kApart = 32;
  index places(index rows) const { return by_units ? threads * (rows + kApart) : rows + threads * kApart; }
  index first_place(int member, index rows) const { return member * ((by_units ? rows : 0) + kApart); }
};

template <class Cell>
Sharing sharing_of(const RecurrentShape& s) {
  // Multiplications that outweigh a meeting, and waking a thread: few rows wait for the weights of each of theirs.
  constexpr double kStepGrain = 1 << 14, kGrain = 1 << 18, kGrainOfFewRows = 1 << 17;
  const double step = double(s.B) * double(s.U) * double(Cell::kGates * s.U);
  const double all = double(s.B) * double(s.T) * double(s.I + s.U) * double(Cell::kGates * s.U);
  const int available = num_threads();
  const index weights = (s.I + s.U) * Cell::kGates * s.U * index(sizeof(typename Cell::Element));
  const index few = weights > kLarge ? kFewRowsForLarge : kFewRows;
  const bool by_units = s.B < kSmallBatch || s.B < few * available;
  const double of_all = all / (by_units ? kGrainOfFewRows : kGrain), of_step = step / kStepGrain;
  const double useful = by_units && of_step < of_all ? of_step : of_all;
  return {by_units, useful < 1 ? 1 : useful < available ? int(useful) : available};
}

// The panels of one member. Each walk goes the other way than the one before, also that of the call before: where it
// begins are the panels that are still near, if not all of them fit into the second-level cache.
class PanelWalk {
 public:
  PanelWalk(Range panels, index panel_bytes) : panels_(panels), far_(panels.size() * panel_bytes > kLarge) {}
  index size() const { return panels_.size(); }
  bool far() const { return far_; }

  // body(first panel, end, next panel), `together` panels at once, and those that are left one by one.
  template <class Body>
  PYDL_INLINE void each(index together, const Body& body) const {
    const index several = panels_.size() / together, count = several + panels_.size() % together;
    const auto begin = [&](index group) {
      return panels_.begin + (group < several ? group * together : several * together + group - several);
    };
    static thread_local bool down = false;
    down = !down;
    for (index i = 0; i < count; i++) {
      const index group = down ? count - 1 - i : i, next = i + 1 < count ? (down ? group - 1 : group + 1) : group;
      body(begin(group), begin(group + 1), begin(next));
    }
  }

 private:
  const Range panels_;
  const bool far_;
};

// The rows of a step, as many for each member and all of them together, in tiles of equal height (up to one row). Where
// the rows of two members meet, the lines of one are fetched by the other for nothing, and have to be fetched back.
class RowShare {
 public:
  RowShare(int height, bool by_units, Team& team)
      : height_(height), member_(by_units ? 0 : team.rank), members_(by_units ? 1 : team.size), team_(team) {}

  // Anew where another number of rows is active, so that nobody is left without rows. They change hands in a meeting.
  void deal(index active) {
    if (active == rows_) return;
    if (members_ > 1) team_.barrier();
    rows_ = active;
    mine_ = Range{0, active}.part(member_, members_);
    tiles_ = ceil_div(mine_.size(), height_);
    least_ = tiles_ > 0 ? mine_.size() / tiles_ : 0;
    more_ = mine_.size() - least_ * tiles_;
  }
  Range mine() const { return mine_; }
  // body(first row, rows, number) for the tiles of this member. The first more_ of them have a row more than the
  // others.
  template <class Body>
  PYDL_INLINE void each(const Body& body) const {
    for (index i = 0; i < tiles_; i++) body(mine_.begin + i * least_ + smaller(i, more_), least_ + (i < more_), i);
  }

 private:
  const index height_, member_, members_;
  Team& team_;
  Range mine_{};
  index rows_ = 0, tiles_ = 0, least_ = 0, more_ = 0;
};

}  // namespace
}  // namespace pydl::PYDL_ISA
