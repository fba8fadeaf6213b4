#include "bindings/arguments.h"

#include <string>

#include "bindings/array.h"
#include "runtime/check.h"

namespace pydl {

std::string shown(py::handle object) {
  if (is_array(object)) return describe(object);
  constexpr std::size_t kMost = 200;
  std::string text = "an object without a repr";
  if (const auto repr = py::reinterpret_steal<py::object>(PyObject_Repr(object.ptr())))
    if (const char* utf8 = PyUnicode_AsUTF8(repr.ptr())) text = utf8;
  PyErr_Clear();
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

bool is_text(py::handle object, const char* text) {
  return PyUnicode_Check(object.ptr()) && PyUnicode_CompareWithASCIIString(object.ptr(), text) == 0;
}

std::vector<index> checked_ints(const char* op, const char* name, py::handle object, std::size_t count, index minimum,
                                index maximum) {
  auto got = [&] { return shown(object); };
  bool sequence = py::isinstance<py::tuple>(object) || py::isinstance<py::list>(object);
  PYDL_CHECK_TYPE(sequence, "[", op, "] ", name, ": expected a tuple of ",
                  count == kAnyCount ? "" : message(count, " "), "ints, got ", got());
  // The current length: a subclass may report another one, and an item's __index__ may change the list.
  const auto length = [&] { return std::size_t(PySequence_Fast_GET_SIZE(object.ptr())); };
  PYDL_CHECK(count == kAnyCount || length() == count, "[", op, "] ", name, ": expected ", count, " ints, got ", got());
  std::vector<index> values;
  for (std::size_t i = 0; i < (count == kAnyCount ? length() : count); i++) {
    PYDL_CHECK(i < length(), "[", op, "] ", name, ": changed while it was read");
    const auto item = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(object.ptr(), py::ssize_t(i)));
    py::object whole = py::reinterpret_steal<py::object>(PyNumber_Index(item.ptr()));  // ints, NumPy's too; no floats
    if (!whole) PyErr_Clear();
    PYDL_CHECK_TYPE(whole, "[", op, "] ", name, ": expected ints, got ", got());
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
    PYDL_CHECK(!overflow && value >= minimum && value <= maximum, "[", op, "] ", name, ": expected ints from ", minimum,
               " to ", maximum, ", got ", got());
    values.push_back(index(value));
  }
  return values;
}

double checked_real(const char* op, const char* name, py::handle object) {
  const double value = PyFloat_AsDouble(object.ptr());
  const bool failed = PyErr_Occurred() != nullptr;
  PyErr_Clear();
  PYDL_CHECK_TYPE(!failed, "[", op, "] ", name, ": expected a number, got ", shown(object));
  return value;
}

Activation checked_activation(const char* op, const char* name, py::handle object) {
  PYDL_CHECK_TYPE(py::isinstance<py::str>(object), "[", op, "] ", name, ": expected the name of an activation, got ",
                  shown(object));
  for (const ActivationTraits& each : kActivations)
    if (is_text(object, each.name)) return each.kind;
  std::string known;
  for (const ActivationTraits& each : kActivations) known += (known.empty() ? "" : ", ") + std::string(each.name);
  PYDL_CHECK(false, "[", op, "] ", name, ": expected one of ", known, "; got ", shown(object));
  return Activation::linear;
}

}  // namespace pydl
