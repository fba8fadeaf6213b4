// What Python gives for one direction of a recurrent layer: a struct, filled from a dict of keywords.
#pragma once
#include <pybind11/pybind11.h>

namespace pydl {
namespace py = pybind11;

// Fields that are not given keep these values. Their types and shapes are checked in recurrent_direction.h.
struct RecurrentArguments {
  py::object kernel = py::none(), recurrent_kernel = py::none(), bias = py::none();
  py::object h0 = py::none(), c0 = py::none(), mask = py::none();
  py::object dropout_mask = py::none(), recurrent_dropout_mask = py::none();
  py::object activation, recurrent_activation;  // null: tanh, sigmoid
  bool go_backwards = false, return_sequences = true, reset_after = true;
  py::object saved = py::none(), dh = py::none(), dc = py::none();  // backward only

  // `name` is what the function calls the dict. TypeError for unknown keywords, and for flags that are no bools.
  RecurrentArguments(const char* op, const char* name, const py::dict& given);
};

}  // namespace pydl
