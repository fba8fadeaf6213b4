#include "bindings/array.h"

#include <algorithm>
#include <new>

#include "runtime/memory/pool.h"

namespace pydl {

namespace {
PyTypeObject* numpy_type() { return py::detail::npy_api::get().PyArray_Type_; }
}  // namespace

bool is_array(py::handle object) { return PyObject_TypeCheck(object.ptr(), numpy_type()); }

Array as_array(py::handle object) {
  return is_array(object) ? Array(py::reinterpret_borrow<py::object>(object)) : Array();
}

Array exact_array(py::handle object) { return Py_TYPE(object.ptr()) == numpy_type() ? as_array(object) : Array(); }

index Array::nbytes() const { return size() * dtype().itemsize(); }

std::string shape_string(const std::vector<index>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); i++)
    text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::vector<index> shape_of(const Array& a) { return std::vector<index>(a.shape(), a.shape() + a.ndim()); }

std::string describe(const py::handle& object) {
  const Array a = as_array(object);
  if (!a) return py::str(py::type::of(object).attr("__name__")).cast<std::string>();
  return py::str(a.dtype()).cast<std::string>() + " " + shape_string(shape_of(a));
}

Array checked(const char* op, const char* name, py::handle object, int rank) {
  Array a = as_array(object);
  PYDL_CHECK_TYPE(a, "[", op, "] ", name, ": expected a NumPy array, got ", describe(object));
  PYDL_CHECK(rank < 0 || a.ndim() == rank, "[", op, "] ", name, ": expected ", rank, " dimensions, got ", describe(a));
  PYDL_CHECK(is_plain(a), "[", op, "] ", name, ": expected a C-contiguous, aligned array, got strides ",
             py::str(a.attr("strides")).cast<std::string>(), " for ", describe(a), "; use numpy.ascontiguousarray");
  const char order = a.dtype().byteorder();  // '=' native, '|' single bytes
  PYDL_CHECK_TYPE(order == '=' || order == '|', "[", op, "] ", name, ": expected native byte order, got ",
                  py::str(a.dtype()).cast<std::string>());
  return a;
}

bool has_shape(const Array& a, const std::vector<index>& expected) {
  bool same = std::size_t(a.ndim()) == expected.size();
  for (std::size_t i = 0; same && i < expected.size(); i++) same = expected[i] < 0 || a.shape()[i] == expected[i];
  return same;
}

void check_shape(const char* op, const char* name, const Array& a, const std::vector<index>& expected) {
  PYDL_CHECK(has_shape(a, expected), "[", op, "] ", name, ": expected shape ", shape_string(expected), ", got ",
             describe(a));
}

void check_writable(const char* op, const char* name, const Array& a) {
  PYDL_CHECK(a.has(py::detail::npy_api::NPY_ARRAY_WRITEABLE_), "[", op, "] ", name,
             ": expected a writable array, got a read-only ", describe(a));
}

index checked_size(const char* op, const char* name, const std::vector<index>& shape) {
  const std::size_t most = py::detail::npy_api::get().PyArray_RUNTIME_VERSION_ < 0x12 ? 32 : 64;  // NumPy's own limit
  PYDL_CHECK(shape.size() <= most, "[", op, "] ", name, ": expected at most ", most, " dimensions, got ", shape.size());
  index size = 1, bytes = 16;  // zeros do not count, as in NumPy
  for (index n : shape) {
    PYDL_CHECK(n >= 0, "[", op, "] ", name, ": negative size in shape ", shape_string(shape));
    PYDL_CHECK(!__builtin_mul_overflow(bytes, std::max(n, index(1)), &bytes), "[", op, "] ", name, ": shape ",
               shape_string(shape), " is too large");
    size *= n;
  }
  return size;
}

namespace {
// Python raises MemoryError with this text.
struct OutOfMemory : std::bad_alloc {
  explicit OutOfMemory(std::string words) : words(std::move(words)) {}
  const char* what() const noexcept override { return words.c_str(); }
  std::string words;
};

void release(PyObject* capsule) { pool_release(PyCapsule_GetPointer(capsule, nullptr)); }

py::object array_around(void* block, const py::object& owner, const py::dtype& dtype, const std::vector<index>& shape) {
  using Api = py::detail::npy_api;
  const Api& api = Api::get();
  constexpr int flags = Api::NPY_ARRAY_C_CONTIGUOUS_ | Api::NPY_ARRAY_ALIGNED_ | Api::NPY_ARRAY_WRITEABLE_;
  const auto array = py::reinterpret_steal<py::object>(
      api.PyArray_NewFromDescr_(api.PyArray_Type_, py::object(dtype).release().ptr(), int(shape.size()), shape.data(),
                                nullptr, block, flags, nullptr));
  if (!array || api.PyArray_SetBaseObject_(array.ptr(), py::object(owner).release().ptr()) < 0)
    throw py::error_already_set();
  return array;
}
}  // namespace

Array make_array(const py::dtype& dtype, const std::vector<index>& shape) {
  index size = checked_size("empty", "shape", shape), bytes;
  PYDL_CHECK(!__builtin_mul_overflow(size, index(dtype.itemsize()), &bytes) && bytes <= index(1) << 60,
             "[empty] shape: ", shape_string(shape), " of ", py::str(dtype).cast<std::string>(), " is too large");
  void* block;
  try {
    block = pool_acquire(bytes);
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(message("[empty] shape: no memory for ", py::str(dtype).cast<std::string>(), " ",
                              shape_string(shape), ", ", bytes, " bytes"));
  }
  // As Array and py::capsule would do, without their allocations and look-ups: this is in every call.
  const auto owner = py::reinterpret_steal<py::object>(PyCapsule_New(block, nullptr, &release));
  if (!owner) {
    pool_release(block);
    throw py::error_already_set();
  }
  return Array(array_around(block, owner, dtype, shape));
}

Array writable(const Array& a) {
  PyObject* owner = a.fields().base;
  PYDL_CHECK(owner && PyCapsule_CheckExact(owner) && PyCapsule_GetDestructor(owner) == &release,
             "[writable] array: expected one that the extension made, got ", describe(a));
  return Array(array_around(mutable_data<void>(a), py::reinterpret_borrow<py::object>(owner), a.dtype(), shape_of(a)));
}

}  // namespace pydl
