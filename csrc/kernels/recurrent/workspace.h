// The workspace of one call: operands, gates and states.
//
// The operand of a step holds one row per sequence: [x | 1 | h | 1], so that one row of the weights is the bias, and
// one matrix product gives the gradients of all weights. Training saves the operands, gates and states of all steps for
// backward: the reserve space, without gaps between steps (see schedule.h). Inference holds only those of the current
// steps. Row strides are an odd number of cache lines, because powers of two map to few sets of L1.
#pragma once
#include "kernels/common/base.h"
#include "kernels/common/prefetch.h"
#include "kernels/recurrent/schedule.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

template <class T>
constexpr index odd_lines(index elements) {
  return (ceil_div(elements, kLineSize<T>) | 1) * kLineSize<T>;
}

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

// The step of x, and the offset in y or dy, of a position in processing order.
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
  // Queues these rows of the reserve space of a step.
  void prefetch(const Rows<T>& saved, index step, Range rows, PrefetchQueue<T>& queue) const {
    const index count = min(rows.end, schedule.count(step)) - rows.begin;
    if (count > 0) queue.add(saved[schedule.first(step) + rows.begin], count * saved.stride);
  }
};

// The hardware prefetcher runs past the last row of one worker into the first of the next (false sharing). Inference
// with few rows pads each row by this many elements.
template <class T>
index prefetcher_padding(const RecurrentShape& s) {
  constexpr index kFew = 256;
  return s.B > kFew ? 0 : 32 * kLineSize<T>;
}

// Rows that each step reads and writes in place, with gaps between the rows of different workers: without them the
// hardware prefetcher of one worker fetches lines that another writes. Repartitioning does not move the gaps.
template <class T>
class PaddedRows {
 public:
  PaddedRows() = default;
  PaddedRows(T* data, index stride, index rows, int workers)
      : data_(data), stride_(stride), workers_per_row_(double(workers) / double(rows)), half_(0.5 / double(rows)) {}
  static index size(index stride, index rows, int workers) { return rows * stride + (workers - 1) * kGap; }
  // A row belongs to the last worker whose first row, worker / workers_per_row_ rounded down, is less than row + 1.
  T* operator[](index row) const {
    return data_ + row * stride_ + index(double(row + 1) * workers_per_row_ - half_) * kGap;
  }

 private:
  static constexpr index kGap = 64 * kLineSize<T>;
  T* data_ = nullptr;
  index stride_ = 0;
  double workers_per_row_ = 0, half_ = 0;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
