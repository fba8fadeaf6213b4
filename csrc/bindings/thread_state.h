// The state of the forward pass of a thread. Python reads and writes it as `pydl._core.state` (see
// pydl/autograd/tape.py).
#pragma once
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>

#include "runtime/plan.h"

namespace pydl {

// Plain members, so that `thread_local` needs no destructor: the dict exists only while a plan records, which ends
// before its thread. Which plan records, only `Plan::recording()` knows.
struct ThreadState {
  bool grad_enabled = true;
  std::int64_t tape_depth = 0;          // open gradient tapes
  PyObject* post_run_writes = nullptr;  // of the plan that records: a dict, see autograd.plan.write_variable
  std::optional<bool> training;         // what the outermost layer was called with; None at layer_depth 0
  std::int64_t layer_depth = 0;         // layers inside layers

  bool outside() const { return layer_depth == 0 && tape_depth == 0 && !Plan::is_recording(); }
};
ThreadState& thread_state();

// The attribute `plan`: the one that records; None pauses it. In bind_plan.cpp, which knows Python's type of plans.
PyObject* get_recording_plan(PyObject*, void*);
int set_recording_plan(PyObject*, PyObject* plan, void*);

}  // namespace pydl
