#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

LrnRule checked_rule(const char* op, const Array& x, index radius, double bias, double alpha, double beta) {
  PYDL_CHECK(x.ndim() > 0, "[", op, "] x: expected at least 1 dimension, got ", describe(x));
  PYDL_CHECK(radius >= 0, "[", op, "] depth_radius: expected an integer >= 0, got ", radius);
  PYDL_CHECK(bias > 0 && bias < 1e30, "[", op, "] bias: expected a number > 0, got ", bias);
  PYDL_CHECK(alpha >= 0 && alpha < 1e30, "[", op, "] alpha: expected a number >= 0, got ", alpha);
  PYDL_CHECK(beta >= 0 && beta < 1e30, "[", op, "] beta: expected a number >= 0, got ", beta);
  const index channels = x.shape(x.ndim() - 1);
  return {radius < channels ? radius : channels, bias, alpha, beta};  // a wider window sees no more
}

}  // namespace

void bind_lrn(py::module_& m) {
  m.def(
      "lrn_forward",
      [](py::handle x_object, index radius, double bias, double alpha, double beta) {
        const char* op = "lrn_forward";
        const Array x = checked(op, "x", x_object);
        const LrnRule rule = checked_rule(op, x, radius, bias, alpha, beta);
        return by_dtype(op, "x", x, [&](auto zero) {
          using T = decltype(zero);
          const Array y = make_array<T>(shape_of(x));
          const index cols = x.shape(x.ndim() - 1), rows = cols ? x.size() / cols : 0;
          launch(op, {memory_of(x)}, {y}, [=](const KernelCall& call) {
            call.kernels<T>().lrn.forward(rule, rows, cols, call.in<T>(0), call.out<T>(0));
          });
          return y;
        });
      },
      py::arg("x"), py::arg("depth_radius"), py::arg("bias"), py::arg("alpha"), py::arg("beta"),
      R"(x / (bias + alpha * (sum of squares of the channels at most depth_radius away))^beta, along the last axis.

Raises ValueError for depth_radius, alpha, beta < 0 and bias <= 0, TypeError for types.)");
  m.def(
      "lrn_backward",
      [](py::handle dy_object, py::handle x_object, index radius, double bias, double alpha, double beta) {
        const char* op = "lrn_backward";
        const Array dy = checked(op, "dy", dy_object);
        const LrnRule rule = checked_rule(op, dy, radius, bias, alpha, beta);
        return by_dtype(op, "dy", dy, [&](auto zero) {
          using T = decltype(zero);
          const Array x = checked_as<T>(op, "x", x_object, shape_of(dy));
          const Array dx = make_array<T>(shape_of(dy));
          const index cols = dy.shape(dy.ndim() - 1), rows = cols ? dy.size() / cols : 0;
          launch(op, {memory_of(x), memory_of(dy)}, {dx}, [=](const KernelCall& call) {
            call.kernels<T>().lrn.backward(rule, rows, cols, call.in<T>(0), call.in<T>(1), call.out<T>(0));
          });
          return dx;
        });
      },
      py::arg("dy"), py::arg("x"), py::arg("depth_radius"), py::arg("bias"), py::arg("alpha"), py::arg("beta"),
      "dx of lrn_forward; the same errors.");
}

}  // namespace pydl
