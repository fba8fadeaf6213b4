// What a cell sees of a step.
#pragma once
#include "kernels/recurrent/units.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

// Where a cell reads and writes one row in one step: rows of U elements, gates of kSavedGates times as
// many. Null: not wanted.
template <class T>
struct StepPointers {
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

// The sums of some rows and one panel, [row][kVectors vectors]: all of them in from_h, or those with x separate.
template <class T>
struct Sums {
  const T *from_h, *from_x;
};

// The same in backward. Null: zeros.
template <class T>
struct StepGradPointers {
  T *gates, *carried;                 // carried: for the step before; see Backward
  const T *state, *before, *operand;  // the states of this step and the one before; h as the product saw it
  const T *arrived, *dh;              // what the step after has carried, or a final gradient; one of h beside it
  const T *dy, *dropout;              // dy: of the first output that this step is; dropout: of h
  index outputs;                      // how many outputs it is
  bool last;                          // of its sequence: no step after it says anything
};

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
