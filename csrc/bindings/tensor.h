// pydl.Tensor in C++: its fields, and how one is made around an array.
#pragma once
#include "bindings/array.h"

namespace pydl {

// A Python object: TensorFields in bind_tensor.cpp, which pydl.Tensor derives from. Fields that were never set are
// None.
struct TensorFields {
  PyObject_HEAD PyObject *array, *grad, *mask, *node;
  bool requires_grad;
  bool fixed_array;  // of a variable: `array` stays the same object, which plans and optimizers know by its address
};

// A tensor without history. The array is not checked.
py::object make_tensor(const py::object& array);

}  // namespace pydl
