// The last step of errors: every error about the arguments of a function of this module names the function, and
// pybind11's own errors name the argument too.
#pragma once
#include <pybind11/pybind11.h>

namespace pydl {

// For the functions that the module has now, and the methods of its classes.
void name_refusals(pybind11::module_& m);

}  // namespace pydl
