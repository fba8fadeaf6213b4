// Which time steps the sequences of a batch go through. Masked steps are left out, wherever they are, so that plain
// sequences of different lengths remain; sorted by length, the sequences that make step s are the first count[s] rows.
// The other files know nothing else of masks, and time is proportional to the number of unmasked steps.
#pragma once
#include "contract/recurrent.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

class Schedule {
 public:
  static index bytes(const RecurrentShape& s, bool masked) {
    return (2 * s.B + 3 * (s.T + 1) + (masked ? s.B * s.T : 0)) * index(sizeof(index));
  }

  Schedule(const RecurrentShape& s, const unsigned char* mask, void* memory) : T_(s.T) {
    order_ = static_cast<index*>(memory);
    index* length = order_ + s.B;
    count_ = length + s.B;
    first_ = count_ + s.T + 1;
    index* place = first_ + s.T + 1;
    if (mask) positions_ = place + s.T + 1;
    for (index t = 0; t <= s.T; t++) count_[t] = place[t] = 0;
    for (index b = 0; b < s.B; b++) {
      length[b] = mask ? read(mask + b * s.T, s.go_backwards, positions_ + b * s.T) : s.T;
      place[s.T - length[b]]++;
    }
    // The longest sequence first, those of equal length in their order.
    for (index t = 0, before = 0; t <= s.T; t++) {
      const index here = place[t];
      place[t] = before;
      before += here;
      if (t < s.T) count_[s.T - 1 - t] = before;
    }
    for (index b = 0; b < s.B; b++) order_[place[s.T - length[b]]++] = b;
    first_[0] = 0;
    for (index t = 0; t < s.T; t++) first_[t + 1] = first_[t] + count_[t];
    steps_ = s.T;
    while (steps_ > 0 && count_[steps_ - 1] == 0) steps_--;
  }

  index steps() const { return steps_; }                   // of the longest sequence
  index rows() const { return first_[steps_]; }            // of all steps together
  index sequence(index row) const { return order_[row]; }  // of the batch
  index count(index step) const { return count_[step]; }   // rows that make this step; 0 for step T
  index first(index step) const { return first_[step]; }   // rows of all steps before

  // When a row makes its step, in processing order; and when the next (T: never). Its output repeats until then.
  index position(index row, index step) const { return positions_ ? positions_[order_[row] * T_ + step] : step; }
  index next_position(index row, index step) const {
    if (!positions_) return step + 1;
    return row < count_[step + 1] ? position(row, step + 1) : T_;
  }

 private:
  index read(const unsigned char* mask, bool backwards, index* positions) const {
    index n = 0;
    for (index t = 0; t < T_; t++)
      if (mask[backwards ? T_ - 1 - t : t]) positions[n++] = t;
    return n;
  }

  index T_, steps_ = 0;
  index *order_, *count_, *first_, *positions_ = nullptr;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
