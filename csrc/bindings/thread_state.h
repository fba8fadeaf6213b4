// What the forward pass of a thread is part of. Python reads and writes it as `pydl._core.state` (see pydl/tape.py).
#pragma once
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>

namespace pydl {

// Plain members, for `thread_local` without a destructor: the two objects are only there while a plan records, which
// ends before its thread does.
struct ThreadState {
  bool grad_enabled = true;
  std::int64_t open_tapes = 0;
  PyObject* plan = nullptr;       // the one that is recording
  PyObject* updates = nullptr;    // what it is to write to variables: a dict, see pydl.plan.update
  bool numbers_stay = false;      // whether numbers that ops are called with are the same in each pass
  std::optional<bool> training;   // what the outermost layer was called with; None at depth 0
  std::int64_t depth = 0;         // layers inside layers
  bool hidden = false;            // in a layer of a model that other layers follow
  std::int64_t forward_pass = 0;  // counts the calls of outermost layers

  bool outside() const { return depth == 0 && open_tapes == 0 && plan == nullptr; }
};
ThreadState& thread_state();

}  // namespace pydl
