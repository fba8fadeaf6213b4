// Instruction set, threads and build facts.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "runtime/check.h"
#include "runtime/dispatch.h"
#include "runtime/precision.h"
#include "runtime/threads/parallel.h"

namespace pydl {

void bind_config(py::module_& m) {
  m.def("isa", [] { return kernels().isa; }, "The instruction set in use.");
  m.def(
      "set_isa",
      [](const std::string& name) {
        BetweenKernels here;
        set_isa(name.c_str());
      },
      py::arg("name"));
  m.def(
      "isas",
      [] {
        py::dict all;
        for (int i = 0; i < isa_count(); i++) all[isa_name(i)] = isa_supported(i);
        return all;
      },
      "Compiled-in instruction sets, worst first: name -> whether this CPU has it.");
  m.def("precision", &precision, "How exact convolutions are: 'default' or 'strict'.");
  m.def(
      "set_precision",
      [](const std::string& name) {
        BetweenKernels here;
        set_precision(name.c_str());
      },
      py::arg("name"));
  m.def("num_threads", &num_threads);
  m.def("default_num_threads", &default_num_threads);
  m.def(
      "set_num_threads",
      [](index n) {
        PYDL_CHECK(n >= 1 && n <= kMaxThreads, "[set_num_threads] n: expected 1 to ", kMaxThreads, ", got ", n);
        set_num_threads(int(n));
      },
      py::arg("n"));
  m.def("thread_override", &thread_override, "This thread's own thread count, or 0.");
  m.def(
      "set_thread_override",
      [](index n) {
        PYDL_CHECK(n >= 0 && n <= kMaxThreads, "[threads] n: expected 1 to ", kMaxThreads, ", got ", n);
        set_thread_override(int(n));
      },
      py::arg("n"));
  m.def("build_info", [] {
    py::dict info;
    info["version"] = PYDL_VERSION;
    info["commit"] = PYDL_COMMIT;
    info["compiler"] = __VERSION__;
    info["cplusplus"] = __cplusplus;
    return info;
  });
}

}  // namespace pydl
