// How every binding runs its kernel: without the GIL, and as a step of the plan that records, if any.
//
//   launch("relu", {memory_of(x)}, {y}, [=](const KernelCall& call) {
//     call.kernels<T>().elementwise.activation_forward(..., call.in<T>(0), call.out<T>(0));
//   });
//
// The body must take all it touches from `call`, and capture only values: a plan calls it again with other memory.
// The outputs are arrays that this call made; if all of them are empty, the body does not run.
#pragma once
#include <unistd.h>

#include <utility>

#include "bindings/array.h"
#include "runtime/dispatch.h"
#include "runtime/plan.h"
#include "runtime/threads/parallel.h"

namespace pydl {

// What a body gets: the table of kernels, and the memory to work on.
struct KernelCall {
  const Kernels& table;
  const void* const* inputs;
  void* const* outputs;
  const void* packed_weight;  // or null

  template <class T>
  const KernelTable<T>& kernels() const {
    return table.of<T>();
  }
  template <class T>
  const T* in(index i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <class T>
  T* out(index i) const {
    return static_cast<T*>(outputs[i]);
  }
  template <class T>
  const T* packed() const {
    return static_cast<const T*>(packed_weight);
  }
};

// For questions to kernels, which run nothing: the size of an output, the algorithm of a shape.
inline const Kernels& query_kernels() { return kernels(); }

inline Memory memory_of(const Array& a) {  // empty for an argument that is None
  if (!a) return {nullptr, 0};
  return {data<void>(a), a.nbytes()};
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

// A step of a plan, which keeps `out` until it has recorded all; without `run` one that does nothing.
void record(Plan& plan, const char* op, const std::vector<Memory>& in, const Array* out, std::size_t writes,
            Plan::Run run, Plan::Packing packing);

template <std::size_t In, std::size_t Out, class Body>
void launch(const char* op, const Memory (&in)[In], const Array (&out)[Out], const Body& body,
            Plan::Packing packing = {}) {
  const void* from[In];
  void* to[Out];
  bool some = false;  // nothing to write, nothing to do: a kernel might still loop over many empty rows
  for (std::size_t i = 0; i < In; i++) from[i] = in[i].data;
  for (std::size_t i = 0; i < Out; i++) {
    to[i] = mutable_data<void>(out[i]);
    some |= out[i].size() > 0;
  }
  if (some) {
    KernelScope run;
    body(KernelCall{kernels(), from, to, nullptr});
  }
  const std::shared_ptr<Plan> plan = Plan::recording();
  if (!plan) return;
  Plan::Run again;
  if (some)
    again = [body](const void* const* reads, void* const* writes, const void* packed) {
      body(KernelCall{kernels(), reads, writes, packed});
    };
  record(*plan, op, {in, in + In}, out, Out, std::move(again), std::move(packing));
}

// A kernel that changes arrays of the caller, body(table): no plan may repeat it.
template <class Body>
void launch_in_place(const char* op, const Body& body) {
  if (const auto plan = Plan::recording()) plan->fail(std::string(op) + " changes weights");
  KernelScope run;
  body(kernels());
}

// All that a plan recorded.
inline void launch(Plan& plan, const void* const* in, void* const* out) {
  KernelScope run;
  plan.run(in, out);
}

// How a plan packs the weights that a launch reads as in[arguments]: pack(call), whose first output gets
// bytes(table) bytes.
template <class Bytes, class Pack>
Plan::Packing packing(std::vector<int> arguments, const Bytes& bytes, const Pack& pack) {
  return {std::move(arguments), [bytes] { return bytes(kernels()); },
          [pack](const void* const* weights, void* packed) { pack(KernelCall{kernels(), weights, &packed, nullptr}); }};
}

}  // namespace pydl
