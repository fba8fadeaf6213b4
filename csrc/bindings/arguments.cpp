#include "arguments.h"

#include <string>

#include "../check.h"

namespace pydl {

std::vector<index> checked_ints(const char* op, const char* name, py::handle object, std::size_t count, index minimum) {
  auto got = [&] { return py::repr(object).cast<std::string>(); };
  bool sequence = py::isinstance<py::tuple>(object) || py::isinstance<py::list>(object);
  PYDL_CHECK_TYPE(sequence, "[", op, "] ", name, ": expected a tuple of ", count, " ints, got ", got());
  auto items = py::reinterpret_borrow<py::sequence>(object);
  PYDL_CHECK(items.size() == count, "[", op, "] ", name, ": expected ", count, " ints, got ", got());
  std::vector<index> values;
  for (py::handle item : items) {
    py::object whole = py::reinterpret_steal<py::object>(PyNumber_Index(item.ptr()));  // ints, NumPy's too; no floats
    if (!whole) PyErr_Clear();
    PYDL_CHECK_TYPE(whole, "[", op, "] ", name, ": expected ints, got ", got());
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
    PYDL_CHECK(!overflow && value >= minimum && value < (1LL << 31), "[", op, "] ", name, ": expected ints from ",
               minimum, " to 2147483647, got ", got());
    values.push_back(index(value));
  }
  return values;
}

double checked_real(const char* op, const char* name, py::handle object) {
  const double value = PyFloat_AsDouble(object.ptr());
  const bool failed = PyErr_Occurred() != nullptr;
  PyErr_Clear();
  PYDL_CHECK_TYPE(!failed, "[", op, "] ", name, ": expected a number, got ", py::repr(object).cast<std::string>());
  return value;
}

Activation checked_activation(const char* op, const char* name, py::handle object) {
  static const char* const names[] = {"linear", "relu",       "sigmoid",      "tanh",        "elu",
                                      "gelu",   "gelu_tanh",  "softplus",     "softsign",    "selu",
                                      "silu",   "leaky_relu", "hard_sigmoid", "exponential", "relu6"};
  static_assert(sizeof names / sizeof *names == kActivationCount, "one name per value of Activation, in its order");
  PYDL_CHECK_TYPE(py::isinstance<py::str>(object), "[", op, "] ", name, ": expected the name of an activation, got ",
                  py::repr(object).cast<std::string>());
  std::string wanted = object.cast<std::string>();
  for (int i = 0; i < kActivationCount; i++)
    if (wanted == names[i]) return Activation(i);
  std::string known;
  for (const char* each : names) known += (known.empty() ? "" : ", ") + std::string(each);
  PYDL_CHECK(false, "[", op, "] ", name, ": expected one of ", known, "; got '", wanted, "'");
  return Activation::linear;
}

}  // namespace pydl
