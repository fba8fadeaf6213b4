#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

ReduceOp checked_name(const char* op, const std::string& name) {
  if (name == "sum") return ReduceOp::sum;
  if (name == "mean") return ReduceOp::mean;
  if (name == "max") return ReduceOp::max;
  PYDL_CHECK(name == "min", "[", op, "] name: expected sum, mean, max or min, got '", name, "'");
  return ReduceOp::min;
}

// The shape x without its axes [begin, end), seen as (outer, axis, inner).
struct Split {
  index outer = 1, axis = 1, inner = 1;
  std::vector<index> rest;
};
Split split(const Array& x, index begin, index end) {
  Split s;
  for (index i = 0; i < index(x.ndim()); i++) {
    (i < begin ? s.outer : i < end ? s.axis : s.inner) *= x.shape(i);
    if (i < begin || i >= end) s.rest.push_back(x.shape(i));
  }
  return s;
}

Array reduce(const std::string& name, py::handle x_object, index axis_begin, index axis_end) {
  const char* op = "reduce";
  ReduceOp kind = checked_name(op, name);
  Array x = checked(op, "x", x_object);
  PYDL_CHECK(0 <= axis_begin && axis_begin <= axis_end && axis_end <= index(x.ndim()), "[", op,
             "] axis_begin, axis_end: expected 0 <= axis_begin <= axis_end <= ", x.ndim(), ", got ", axis_begin,
             " and ", axis_end);
  Split s = split(x, axis_begin, axis_end);
  PYDL_CHECK(s.axis > 0 || kind == ReduceOp::sum || kind == ReduceOp::mean, "[", op,
             "] x: expected at least one element for ", name, ", got ", describe(x), " along axes ", axis_begin, " to ",
             axis_end);
  return by_dtype(op, "x", x, [&](auto zero) {
    using T = decltype(zero);
    Array y = make_array<T>(s.rest);
    launch(op, {memory_of(x)}, {y}, [=, outer = s.outer, axis = s.axis, inner = s.inner](const KernelCall& call) {
      call.kernels<T>().reduce.reduce(kind, outer, axis, inner, call.in<T>(0), call.out<T>(0));
    });
    return y;
  });
}

Array argmax(py::handle x_object, index axis) {
  const char* op = "argmax";
  Array x = checked(op, "x", x_object);
  PYDL_CHECK(0 <= axis && axis < index(x.ndim()), "[", op, "] axis: expected 0 <= axis < ", x.ndim(), ", got ", axis);
  Split s = split(x, axis, axis + 1);
  PYDL_CHECK(s.axis > 0, "[", op, "] x: expected at least one element, got ", describe(x), " along axis ", axis);
  PYDL_CHECK(s.axis < index(1) << 31, "[", op, "] x: expected fewer than 2^31 elements along axis ", axis, ", got ",
             describe(x));
  return by_dtype(op, "x", x, [&](auto zero) {
    using T = decltype(zero);
    Array y = make_array<std::int32_t>(s.rest);
    launch(op, {memory_of(x)}, {y}, [outer = s.outer, axis = s.axis, inner = s.inner](const KernelCall& call) {
      call.kernels<T>().reduce.argmax(outer, axis, inner, call.in<T>(0), call.out<std::int32_t>(0));
    });
    return y;
  });
}

}  // namespace

void bind_reduce(py::module_& m) {
  m.def("reduce", &reduce, py::arg("name"), py::arg("x"), py::arg("axis_begin"), py::arg("axis_end"),
        R"(The sum, mean, max or min of x, float32 or float64 of any shape, over its axes [axis_begin, axis_end).

The result has the shape of x without these axes. A NaN makes the result NaN. No elements: sum 0, mean NaN, else error.
Raises ValueError for names, axes and empty shapes that do not fit, TypeError for types.)");
  m.def("argmax", &argmax, py::arg("x"), py::arg("axis"),
        R"(Where x, float32 or float64, is largest along one axis: int32, the first maximum, or the first NaN.

Raises ValueError for axes and empty shapes that do not fit, TypeError for types.)");
}

}  // namespace pydl
