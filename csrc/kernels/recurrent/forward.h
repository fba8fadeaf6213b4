// The forward pass of a recurrent cell over whole sequences.
//
// Large batches: each step multiplies the whole operand, [x | 1 | h]. The sums of all gates of a unit end side by side
// in registers, and the cell computes its state and output from them. Small batches would read all weights in every
// step for a handful of rows, so the products with x are computed for many steps at once. Ids need no product with x.
#pragma once
#include "kernels/recurrent/packing.h"
#include "kernels/recurrent/partition.h"
#include "kernels/recurrent/step.h"
#include "kernels/recurrent/tile.h"
#include "kernels/recurrent/workspace.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

template <class Cell>
class Forward {
 public:
  using T = typename Cell::Element;
  using P = PackedPanels<Cell>;
  static constexpr int kHeight = gate_rows(Cell::kVectors), kTogether = panels_together(Cell::kVectors);

  Forward(const Workspace<Cell>& workspace, const RecurrentOutputs<T>& out, const T* packed, index chunk)
      : workspace(workspace),
        s(workspace.s),
        schedule(workspace.schedule),
        out(out),
        packed_(packed),
        chunk_(chunk),
        slots_(chunk > 1 ? chunk : 2) {}

  // How many steps have their products with x computed together.
  static index chunk_of(const RecurrentShape& shape) {
    constexpr index kRows = 128;
    return shape.B < kSmallBatch ? ceil_div(kRows, shape.B > 0 ? shape.B : 1) : 1;
  }
  static bool fused(const RecurrentShape& shape) {
    return Cell::kFusesInput && shape.B >= kSmallBatch && !shape.id_rows;
  }

  void start() {
    const Partition partition = partition_of<Cell>(s);
    const index rows = min(chunk_, s.T) * s.B;
    Scratch from_x(!multiplies_inputs() ? 0 : rows * P::count(s) * P::kRow * index(sizeof(T)));
    Scratch pointers(partition.pointers(s.B) * index(sizeof(StepPointers<T>)));
    const int workers = partition.over_units ? 1 : partition.threads;  // that share the rows
    const index stride = odd_lines<T>(s.U) + prefetcher_padding<T>(s);
    Scratch current(has_current() ? PaddedRows<T>::size(stride, s.B, workers) * index(sizeof(T)) : 0);
    current_ = {static_cast<T*>(current.data()), stride, s.B, workers};
    pointers_ = static_cast<StepPointers<T>*>(pointers.data());
    from_x_ = Rows<T>{static_cast<T*>(from_x.data()), rows * P::kRow};
    // Copying so few elements takes less time than a barrier.
    constexpr index kFewElements = 4096;
    const bool first_is_read = partition.over_units && rows * s.I <= kFewElements;
    if (first_is_read) read_steps(0, min(chunk_, schedule.steps()), 0, 1);
    parallel_region(partition.threads, [&](Team& team) { worker(team, partition, first_is_read); });
    for (index row = schedule.steps() ? schedule.count(0) : 0; row < s.B; row++) never_stepped(schedule.sequence(row));
  }

  // -- for the cells

  const Workspace<Cell>& workspace;
  const RecurrentShape& s;
  const Schedule& schedule;
  const RecurrentOutputs<T>& out;

  // The first operand row of a step. Inference holds the operands of a chunk and of the step after it. With chunks of
  // one step, two buffers alternate, so that h is not copied.
  index row_of(index step) const { return out.saved ? schedule.first(step) : step % slots_ * s.B; }

  // Stores the output of some units of a row: into the operand of the next step, or into the outputs of the layer.
  static PYDL_INLINE void store_output(const StepPointers<T>& to, index unit, int n, V<T> h) {
    if (to.y) store_units(to.y + unit, h, n);
    store_units(to.h + unit, dropped(h, to.dropout, unit, n), n);
  }

 private:
  // The first row of gates of a step.
  index first_gates(index step) const { return out.saved ? schedule.first(step) : 0; }
  // The state after a step; inference holds only the current one. Before the first step this is the initial state.
  T* state(index step, index row) const {
    if (has_current()) return current_[row];
    return Cell::kSavesState ? workspace.state[schedule.first(step) + row] : nullptr;
  }
  StepPointers<T> step_pointers(index step, index row) const {
    const index b = schedule.sequence(row);
    const bool last = row >= schedule.count(step + 1);
    StepPointers<T> p{};
    p.state = state(step, row);
    p.before = out.saved && step > 0 ? state(step - 1, row) : p.state;
    p.operand = workspace.operand[row_of(step) + row] + workspace.hidden();
    if (out.saved || Cell::stages(s) > 1) p.gates = workspace.gates[first_gates(step) + row];
    p.h = last ? out.h + b * s.U : next_operand(step, row);
    if (last && out.c) p.c = out.c + b * s.U;
    if (!last) p.dropout = workspace.recurrent_dropout(b);
    if (s.return_sequences)
      p.y = out.y + output_at(s, b, schedule.position(row, step));
    else if (last)
      p.y = out.y + b * s.output_stride;
    return p;
  }

  bool has_current() const { return Cell::kSavesState && !out.saved; }
  bool multiplies_inputs() const { return !fused(s) && !s.id_rows; }

  T* next_operand(index step, index row) const {
    const index next = out.saved || chunk_ == 1 ? row_of(step + 1) : row_of(step) + s.B;
    return workspace.operand[next + row] + workspace.hidden();
  }

  void worker(Team& team, const Partition& partition, bool first_chunk_is_read) {
    const bool over_units = partition.over_units;
    StepPointers<T>* const pointers = pointers_ + partition.first_pointers(team.rank, s.B);
    RowPartition rows(kHeight, over_units, team);
    const Range all{0, P::count(s)};
    const SerpentinePanels panels(over_units ? all.part(team.rank, team.size) : all,
                                  P::rows(s) * P::kRow * index(sizeof(T)));
    for (index begin = 0; begin < schedule.steps(); begin += chunk_) {
      const index end = min(begin + chunk_, schedule.steps()), first_row = row_of(begin);
      const index end_row = row_of(end - 1) + schedule.count(end - 1);
      const bool inputs_with_hidden = over_units && multiplies_inputs() && end - begin == 1;
      if (over_units) {
        if (begin > 0 || !first_chunk_is_read) {
          read_steps(begin, end, team.rank, team.size);
          team.barrier();
        }
        if (multiplies_inputs() && !inputs_with_hidden)
          multiply_inputs(team.walks.inputs, panels, first_row, end_row, first_row);
      }
      for (index step = begin; step < end; step++) {
        rows.repartition(schedule.count(step));
        rows.each([&](index first, index count, index) {
          for (index row = first; row < first + count; row++) {
            pointers[row] = step_pointers(step, row);
            if (!over_units) read(step, row, step == begin);
          }
          if (!over_units && multiplies_inputs())
            multiply_inputs(team.walks.inputs, panels, row_of(step) + first, row_of(step) + first + count, first_row);
        });
        PrefetchQueue<T> queue;
        if (out.saved && !over_units && !panels.beyond_l2() && step + 1 < schedule.steps()) {
          workspace.prefetch(workspace.operand, step + 1, rows.own(), queue);
          workspace.prefetch(workspace.gates, step + 1, rows.own(), queue);
          workspace.prefetch(workspace.state, step + 1, rows.own(), queue);
        }
        for (int stage = 0; stage < Cell::stages(s); stage++) {
          panels.each(team.walks.hidden, together(panels, schedule.count(step)),
                      [&](index panel, index end_panel, index next) {
                        const Range group{panel, end_panel};
                        // The parts of a panel for x and for h are adjacent.
                        const bool with_inputs = inputs_with_hidden && stage == 0;
                        if (panels.beyond_l2()) queue = next_panel(next, with_inputs ? 0 : skipped(), P::rows(s));
                        if (with_inputs) multiply_inputs(group, first_row, end_row, first_row, queue);
                        rows.each([&](index first, index count, index) {
                          multiply(step, stage, first, count, group, queue,
                                   (row_of(step) + first - first_row) * P::kRow, pointers + first);
                        });
                      });
          const bool is_last = step + 1 == schedule.steps() && stage + 1 == Cell::stages(s);
          if (over_units && !is_last) team.barrier();
        }
      }
    }
  }

  // Reads the rows of a chunk that belong to one of `size` workers.
  void read_steps(index begin, index end, int rank, int size) const {
    for (index step = begin; step < end; step++)
      for (index row = rank; row < schedule.count(step); row += size) read(step, row, step == begin);
  }

  // Writes the operand of a step, except what the step before has stored there.
  void read(index step, index row, bool first_of_chunk) const {
    const index b = schedule.sequence(row);
    T* to = workspace.operand[row_of(step) + row];
    const T* x = workspace.in.x + (b * s.T + workspace.x_step(schedule.position(row, step))) * s.I;
    if (const T* factor = workspace.dropout(b))
      map_row<T>(s.I, to, [=](auto at) { return at(x) * at(factor); });
    else
      map_row<T>(s.I, to, [=](auto at) { return at(x); });
    // x of the next step is far from that of the next row, so no hardware prefetcher finds it.
    prefetch<kIntoL1>(x + (s.go_backwards ? -s.I : s.I), s.I);
    to[s.I] = to[workspace.hidden() + s.U] = 1;
    T* h = to + workspace.hidden();
    if (step == 0) {
      const T* initial = workspace.of_sequence(workspace.in.h0, b);
      for (index u = 0; u < s.U; u += kLanes<T>) {
        const int n = units_left<T>(s.U, u);
        store_units(h + u, dropped(load_or_zero(initial, u, n), workspace.recurrent_dropout(b), u, n), n);
      }
      if constexpr (Cell::kSavesState) copy_or_zero(Cell::initial_state(workspace.in), b, state(0, row));
    } else if (first_of_chunk && chunk_ > 1 && !out.saved) {
      const T* before = next_operand(step - 1, row);
      map_row<T>(s.U, h, [=](auto at) { return at(before); });
    }
  }

  // How many panels are multiplied at once. Large weights load faster as one stream than as several.
  index together(const SerpentinePanels& panels, index rows) const {
    const bool few = panels.size() * (s.U + 1) * P::kRow * index(sizeof(T)) <= kFewWeightsBytes;
    return rows == 1 && few ? kTogether : 1;
  }
  PanelStrides strides_of(Range panels, index sums) const { return {panels.size() > 1, P::rows(s) * P::kRow, sums}; }

  // from_x = [x | 1] * weights for the operands [begin, end), which are adjacent.
  void multiply_inputs(bool& last_down, const SerpentinePanels& panels, index begin, index end,
                       index first_of_chunk) const {
    panels.each(last_down, together(panels, end - begin), [&](index panel, index end_panel, index next) {
      PrefetchQueue<T> queue;
      if (panels.beyond_l2()) queue = next_panel(next, 0, workspace.hidden());
      multiply_inputs({panel, end_panel}, begin, end, first_of_chunk, queue);
    });
  }
  void multiply_inputs(Range panels, index begin, index end, index first_of_chunk, PrefetchQueue<T>& queue) const {
    for (index row = begin; row < end; row += kHeight)
      multiply_gates<Cell::kVectors, kTogether>(
          min(kHeight, end - row), s.I + 1, workspace.operand[row], workspace.operand.stride, weights(panels.begin),
          P::kRow, queue, from_x_[panels.begin] + (row - first_of_chunk) * P::kRow, strides_of(panels, from_x_.stride));
  }

  // Computes the sums of some rows and panels, and the cell from them. `x_at`: the offset of their products with x.
  void multiply(index step, int stage, index row, index count, Range panels, PrefetchQueue<T>& queue, index x_at,
                const StepPointers<T>* pointers) const {
    constexpr index kRoom = kTogether > kHeight ? kTogether : kHeight;
    alignas(64) T sums[kRoom * P::kRow], from_ids[kRoom * P::kRow];
    const T* from_x = fused(s) ? nullptr : s.id_rows ? from_ids : from_x_[panels.begin] + x_at;
    PanelStrides strides = strides_of(panels, P::kRow);
    strides.c_in = fused(s) ? 0 : s.id_rows ? P::kRow : from_x_.stride;
    if (s.id_rows)
      for (index panel = panels.begin, at = 0; panel < panels.end; panel++)
        for (index r = 0; r < count; r++, at += P::kRow)
          load_row_of_id(workspace.id(step, row + r), panel, from_ids + at);
    Cell::multiply(*this, stage, pointers, count, workspace.operand[row_of(step) + row] + skipped(),
                   weights(panels.begin) + skipped() * P::kRow, s.I + 1 + s.U - skipped(), queue, sums, from_x,
                   strides);
    for (index panel = panels.begin, i = 0; panel < panels.end; panel++, i++) {
      const Sums<T> both{sums + i * P::kRow, from_x + i * strides.c_in};
      const index unit = panel * P::kUnits;
      if (s.U - unit >= P::kUnits)
        Cell::finish(*this, stage, pointers, count, Units<T, true>{s.U, unit}, both);
      else
        Cell::finish(*this, stage, pointers, count, Units<T, false>{s.U, unit}, both);
    }
  }

  // What an id adds to the sums of a panel: the bias, which is first in the panel, and the id's row of the kernel.
  void load_row_of_id(index id, index panel, T* to) const {
    const T* row = workspace.in.kernel + id * Cell::kGates * s.U;
    PYDL_UNROLL for (index v = 0; v < Cell::kVectors; v++) {
      const index unit = P::unit_of(panel, v), at = v * kLanes<T>;
      const V<T> bias = load(weights(panel) + at);
      store(to + at, unit < s.U ? bias + load_units(row + P::column_of(s, panel, v), units_left<T>(s.U, unit)) : bias);
    }
  }

  // What the product with h skips, of an operand and of a panel.
  index skipped() const { return fused(s) ? 0 : workspace.hidden(); }
  const T* weights(index panel) const { return packed_ + panel * P::rows(s) * P::kRow; }
  PrefetchQueue<T> next_panel(index panel, index begin, index end) const {
    PrefetchQueue<T> queue;
    queue.add(weights(panel) + begin * P::kRow, (end - begin) * P::kRow);
    return queue;
  }

  // A sequence whose steps are all masked keeps its state, and has no output to repeat.
  void never_stepped(index b) const {
    copy_or_zero(workspace.in.h0, b, out.h + b * s.U);
    if (out.c) copy_or_zero(workspace.in.c0, b, out.c + b * s.U);
    if (!s.return_sequences) copy_or_zero(nullptr, b, out.y + b * s.output_stride);
  }
  void copy_or_zero(const T* from, index b, T* to) const {
    from = workspace.of_sequence(from, b);
    map_row<T>(s.U, to, [=](auto at) { return from ? at(from) : V<T>{}; });
  }

  const T* packed_;
  const index chunk_, slots_;
  StepPointers<T>* pointers_ = nullptr;
  Rows<T> from_x_{};
  PaddedRows<T> current_;  // the current states, of inference
};

// Masked steps repeat the output of the step before; at the beginning they give zeros.
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
  // Inference holds the operands of a chunk and of the step after it, and gates only for cells of two stages.
  const index operands = out.saved ? s.B * s.T : (chunk + 1) * s.B;
  const index gates = out.saved ? s.B * s.T : Cell::stages(s) > 1 ? s.B : 0;
  const index operand_stride = layout.operand + (out.saved ? 0 : prefetcher_padding<T>(s));
  Scratch memory(out.saved ? 0 : (operands * operand_stride + gates * layout.gates) * kSize);
  T* base = out.saved ? out.saved : static_cast<T*>(memory.data());
  const Rows<T> operand{base, operand_stride}, gate_rows{operand[operands], layout.gates},
      state{gate_rows[gates], layout.state};  // saved in training only
  Scratch packing(packed ? 0 : PackedPanels<Cell>::size(s) * kSize);
  if (!packed) {
    PackedPanels<Cell>::pack(s, in, static_cast<T*>(packing.data()));
    packed = static_cast<T*>(packing.data());
  }
  const Workspace<Cell> workspace{s, in, schedule, operand, gate_rows, state};
  Forward<Cell>(workspace, out, packed, chunk).start();
  if (in.mask && s.return_sequences) repeat_outputs(s, in.mask, out.y);
}

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
