// Arguments that are not arrays: tuples of sizes and names of activations, checked on the way in.
#pragma once
#include <pybind11/pybind11.h>

#include <vector>

#include "../kernels.h"

namespace pydl {
namespace py = pybind11;

// A tuple (or list) of `count` ints, each in [minimum, 2^31): bounds that keep sums and products of sizes in range.
// Throws TypeError (not a sequence of ints) or ValueError (length, range), naming op and argument.
std::vector<index> checked_ints(const char* op, const char* name, py::handle object, std::size_t count, index minimum);

// A real number; TypeError for anything else. (pybind11's own error for a wrong number names no argument.)
double checked_real(const char* op, const char* name, py::handle object);

// Keras's name of an activation; TypeError if it is no string, ValueError with the list of names if it is unknown.
Activation checked_activation(const char* op, const char* name, py::handle object);

}  // namespace pydl
