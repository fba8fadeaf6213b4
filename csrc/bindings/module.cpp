// The table of contents of pydl._core.
#include "bindings/bindings.h"
#include "bindings/refusals.h"
#include "runtime/check.h"
#include "runtime/dispatch.h"
#include "runtime/precision.h"
#include "runtime/threads/cpus.h"

namespace {
constexpr const char* kOnlyMain =
    "[pydl] import: expected the main interpreter, got a sub-interpreter; give each its own process";
}

// The init function of PYBIND11_MODULE takes the GIL of the main interpreter; in another interpreter it would wait
// forever.
#define PyInit__core init_in_main_interpreter
PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) throw std::runtime_error(kOnlyMain);
  m.doc() = "The compiled kernels of pydl. Use pydl.ops; nothing here is public.";
  m.attr("__version__") = PYDL_VERSION;
  pybind11::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const pydl::TypeError& e) {
      pybind11::set_error(PyExc_TypeError, e.what());
    }
  });
  pydl::kernels();    // a bad PYDL_ISA is reported at import
  pydl::precision();  // and a bad PYDL_PRECISION
  if (const std::string warning = pydl::omp_num_threads_warning(); !warning.empty())
    if (PyErr_WarnEx(PyExc_RuntimeWarning, warning.c_str(), 1) < 0) throw pybind11::error_already_set();
  pydl::bind_config(m);
  pydl::bind_memory(m);
  pydl::bind_thread_state(m);
  pydl::bind_tensor(m);
  pydl::bind_snapshot(m);
  pydl::bind_plan(m);
#define PYDL_FAMILY(stem, Stem) pydl::bind_##stem(m);
#include "contract/families.def"
  pydl::name_refusals(m);
}
#undef PyInit__core

extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return init_in_main_interpreter();
  PyErr_SetString(PyExc_ImportError, kOnlyMain);
  return nullptr;
}
