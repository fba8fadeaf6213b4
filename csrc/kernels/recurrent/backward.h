// Backpropagation through time, from the last step to the first. The gradients of a step's gates overwrite its saved
// gates, because the step before needs them. The gradients of all weights and of x are one matrix product each over
// many steps, computed while its operands are still in a cache.
#pragma once
#include "kernels/recurrent/gradients.h"
#include "kernels/recurrent/partition.h"
#include "kernels/recurrent/step.h"
#include "kernels/recurrent/tile.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

template <class Cell>
class Backward {
 public:
  using T = typename Cell::Element;
  static constexpr index kCols = kTileCols<T>;  // units of a panel
  static constexpr int kHeight = gate_rows(kTileVectors);

  Backward(const Workspace<Cell>& workspace, const RecurrentGradients<T>& grads, Rows<T> dstate)
      : workspace(workspace),
        s(workspace.s),
        schedule(workspace.schedule),
        grads(grads),
        dstate(dstate),
        partition_(partition_of<Cell>(s)),
        packed_memory_(ceil_div(s.U, kCols) * panel_size() * index(sizeof(T))),
        pointers_memory_(partition_.pointers(s.B) * index(sizeof(StepGradPointers<T>))) {
    pack_transposed(workspace.in.recurrent_kernel, s.U, Cell::kGates * s.U, static_cast<T*>(packed_memory_.data()));
  }

  // Computes these steps, the last first; later steps must be done. With the first step come the gradients of h0 and
  // c0.
  void walk(Range steps) const {
    parallel_region(partition_.threads, [&](Team& team) { worker(team, steps); });
  }

  // -- for the cells

  const Workspace<Cell>& workspace;
  const RecurrentShape& s;
  const Schedule& schedule;
  const RecurrentGradients<T>& grads;
  const Rows<T> dstate;  // per sequence (row of the schedule): gradient for the state before that bypasses the gates

  // The gradient of h after a step, without `dstate_next`: from the gates of the next step, and from all outputs that
  // repeat this step.
  PYDL_INLINE V<T> dh_of_step(const StepGradPointers<T>& p, index unit, int n, const T* from_gates) const {
    V<T> dh{};
    if (!p.last) dh = dropped(load(from_gates), p.dropout, unit, n);
    for (index i = 0; i < p.outputs; i++) dh += load_units(p.dy + i * between_outputs_ + unit, n);
    return dh;
  }

  // c[count][kCols] = a[count][K] * rows [k, k + K) of the transposed recurrent kernel (+ c_in), for one panel of
  // units.
  PYDL_INLINE void multiply(index count, index K, const T* a, index panel, index k, PrefetchQueue<T>& queue,
                            const T* c_in, T* c) const {
    multiply_gates<kTileVectors>(count, K, a, workspace.gates.stride, weights(panel) + k * kCols, kCols, queue, c, {},
                                 c_in);
  }

 private:
  T* gates(index step, index row) const { return workspace.gates[schedule.first(step) + row]; }

  StepGradPointers<T> step_pointers(index step, index row) const {
    const index b = schedule.sequence(row), at = schedule.first(step) + row;
    StepGradPointers<T> p{};
    p.gates = workspace.gates[at];
    p.dstate_prev = dstate[row];
    if constexpr (Cell::kSavesState) {
      p.state = workspace.state[at];
      p.before = step > 0 ? workspace.state[schedule.first(step - 1) + row]
                          : workspace.of_sequence(Cell::initial_state(workspace.in), b);
    }
    p.operand = workspace.operand[at] + workspace.hidden();
    p.last = row >= schedule.count(step + 1);
    p.dstate_next = p.last ? workspace.of_sequence(Cell::kStateIsHidden ? grads.dh : grads.dc, b) : p.dstate_prev;
    if (p.last && !Cell::kStateIsHidden) p.dh = workspace.of_sequence(grads.dh, b);
    p.dropout = workspace.recurrent_dropout(b);
    if (grads.dy && s.return_sequences) {
      const index position = schedule.position(row, step);
      p.dy = grads.dy + output_at(s, b, position);
      p.outputs = schedule.next_position(row, step) - position;
    } else if (grads.dy && p.last) {
      p.dy = grads.dy + b * s.output_stride;
      p.outputs = 1;
    }
    return p;
  }

  void worker(Team& team, Range steps) const {
    const bool over_units = partition_.over_units;
    StepGradPointers<T>* const pointers =
        static_cast<StepGradPointers<T>*>(pointers_memory_.data()) + partition_.first_pointers(team.rank, s.B);
    RowPartition rows(kHeight, over_units, team);
    const Range all{0, ceil_div(s.U, kCols)};
    const SerpentinePanels panels(over_units ? all.part(team.rank, team.size) : all,
                                  Cell::kSavedGates * s.U * kCols * index(sizeof(T)));
    for (index step = steps.end - 1; step >= steps.begin; step--) {
      rows.repartition(schedule.count(step));
      const bool prefetches = !over_units && !panels.beyond_l2() && step > 0;
      rows.each([&](index first, index count, index) {
        for (index row = first; row < first + count; row++) {
          pointers[row] = step_pointers(step, row);
          if (prefetches) prefetch_gradient(step - 1, row);
        }
      });
      PrefetchQueue<T> queue;
      if (prefetches) workspace.prefetch(workspace.gates, step - 1, rows.own(), queue);
      // A step also reads the state before it; that of step - 1 is in the cache already.
      if (prefetches && step > 1) workspace.prefetch(workspace.state, step - 2, rows.own(), queue);
      for (int stage = 0; stage < Cell::stages(s); stage++) {
        panels.each(team.walks.backward, 1, [&](index panel, index, index next) {
          if (panels.beyond_l2()) queue = next_panel(next, stage);
          rows.each([&](index row, index count, index) {
            alignas(64) T sums[kHeight * kCols];
            if (stage == 0)
              from_next_step(step, row, count, panel, queue, sums);
            else
              Cell::multiply_back(*this, stage, count, gates(step, row), panel, queue, sums);
            each_vector(
                count, panel,
                [&](index r, index unit, int n, const T* from_gates) {
                  Cell::backward(*this, stage, pointers[row + r], unit, n, from_gates);
                },
                sums);
          });
        });
        if (over_units) team.barrier();
      }
    }
    if (!grads.dh0 || steps.begin > 0) return;
    rows.repartition(s.B);
    panels.each(team.walks.backward, 1, [&](index panel, index, index next) {
      PrefetchQueue<T> queue;
      if (panels.beyond_l2()) queue = next_panel(next, 0);
      rows.each([&](index row, index count, index) { finish(row, count, panel, queue); });
    });
  }

  // Prefetches the gradient of the output of a step.
  void prefetch_gradient(index step, index row) const {
    if (!grads.dy || !s.return_sequences) return;
    const T* dy = grads.dy + output_at(s, schedule.sequence(row), schedule.position(row, step));
    pydl::PYDL_ISA::prefetch<kIntoL2>(dy, s.U);
  }

  // The gradient of h from the gates of the next step, for those of the rows that make this step.
  void from_next_step(index step, index row, index count, index panel, PrefetchQueue<T>& queue, T* sums) const {
    const index makers = step + 1 < schedule.steps() ? min(count, schedule.count(step + 1) - row) : 0;
    if (makers > 0) Cell::multiply_back(*this, 0, makers, gates(step + 1, row), panel, queue, sums);
  }

  // body(row, first unit, units, their sums) for all vectors of a panel.
  template <class Body>
  PYDL_INLINE void each_vector(index count, index panel, const Body& body, const T* sums) const {
    const index first = panel * kCols;
    if (s.U - first >= kCols) {
      for (index r = 0; r < count; r++, sums += kCols) {
        PYDL_UNROLL for (int v = 0; v < kTileVectors; v++) {
          body(r, first + v * kLanes<T>, kLanes<T>, sums + v * kLanes<T>);
        }
      }
    } else {
      for (index r = 0; r < count; r++, sums += kCols)
        for (index unit = first; unit < s.U; unit += kLanes<T>)
          body(r, unit, units_left<T>(s.U, unit), sums + unit - first);
    }
  }

  // The gradients of the initial states.
  void finish(index row, index count, index panel, PrefetchQueue<T>& queue) const {
    alignas(64) T sums[kHeight * kCols];
    from_next_step(-1, row, count, panel, queue, sums);
    each_vector(
        count, panel,
        [&](index r, index unit, int n, const T* from_gates) {
          const index b = schedule.sequence(row + r);
          const bool stepped = schedule.steps() > 0 && row + r < schedule.count(0);
          V<T> dh = stepped ? dropped(load(from_gates), workspace.recurrent_dropout(b), unit, n) : V<T>{};
          if (Cell::kStateIsHidden || !stepped) dh += initial(stepped, row + r, unit, n, grads.dh);
          store_units(grads.dh0 + b * s.U + unit, dh, n);
          if (grads.dc0) store_units(grads.dc0 + b * s.U + unit, initial(stepped, row + r, unit, n, grads.dc), n);
        },
        sums);
  }
  V<T> initial(bool stepped, index row, index unit, int n, const T* final) const {
    return load_or_zero<T>(stepped ? dstate[row] : workspace.of_sequence(final, schedule.sequence(row)), unit, n);
  }

  index panel_size() const { return Cell::kGates * s.U * kCols; }
  const T* weights(index panel) const { return static_cast<const T*>(packed_memory_.data()) + panel * panel_size(); }
  PrefetchQueue<T> next_panel(index panel, int stage) const {
    const Range read = Cell::read_back(s, stage);
    PrefetchQueue<T> queue;
    queue.add(weights(panel) + read.begin * kCols, read.size() * kCols);
    return queue;
  }

  const index between_outputs_ =
      output_at(s, 0, 1) - output_at(s, 0, 0);  // stride from one output of a sequence to the next, in processing order
  const Partition partition_;
  const Scratch packed_memory_, pointers_memory_;
};

// How many rows of steps one product of weight gradients sums over. Their reserve space stays in L2, but is at least as
// large as the weight gradients, which each product reads and writes once. All products get equally many.
template <class Cell>
index rows_per_product(const Workspace<Cell>& workspace) {
  using T = typename Cell::Element;
  const index row = workspace.operand.stride + workspace.gates.stride + workspace.state.stride;
  const index weights = (workspace.hidden() + workspace.s.U) * Cell::kGates * workspace.s.U;
  const index most = max(kStepsTogetherBytes / index(sizeof(T)), weights), all = workspace.schedule.rows();
  return ceil_div(all, max(1, ceil_div(all * row, most)));
}

template <class Cell>
void recurrent_backward(const RecurrentShape& s, const RecurrentInputs<typename Cell::Element>& in,
                        const RecurrentGradients<typename Cell::Element>& grads) {
  using T = typename Cell::Element;
  Scratch schedule_memory(Schedule::bytes(s, in.mask));
  const Schedule schedule(s, in.mask, schedule_memory.data());
  const SavedLayout<Cell> layout(s);
  const Rows<T> operand{grads.saved, layout.operand}, gates{operand[s.B * s.T], layout.gates},
      state{gates[s.B * s.T], layout.state};
  const index stride = odd_lines<T>(s.U);
  Scratch dstate(s.B * stride * index(sizeof(T)));
  const Workspace<Cell> workspace{s, in, schedule, operand, gates, state};
  const Backward<Cell> backward(workspace, grads, Rows<T>{static_cast<T*>(dstate.data()), stride});
  const InputGradient<Cell> dx(workspace, grads.dx);
  T* dweights = grads.dweights + s.id_rows * Cell::kGates * s.U;
  const index per_product = rows_per_product(workspace);
  index end = schedule.steps();
  do {
    index begin = end;
    while (begin > 0 && schedule.first(end) - schedule.first(begin) < per_product) begin--;
    if (s.B > 0) backward.walk({begin, end});
    const Range rows{schedule.first(begin), schedule.first(end)};
    Cell::weight_gradients(workspace, rows, end < schedule.steps(), dweights);
    dx.of({begin, end});
    end = begin;
  } while (end > 0);
  if (s.id_rows) id_gradient(workspace, grads.dweights);
}

template <class Cell>
index recurrent_saved_size(const RecurrentShape& s) {
  return s.B * s.T * SavedLayout<Cell>(s).row();
}

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
