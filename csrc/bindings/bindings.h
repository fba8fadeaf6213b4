// Every file of bindings registers its functions; module.cpp calls them all.
#pragma once
#include <pybind11/pybind11.h>

namespace pydl {
namespace py = pybind11;

void bind_config(py::module_&);
void bind_memory(py::module_&);
void bind_thread_state(py::module_&);
void bind_tensor(py::module_&);
void bind_snapshot(py::module_&);
void bind_plan(py::module_&);
#define PYDL_FAMILY(stem, Stem) void bind_##stem(py::module_&);
#include "contract/families.def"

}  // namespace pydl
