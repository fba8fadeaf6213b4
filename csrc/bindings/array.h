// The arrays of the bindings, which know no other type: inputs are checked, outputs come from the pool.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "contract/types.h"
#include "runtime/check.h"

namespace pydl {
namespace py = pybind11;

// A NumPy array. Only the functions below make one; it is empty where an optional argument is None.
class Array : public py::object {
 public:
  Array() = default;
  index ndim() const { return fields().nd; }
  index shape(index axis) const { return fields().dimensions[axis]; }
  const index* shape() const { return fields().dimensions; }
  index size() const {
    index product = 1;
    for (index i = 0; i < ndim(); i++) product *= shape(i);
    return product;
  }
  index nbytes() const;
  py::dtype dtype() const { return py::reinterpret_borrow<py::dtype>(fields().descr); }
  int type_number() const { return py::detail::array_descriptor_proxy(fields().descr)->type_num; }  // of NumPy
  bool has(int flags) const { return (fields().flags & flags) == flags; }

 private:
  explicit Array(py::object&& object) : py::object(std::move(object)) {}
  const py::detail::PyArray_Proxy& fields() const { return *py::detail::array_proxy(ptr()); }

  friend Array as_array(py::handle);
  friend Array make_array(const py::dtype&, const std::vector<index>&);
  friend Array writable(const Array&);
  template <class T>
  friend const T* data(const Array&);
};

bool is_array(py::handle object);  // of a derived class too
// The object itself; empty if it is none, or for exact_array of a derived class.
Array as_array(py::handle object);
Array exact_array(py::handle object);

// "float32 (2, 3, 4)"
std::string describe(const py::handle& object);

// An argument `name` of `op`: an ndarray, C-contiguous and aligned; of this rank unless rank < 0. Throws TypeError (not
// an array, wrong dtype) or ValueError (rank, layout), naming op and argument.
Array checked(const char* op, const char* name, py::handle object, int rank = -1);

// C-contiguous and aligned.
inline bool is_plain(const Array& a) {
  return a.has(py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_);
}

template <class T>
bool is(const Array& a) {
  return a.type_number() == py::dtype::num_of<T>();
}

// Calls body(float{}) or body(double{}) by the dtype of a; TypeError for any other.
template <class Body>
auto by_dtype(const char* op, const char* name, const Array& a, Body body) {
  if (is<float>(a)) return body(float{});
  PYDL_CHECK_TYPE(is<double>(a), "[", op, "] ", name, ": expected float32 or float64, got ", describe(a));
  return body(double{});
}

// A further argument of the same element type as the first. `shape` entries of -1 match anything.
template <class T>
Array checked_as(const char* op, const char* name, py::handle object, const std::vector<index>& shape);
// Likewise, but None is allowed and gives an empty one.
template <class T>
Array checked_or_none(const char* op, const char* name, py::handle object, const std::vector<index>& shape);

// A new array from the pool, uninitialised. Its views keep the block alive; the block returns to the pool with the last
// one.
Array make_array(const py::dtype& dtype, const std::vector<index>& shape);
template <class T>
Array make_array(const std::vector<index>& shape) {
  return make_array(py::dtype::of<T>(), shape);
}

// A view of an array that make_array made: writable, even if that array is read-only.
Array writable(const Array& a);

template <class T>
const T* data(const Array& a) {
  return static_cast<const T*>(static_cast<const void*>(a.fields().data));
}
template <class T>
T* mutable_data(const Array& a) {  // only for arrays from make_array, or after check_writable
  return const_cast<T*>(data<T>(a));
}
void check_writable(const char* op, const char* name, const Array& a);

std::string shape_string(const std::vector<index>& shape);  // "(2, 3, -1)"
std::vector<index> shape_of(const Array& a);

// The product of the sizes; ValueError "[op] ...: too large" if it (times 8 bytes) does not fit into a signed 64-bit.
index checked_size(const char* op, const char* name, const std::vector<index>& shape);

bool has_shape(const Array& a, const std::vector<index>& expected);  // -1 matches anything
void check_shape(const char* op, const char* name, const Array& a, const std::vector<index>& expected);

template <class T>
Array checked_as(const char* op, const char* name, py::handle object, const std::vector<index>& shape) {
  Array a = checked(op, name, object);
  PYDL_CHECK_TYPE(is<T>(a), "[", op, "] ", name, ": expected ", py::str(py::dtype::of<T>()).cast<std::string>(), " ",
                  shape_string(shape), ", got ", describe(a));
  check_shape(op, name, a, shape);
  return a;
}
template <class T>
Array checked_or_none(const char* op, const char* name, py::handle object, const std::vector<index>& shape) {
  if (object.is_none()) return {};
  return checked_as<T>(op, name, object, shape);
}

}  // namespace pydl

namespace pybind11::detail {

template <>
struct type_caster<pydl::Array> {
  PYBIND11_TYPE_CASTER(pydl::Array, const_name("numpy.ndarray"));
  bool load(handle object, bool) { return bool(value = pydl::as_array(object)); }
  static handle cast(const pydl::Array& a, return_value_policy, handle) { return a.inc_ref(); }
};

}  // namespace pybind11::detail
