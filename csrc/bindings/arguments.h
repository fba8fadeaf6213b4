// Arguments that are not arrays: tuples of sizes, numbers and names of activations.
#pragma once
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "contract/types.h"

namespace pydl {
namespace py = pybind11;

// The text of an object in error messages: an array's type and shape, else its repr, of a bounded length.
std::string shown(py::handle object);

// Whether the object is a str with this (ASCII) text. No str is an error, not even one with lone surrogates.
bool is_text(py::handle object, const char* text);

// A tuple (or list) of `count` ints, each in [minimum, maximum]: bounds that keep sums and products of sizes in range.
// Throws TypeError (not a sequence of ints) or ValueError (length, range), naming op and argument.
inline constexpr std::size_t kAnyCount = ~std::size_t(0);
inline constexpr index kMaxInt = (index(1) << 31) - 1;
std::vector<index> checked_ints(const char* op, const char* name, py::handle object, std::size_t count, index minimum,
                                index maximum = kMaxInt);

// A real number; TypeError for anything else. (pybind11's own error for a wrong number names no argument.)
double checked_real(const char* op, const char* name, py::handle object);

// What contract/activations.def says of an activation.
enum class Saved { saves_output, saves_input };
struct ActivationTraits {
  Activation kind;
  const char* name;
  Saved saved;
  double alpha;  // the default; 0 without one
};
inline constexpr ActivationTraits kActivations[] = {
#define PYDL_ACTIVATION(name, Name, saved, alpha) {Activation::name, #name, Saved::saved, alpha},
#include "contract/activations.def"
};

// Keras's name of an activation; TypeError if it is no string, ValueError with the list of names if it is unknown.
Activation checked_activation(const char* op, const char* name, py::handle object);

}  // namespace pydl
