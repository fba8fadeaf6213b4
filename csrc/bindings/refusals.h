// The last word on errors: whatever refuses the arguments of a function of this module names the function, and
// pybind11's own refusals name the argument too.
#pragma once
#include <pybind11/pybind11.h>

namespace pydl {

// For the functions that are in the module now, and the methods of its classes.
void name_refusals(pybind11::module_& m);

}  // namespace pydl
