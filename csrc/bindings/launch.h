// How every binding runs its kernel: without the GIL, and as a step of the inference plan when one is being recorded.
//
//   launch("relu", {memory_of(x)}, {y}, [=](const void* const* in, void* const* out, const void*) {
//     kernels().of<T>().elementwise.activation_forward(..., static_cast<const T*>(in[0]), static_cast<T*>(out[0]));
//   });
//
// The body must take all it touches from `in`, `out` and the third argument (the packed weight, or null), and capture
// only values: a plan calls it again with other memory. `outs` are arrays that this call made; if all of them are
// empty, the body does not run.
#pragma once
#include <unistd.h>

#include <utility>

#include "bindings/array.h"
#include "runtime/plan.h"
#include "runtime/threads/parallel.h"

namespace pydl {

inline Memory memory_of(const py::object& a) {  // an array, or None for an argument that is absent
  if (a.is_none()) return {nullptr, 0};
  py::array array = py::reinterpret_borrow<py::array>(a);
  return {array.data(), array.nbytes()};
}

// As py::gil_scoped_release, except for daemon threads that want the GIL back while the interpreter is finalized. Until
// Python 3.13 Python unwinds such a thread, which would end the process in a destructor and drop references without the
// GIL. Here it waits for the end of the process.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) pause();
    }
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* const state_;
};

// Around every run of kernels: the GIL is free, and this thread is known to be inside kernels.
// WARNING: keep this order. A thread that forks holds the GIL and waits for kernels to end, so kernels never wait for
// the GIL.
struct KernelScope {
  WithoutGil unlocked;
  InKernels here;
};

template <std::size_t In, std::size_t Out, class Body>
void launch(const char* op, const Memory (&in)[In], const py::array (&out)[Out], const Body& body,
            Plan::Packing packing = {}) {
  const void* reads[In];
  void* writes[Out];
  for (std::size_t i = 0; i < In; i++) reads[i] = in[i].data;
  for (std::size_t i = 0; i < Out; i++) writes[i] = mutable_data<void>(out[i]);
  // Nothing to write, nothing to do: a kernel might still loop over many empty rows.
  bool some = false;
  for (const py::array& a : out) some |= a.nbytes() > 0;
  if (some) {
    KernelScope run;
    body(static_cast<const void* const*>(reads), static_cast<void* const*>(writes), static_cast<const void*>(nullptr));
  }
  const std::shared_ptr<Plan> plan = Plan::recording();
  if (!plan) return;
  std::vector<Memory> written;
  for (const py::array& a : out) {
    written.push_back({a.data(), a.nbytes()});
    plan->keep(std::make_shared<py::array>(a));
  }
  if (some)
    plan->add_step(op, {in, in + In}, written, body, std::move(packing));
  else
    plan->add_step(op, {in, in + In}, written, [](const void* const*, void* const*, const void*) {}, {});
}

}  // namespace pydl
