#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

std::uint64_t checked_uint64(const char* op, const char* name, py::handle object) {
  py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (!number) PyErr_Clear();
  PYDL_CHECK_TYPE(number, "[", op, "] ", name, ": expected an int, got ", describe(object));
  std::uint64_t value = PyLong_AsUnsignedLongLong(number.ptr());
  bool outside = PyErr_Occurred() != nullptr;
  PyErr_Clear();
  PYDL_CHECK(!outside, "[", op, "] ", name, ": expected an int in [0, 2^64), got ",
             py::str(number).cast<std::string>());
  return value;
}

Array dropout(py::handle x_object, py::handle rate_object, py::handle seed_object, py::handle offset_object) {
  const char* op = "dropout";
  Array x = checked(op, "x", x_object);
  const double rate = checked_real(op, "rate", rate_object);
  PYDL_CHECK(rate >= 0 && rate < 1, "[", op, "] rate: expected 0 <= rate < 1, got ", rate);
  std::uint64_t seed = checked_uint64(op, "seed", seed_object);
  std::uint64_t offset = checked_uint64(op, "offset", offset_object);
  PYDL_CHECK(offset <= ~std::uint64_t(0) - std::uint64_t(x.size()), "[", op,
             "] offset: expected offset + x.size below 2^64, got ", offset, " + ", x.size());
  if (const auto plan = Plan::recording()) plan->fail("dropout draws new numbers in every call");
  return by_dtype(op, "x", x, [&](auto zero) {
    using T = decltype(zero);
    Array y = make_array<T>(shape_of(x));
    launch(op, {memory_of(x)}, {y}, [=, n = x.size()](const KernelCall& call) {
      call.kernels<T>().dropout.apply(n, rate, seed, offset, call.in<T>(0), call.out<T>(0));
    });
    return y;
  });
}

}  // namespace

void bind_dropout(py::module_& m) {
  m.def("dropout", &dropout, py::arg("x"), py::arg("rate"), py::arg("seed"), py::arg("offset"),
        R"(x / (1 - rate) where element i is kept, 0 where it is dropped; x float32 or float64 of any shape.

Element i is kept if u >= rate, where u = word / 2^32 and word is number offset + i of the Philox4x32-10 stream with the
key seed: the same call on dy is the gradient. seed, offset and offset + x.size are ints in [0, 2^64).
Raises ValueError for a rate outside [0, 1), TypeError for types.)");
}

}  // namespace pydl
