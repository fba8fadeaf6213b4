// The pointers and sums that a cell gets for one step.
#pragma once
#include "kernels/recurrent/units.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

// Where a cell reads and writes one row in one step: rows have U elements, gates kSavedGates times as many. Null: not
// wanted.
template <class T>
struct StepPointers {
  const T *before, *operand;  // the state before the step; h as the product reads it
  T *state, *gates;
  T *h, *c, *y;      // h: the next step's operand, or the last h of the sequence; c: the last state of the sequence
  const T* dropout;  // of h as it enters the next operand
};

// The units of a panel: all of them exist (kAll), or some.
template <class T, bool kAll>
struct Units {
  index U, first;
  PYDL_INLINE int from(index unit) const { return kAll ? kLanes<T> : units_left<T>(U, unit); }
};

// The sums of some rows and one panel, [row][kVectors vectors]: all in from_h, or those with x separate in from_x.
template <class T>
struct Sums {
  const T *from_h, *from_x;
};

// The same for backward. Null: zeros.
template <class T>
struct StepGradPointers {
  T *gates, *dstate_prev;             // dstate_prev: for the step before; see Backward
  const T *state, *before, *operand;  // the states of this step and of the one before; h as the product read it
  const T *dstate_next, *dh;  // dstate_next: from the step after, or final; dh: the final gradient of h beside it
  const T *dy, *dropout;      // dy: of the first output of this step; dropout: of h
  index outputs;              // how many outputs repeat this step
  bool last;                  // the last step of its sequence: no later one gives a gradient
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
