// NumPy arrays in the bindings: inputs are checked, outputs come from the pool.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "contract/types.h"
#include "runtime/check.h"

namespace pydl {
namespace py = pybind11;

// "float32 (2, 3, 4)"
std::string describe(const py::handle& object);

// An argument `name` of `op`: an ndarray, C-contiguous and aligned; of this rank unless rank < 0. Throws TypeError (not
// an array, wrong dtype) or ValueError (rank, layout), naming op and argument.
py::array checked(const char* op, const char* name, py::handle object, int rank = -1);

// C-contiguous and aligned.
inline bool is_plain(const py::array& a) {
  constexpr int wanted = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  return (a.flags() & wanted) == wanted;
}

template <class T>
bool is(const py::array& a) {
  return a.dtype().num() == py::dtype::num_of<T>();
}

// Calls body(float{}) or body(double{}) by the dtype of a; TypeError for any other.
template <class Body>
auto by_dtype(const char* op, const char* name, const py::array& a, Body body) {
  if (is<float>(a)) return body(float{});
  PYDL_CHECK_TYPE(is<double>(a), "[", op, "] ", name, ": expected float32 or float64, got ", describe(a));
  return body(double{});
}

// A further argument of the same element type as the first. `shape` entries of -1 match anything.
template <class T>
py::array checked_as(const char* op, const char* name, py::handle object, const std::vector<index>& shape);
// Likewise, but None is allowed and stays None; see data_or_null.
template <class T>
py::object checked_or_none(const char* op, const char* name, py::handle object, const std::vector<index>& shape);

// A new array from the pool, uninitialised. Its views keep the block alive; the block returns to the pool with the last
// one.
py::array make_array(const py::dtype& dtype, const std::vector<index>& shape);
template <class T>
py::array make_array(const std::vector<index>& shape) {
  return make_array(py::dtype::of<T>(), shape);
}

// A view of an array that make_array made: writable, even if that array is read-only.
py::array writable(const py::array& a);

template <class T>
const T* data(const py::array& a) {
  return static_cast<const T*>(a.data());
}
template <class T>
T* mutable_data(const py::array& a) {  // only for arrays from make_array, or after check_writable
  return static_cast<T*>(const_cast<void*>(a.data()));
}
void check_writable(const char* op, const char* name, const py::array& a);

std::string shape_string(const std::vector<index>& shape);  // "(2, 3, -1)"
std::vector<index> shape_of(const py::array& a);

// The product of the sizes; ValueError "[op] ...: too large" if it (times 8 bytes) does not fit into a signed 64-bit.
index checked_size(const char* op, const char* name, const std::vector<index>& shape);

void check_shape(const char* op, const char* name, const py::array& a, const std::vector<index>& expected);

template <class T>
py::array checked_as(const char* op, const char* name, py::handle object, const std::vector<index>& shape) {
  py::array a = checked(op, name, object);
  PYDL_CHECK_TYPE(is<T>(a), "[", op, "] ", name, ": expected ", py::str(py::dtype::of<T>()).cast<std::string>(), " ",
                  shape_string(shape), ", got ", describe(a));
  check_shape(op, name, a, shape);
  return a;
}
template <class T>
py::object checked_or_none(const char* op, const char* name, py::handle object, const std::vector<index>& shape) {
  if (object.is_none()) return py::none();
  return checked_as<T>(op, name, object, shape);
}
template <class T>
const T* data_or_null(const py::object& a) {
  return a.is_none() ? nullptr : static_cast<const T*>(py::reinterpret_borrow<py::array>(a).data());
}

}  // namespace pydl
