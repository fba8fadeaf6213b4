// The forward pass of a recurrent cell over whole sequences.
//
// Large batches: each step multiplies the whole operand, [x | 1 | h], and the sums end in registers with all gates of a
// unit side by side; then the cell makes of them its state and its output. Small batches would read all weights in each
// step for a handful of rows, so there the products with x are made for many steps at once. Tokens need no product.
#pragma once
#include "../scratch.h"
#include "recurrent_run.h"

namespace pydl::PYDL_ISA {
namespace {

// Where a cell finds and leaves what belongs to one row in one step: rows of U elements, gates of kSavedGates times as
// many. Null: not wanted.
template <class T>
struct Places {
  const T *before, *operand;  // the state before; h as the product sees it
  T *state, *gates;
  T *h, *c, *y;      // h: the next step's operand, or the last h of the sequence; c: the last state of the sequence
  const T* dropout;  // of h on its way into the next operand
};

// The units of a panel, all of which exist or some.
template <class T, bool kAll>
struct Units {
  index U, first;
  PYDL_INLINE int from(index unit) const { return kAll ? kLanes<T> : units_left<T>(U, unit); }
};

// The sums of some rows and one panel, [row][kVectors vectors]: all of them in from_h, or those with x apart.
template <class T>
struct Sums {
  const T *from_h, *from_x;
};

// A processor fetches ahead what lies behind the last row of one member, and that is the first of another. Inference of
// few rows sets them this much farther apart than they need.
template <class T>
index distance(const RecurrentShape& s) {
  constexpr index kFew = 256;
  return s.B > kFew ? 0 : 32 * kLineSize<T>;
}

// Rows that are written where they are read, step by step, with a gap where those of another member begin: a processor
// that goes from row to row fetches ahead at the same distance, and would take lines there that another writes. The
// gaps stay where they are when rows are dealt anew.
template <class T>
class RowsApart {
 public:
  RowsApart() = default;
  RowsApart(T* data, index stride, index rows, int members)
      : data_(data), stride_(stride), members_per_row_(double(members) / double(rows)), half_(0.5 / double(rows)) {}
  static index size(index stride, index rows, int members) { return rows * stride + (members - 1) * kGap; }
  // A row is that of the last member whose first row, member / members_per_row_ rounded down, is less than row + 1.
  T* operator[](index row) const {
    return data_ + row * stride_ + index(double(row + 1) * members_per_row_ - half_) * kGap;
  }

 private:
  static constexpr index kGap = 64 * kLineSize<T>;
  T* data_ = nullptr;
  index stride_ = 0;
  double members_per_row_ = 0, half_ = 0;
};

template <class Cell>
class Forward {
 public:
  using T = typename Cell::Element;
  using P = Panels<Cell>;
  static constexpr int kHeight = gate_rows(Cell::kVectors), kTogether = panels_together(Cell::kVectors);

  Forward(const Run<Cell>& run, const RecurrentOutputs<T>& out, const T* packed, index chunk)
      : run(run),
        s(run.s),
        schedule(run.schedule),
        out(out),
        packed_(packed),
        chunk_(chunk),
        slots_(chunk > 1 ? chunk : 2) {}

  // How many steps have their products with x made together.
  static index chunk_of(const RecurrentShape& shape) {
    constexpr index kRows = 128;
    return shape.B < kSmallBatch ? ceil_div(kRows, shape.B > 0 ? shape.B : 1) : 1;
  }
  static bool fused(const RecurrentShape& shape) {
    return Cell::kFusesInput && shape.B >= kSmallBatch && !shape.tokens;
  }

  void start() {
    const Sharing sharing = sharing_of<Cell>(s);
    const index rows = smaller(chunk_, s.T) * s.B;
    Scratch from_x(!multiplies_inputs() ? 0 : rows * P::count(s) * P::kRow * index(sizeof(T)));
    Scratch places(sharing.places(s.B) * index(sizeof(Places<T>)));
    const int members = sharing.by_units ? 1 : sharing.threads;  // that share the rows
    const index stride = odd_lines<T>(s.U) + distance<T>(s);
    Scratch latest(keeps_latest() ? RowsApart<T>::size(stride, s.B, members) * index(sizeof(T)) : 0);
    latest_ = {static_cast<T*>(latest.data()), stride, s.B, members};
    places_ = static_cast<Places<T>*>(places.data());
    from_x_ = Rows<T>{static_cast<T*>(from_x.data()), rows * P::kRow};
    // So little is copied here in less time than a meeting takes.
    constexpr index kLittle = 4096;
    const bool read_here = sharing.by_units && rows * s.I <= kLittle;
    if (read_here) read_steps(0, smaller(chunk_, schedule.steps()), 0, 1);
    run_team(sharing.threads, [&](Team& team) { member(team, sharing, read_here); });
    for (index row = schedule.steps() ? schedule.count(0) : 0; row < s.B; row++) never_stepped(schedule.sequence(row));
  }

  // -- for the cells

  const Run<Cell>& run;
  const RecurrentShape& s;
  const Schedule& schedule;
  const RecurrentOutputs<T>& out;

  // Where the operands of a step begin. Inference keeps those of a chunk and of the step after it. With one step to a
  // chunk the two change places, so that h need not move.
  index row_of(index step) const { return out.saved ? schedule.first(step) : step % slots_ * s.B; }

  // Hands on the output of some units of a row: to the next step, or out of the layer.
  static PYDL_INLINE void publish(const Places<T>& to, index unit, int n, V<T> h) {
    if (to.y) store_units(to.y + unit, h, n);
    store_units(to.h + unit, dropped(h, to.dropout, unit, n), n);
  }

 private:
  // Where the gates of a step begin.
  index kept(index step) const { return out.saved ? schedule.first(step) : 0; }
  // The state after a step; inference keeps only the latest. Before the first step its slot holds the initial one.
  T* state(index step, index row) const {
    if (keeps_latest()) return latest_[row];
    return Cell::kKeepsState ? run.state[schedule.first(step) + row] : nullptr;
  }
  Places<T> places(index step, index row) const {
    const index b = schedule.sequence(row);
    const bool last = row >= schedule.count(step + 1);
    Places<T> p{};
    p.state = state(step, row);
    p.before = out.saved && step > 0 ? state(step - 1, row) : p.state;
    p.operand = run.operand[row_of(step) + row] + run.hidden();
    if (out.saved || Cell::stages(s) > 1) p.gates = run.gates[kept(step) + row];
    p.h = last ? out.h + b * s.U : next_operand(step, row);
    if (last && out.c) p.c = out.c + b * s.U;
    if (!last) p.dropout = run.recurrent_dropout(b);
    if (s.return_sequences)
      p.y = out.y + output_at(s, b, schedule.position(row, step));
    else if (last)
      p.y = out.y + b * s.output_stride;
    return p;
  }

  bool keeps_latest() const { return Cell::kKeepsState && !out.saved; }
  bool multiplies_inputs() const { return !fused(s) && !s.tokens; }

  T* next_operand(index step, index row) const {
    const index next = out.saved || chunk_ == 1 ? row_of(step + 1) : row_of(step) + s.B;
    return run.operand[next + row] + run.hidden();
  }

  void member(Team& team, const Sharing& sharing, bool first_chunk_is_read) {
    const bool by_units = sharing.by_units;
    Places<T>* const places_of_row = places_ + sharing.first_place(team.rank, s.B);
    RowShare rows(kHeight, by_units, team);
    const Range all{0, P::count(s)};
    const PanelWalk panels(by_units ? all.part(team.rank, team.size) : all, P::rows(s) * P::kRow * index(sizeof(T)));
    for (index begin = 0; begin < schedule.steps(); begin += chunk_) {
      const index end = smaller(begin + chunk_, schedule.steps()), first_row = row_of(begin);
      const index end_row = row_of(end - 1) + schedule.count(end - 1);
      const bool at_once = by_units && multiplies_inputs() && end - begin == 1;
      if (by_units) {
        if (begin > 0 || !first_chunk_is_read) {
          read_steps(begin, end, team.rank, team.size);
          team.barrier();
        }
        if (multiplies_inputs() && !at_once) multiply_inputs(panels, first_row, end_row, first_row);
      }
      for (index step = begin; step < end; step++) {
        rows.deal(schedule.count(step));
        rows.each([&](index first, index count, index) {
          for (index row = first; row < first + count; row++) {
            places_of_row[row] = places(step, row);
            if (!by_units) read(step, row, step == begin);
          }
          if (!by_units && multiplies_inputs())
            multiply_inputs(panels, row_of(step) + first, row_of(step) + first + count, first_row);
        });
        Ahead<T> ahead;
        if (out.saved && !by_units && !panels.far() && step + 1 < schedule.steps()) {
          run.fetch(run.operand, step + 1, rows.mine(), ahead);
          run.fetch(run.gates, step + 1, rows.mine(), ahead);
          run.fetch(run.state, step + 1, rows.mine(), ahead);
        }
        for (int stage = 0; stage < Cell::stages(s); stage++) {
          panels.each(together(panels, schedule.count(step)), [&](index panel, index end_panel, index next) {
            const Range group{panel, end_panel};
            // The halves of a panel for x and for h lie together.
            const bool both = at_once && stage == 0;
            if (panels.far()) ahead = next_panel(next, both ? 0 : skipped(), P::rows(s));
            if (both) multiply_inputs(group, first_row, end_row, first_row, ahead);
            rows.each([&](index first, index count, index) {
              multiply(step, stage, first, count, group, ahead, (row_of(step) + first - first_row) * P::kRow,
                       places_of_row + first);
            });
          });
          const bool is_last = step + 1 == schedule.steps() && stage + 1 == Cell::stages(s);
          if (by_units && !is_last) team.barrier();
        }
      }
    }
  }

  // The rows of a chunk that fall to one of `size` readers.
  void read_steps(index begin, index end, int rank, int size) const {
    for (index step = begin; step < end; step++)
      for (index row = rank; row < schedule.count(step); row += size) read(step, row, step == begin);
  }

  // The operand of a step, but for what the step before has put there.
  void read(index step, index row, bool first_of_chunk) const {
    const index b = schedule.sequence(row);
    T* to = run.operand[row_of(step) + row];
    const T* x = run.in.x + (b * s.T + run.x_step(schedule.position(row, step))) * s.I;
    if (const T* factor = run.dropout(b))
      map_row<T>(s.I, to, [=](auto at) { return at(x) * at(factor); });
    else
      map_row<T>(s.I, to, [=](auto at) { return at(x); });
    const T* next = x + (s.go_backwards ? -s.I : s.I);  // lies far from the next row's, where nothing else asks for it
    for (index i = 0; i < s.I; i += kLineSize<T>) __builtin_prefetch(next + i);
    to[s.I] = to[run.hidden() + s.U] = 1;
    T* h = to + run.hidden();
    if (step == 0) {
      const T* initial = run.of_sequence(run.in.h0, b);
      for (index u = 0; u < s.U; u += kLanes<T>) {
        const int n = units_left<T>(s.U, u);
        store_units(h + u, dropped(load_or_zero(initial, u, n), run.recurrent_dropout(b), u, n), n);
      }
      if constexpr (Cell::kKeepsState) copy_or_zero(Cell::initial_state(run.in), b, state(0, row));
    } else if (first_of_chunk && chunk_ > 1 && !out.saved) {
      const T* before = next_operand(step - 1, row);
      map_row<T>(s.U, h, [=](auto at) { return at(before); });
    }
  }

  // How many panels are multiplied at once. If they come from afar, one stream of weights arrives more quickly than
  // several.
  index together(const PanelWalk& panels, index rows) const {
    constexpr index kNearWeights = 256 << 10;
    const bool near = panels.size() * (s.U + 1) * P::kRow * index(sizeof(T)) <= kNearWeights;
    return rows == 1 && near ? kTogether : 1;
  }
  PanelSteps steps_of(Range panels, index sums) const { return {panels.size() > 1, P::rows(s) * P::kRow, sums}; }

  // from_x = [x | 1] * weights for operands [begin, end), which stand next to each other.
  void multiply_inputs(const PanelWalk& panels, index begin, index end, index first_of_chunk) const {
    panels.each(together(panels, end - begin), [&](index panel, index end_panel, index next) {
      Ahead<T> ahead;
      if (panels.far()) ahead = next_panel(next, 0, run.hidden());
      multiply_inputs({panel, end_panel}, begin, end, first_of_chunk, ahead);
    });
  }
  void multiply_inputs(Range panels, index begin, index end, index first_of_chunk, Ahead<T>& ahead) const {
    for (index row = begin; row < end; row += kHeight)
      multiply_gates<Cell::kVectors, kTogether>(
          smaller(kHeight, end - row), s.I + 1, run.operand[row], run.operand.stride, weights(panels.begin), P::kRow,
          ahead, from_x_[panels.begin] + (row - first_of_chunk) * P::kRow, steps_of(panels, from_x_.stride));
  }

  // The sums of some rows and panels, and what the cell makes of them; `x_at`: where the products with x have them.
  void multiply(index step, int stage, index row, index count, Range panels, Ahead<T>& ahead, index x_at,
                const Places<T>* places) const {
    constexpr index kRoom = kTogether > kHeight ? kTogether : kHeight;
    alignas(64) T sums[kRoom * P::kRow], looked_up[kRoom * P::kRow];
    const T* from_x = fused(s) ? nullptr : s.tokens ? looked_up : from_x_[panels.begin] + x_at;
    PanelSteps steps = steps_of(panels, P::kRow);
    steps.old = fused(s) ? 0 : s.tokens ? P::kRow : from_x_.stride;
    if (s.tokens)
      for (index panel = panels.begin, at = 0; panel < panels.end; panel++)
        for (index r = 0; r < count; r++, at += P::kRow) look_up(run.token(step, row + r), panel, looked_up + at);
    Cell::multiply(*this, stage, places, count, run.operand[row_of(step) + row] + skipped(),
                   weights(panels.begin) + skipped() * P::kRow, s.I + 1 + s.U - skipped(), ahead, sums, from_x, steps);
    for (index panel = panels.begin, i = 0; panel < panels.end; panel++, i++) {
      const Sums<T> both{sums + i * P::kRow, from_x + i * steps.old};
      const index unit = panel * P::kUnits;
      if (s.U - unit >= P::kUnits)
        Cell::finish(*this, stage, places, count, Units<T, true>{s.U, unit}, both);
      else
        Cell::finish(*this, stage, places, count, Units<T, false>{s.U, unit}, both);
    }
  }

  // What a token adds to the sums of a panel: the bias, which comes first in the panel, and its row of the kernel.
  void look_up(index token, index panel, T* to) const {
    const T* row = run.in.kernel + token * Cell::kGates * s.U;
    PYDL_UNROLL for (index v = 0; v < Cell::kVectors; v++) {
      const index unit = P::unit_of(panel, v), at = v * kLanes<T>;
      const V<T> bias = load(weights(panel) + at);
      store(to + at, unit < s.U ? bias + load_units(row + P::column_of(s, panel, v), units_left<T>(s.U, unit)) : bias);
    }
  }

  // Of an operand, and of a panel: what the product with h leaves out.
  index skipped() const { return fused(s) ? 0 : run.hidden(); }
  const T* weights(index panel) const { return packed_ + panel * P::rows(s) * P::kRow; }
  Ahead<T> next_panel(index panel, index begin, index end) const {
    Ahead<T> ahead;
    ahead.add(weights(panel) + begin * P::kRow, (end - begin) * P::kRow);
    return ahead;
  }

  // A sequence whose steps are all masked: its state stays, and there is no output to repeat.
  void never_stepped(index b) const {
    copy_or_zero(run.in.h0, b, out.h + b * s.U);
    if (out.c) copy_or_zero(run.in.c0, b, out.c + b * s.U);
    if (!s.return_sequences) copy_or_zero(nullptr, b, out.y + b * s.output_stride);
  }
  void copy_or_zero(const T* from, index b, T* to) const {
    from = run.of_sequence(from, b);
    map_row<T>(s.U, to, [=](auto at) { return from ? at(from) : V<T>{}; });
  }

  const T* packed_;
  const index chunk_, slots_;
  Places<T>* places_ = nullptr;
  Rows<T> from_x_{};
  RowsApart<T> latest_;  // states of inference
};

// The outputs of masked steps: those of the step before, or zeros at the beginning.
template <class T>
void repeat_outputs(const RecurrentShape& s, const unsigned char* mask, T* y) {
  parallel(s.B, 1 + (1 << 16) / (s.T * s.U + 1), [=](index begin, index end) {
    for (index b = begin; b < end; b++)
      for (index t = 0; t < s.T; t++) {
        if (mask[b * s.T + step_of_x(s, t)]) continue;
        const T* before = t > 0 ? y + output_at(s, b, t - 1) : nullptr;
        map_row<T>(s.U, y + output_at(s, b, t), [=](auto at) { return before ? at(before) : V<T>{}; });
      }
  });
}

template <class Cell>
void recurrent_forward(const RecurrentShape& s, const RecurrentInputs<typename Cell::Element>& in,
                       const typename Cell::Element* packed, const RecurrentOutputs<typename Cell::Element>& out) {
  using T = typename Cell::Element;
  constexpr index kSize = index(sizeof(T));
  if (s.B == 0 || s.U == 0) return;
  Scratch schedule_memory(Schedule::bytes(s, in.mask));
  const Schedule schedule(s, in.mask, schedule_memory.data());
  const SavedLayout<Cell> layout(s);
  const index chunk = Forward<Cell>::chunk_of(s);
  // Without training: the operands of a chunk and those of the step after it, and gates for two stages.
  const index operands = out.saved ? s.B * s.T : (chunk + 1) * s.B;
  const index gates = out.saved ? s.B * s.T : Cell::stages(s) > 1 ? s.B : 0;
  const index operand_stride = layout.operand + (out.saved ? 0 : distance<T>(s));
  Scratch memory(out.saved ? 0 : (operands * operand_stride + gates * layout.gates) * kSize);
  T* base = out.saved ? out.saved : static_cast<T*>(memory.data());
  const Rows<T> operand{base, operand_stride}, gate_rows{operand[operands], layout.gates},
      state{gate_rows[gates], layout.state};  // of training
  Scratch packing(packed ? 0 : Panels<Cell>::size(s) * kSize);
  if (!packed) {
    Panels<Cell>::pack(s, in, static_cast<T*>(packing.data()));
    packed = static_cast<T*>(packing.data());
  }
  const Run<Cell> run{s, in, schedule, operand, gate_rows, state};
  Forward<Cell>(run, out, packed, chunk).start();
  if (in.mask && s.return_sequences) repeat_outputs(s, in.mask, out.y);
}

}  // namespace
}  // namespace pydl::PYDL_ISA
