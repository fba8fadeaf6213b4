#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "bindings/normalization.h"

namespace pydl {
namespace {

// x as rows x cols: the axes from `axis` on are one row.
struct Rows {
  index rows = 1, cols = 1;
  std::vector<index> outer, inner;
};

Rows rows_of(const char* op, const char* name, const Array& x, index axis) {
  PYDL_CHECK(0 <= axis && axis < index(x.ndim()), "[", op, "] axis: expected 0 <= axis < ", x.ndim(), ", got ", axis);
  Rows s;
  for (index i = 0; i < index(x.ndim()); i++) {
    (i < axis ? s.rows : s.cols) *= x.shape(i);
    (i < axis ? s.outer : s.inner).push_back(x.shape(i));
  }
  PYDL_CHECK(s.cols > 0, "[", op, "] ", name, ": expected axes from ", axis, " on that are not empty, got ",
             describe(x));
  return s;
}

template <class T>
py::tuple forward(const Array& x, py::handle gamma_object, py::handle beta_object, index axis, double epsilon) {
  const char* op = "layer_norm_forward";
  const Rows s = rows_of(op, "x", x, axis);
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, s.inner);
  const Array beta = checked_or_none<T>(op, "beta", beta_object, s.inner);
  const Array y = make_array<T>(shape_of(x)), mean = make_array<T>(s.outer), variance = make_array<T>(s.outer);
  launch(op, {memory_of(x), memory_of(gamma), memory_of(beta)}, {y, mean, variance},
         [=, rows = s.rows, cols = s.cols](const KernelCall& call) {
           call.kernels<T>().layer_norm.forward(rows, cols, T(epsilon), call.in<T>(0), call.in<T>(1), call.in<T>(2),
                                                call.out<T>(0), call.out<T>(1), call.out<T>(2));
         });
  return py::make_tuple(y, mean, variance);
}

template <class T>
py::tuple backward(const Array& dy, py::handle x_object, py::handle gamma_object, py::handle mean_object,
                   py::handle variance_object, index axis, double epsilon) {
  const char* op = "layer_norm_backward";
  const Rows s = rows_of(op, "dy", dy, axis);
  const Array x = checked_as<T>(op, "x", x_object, shape_of(dy));
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, s.inner);
  const Array mean = checked_as<T>(op, "mean", mean_object, s.outer);
  const Array variance = checked_as<T>(op, "variance", variance_object, s.outer);
  const Array dx = make_array<T>(shape_of(dy)), dgamma = make_array<T>(s.inner), dbeta = make_array<T>(s.inner);
  launch(op, {memory_of(x), memory_of(dy), memory_of(gamma), memory_of(mean), memory_of(variance)}, {dx, dgamma, dbeta},
         [=, rows = s.rows, cols = s.cols](const KernelCall& call) {
           call.kernels<T>().layer_norm.backward(rows, cols, T(epsilon), call.in<T>(0), call.in<T>(1), call.in<T>(2),
                                                 call.in<T>(3), call.in<T>(4), call.out<T>(0), call.out<T>(1),
                                                 call.out<T>(2));
         });
  return py::make_tuple(dx, dgamma, dbeta);
}

}  // namespace

void bind_layer_norm(py::module_& m) {
  m.def(
      "layer_norm_forward",
      [](py::handle x_object, py::handle gamma, py::handle beta, index axis, double epsilon) {
        const char* op = "layer_norm_forward";
        const Array x = checked(op, "x", x_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "x", x, [&](auto zero) { return forward<decltype(zero)>(x, gamma, beta, axis, epsilon); });
      },
      py::arg("x"), py::arg("gamma"), py::arg("beta"), py::arg("axis"), py::arg("epsilon"),
      R"((y, mean, variance): (x - mean) gamma / sqrt(variance + epsilon) + beta, over the axes from `axis` on.

gamma and beta have the shape of these axes, or are None, which stands for 1 and 0; mean and variance that of the others.
Raises ValueError for shapes, the axis and epsilon < 0, TypeError for types.)");
  m.def(
      "layer_norm_backward",
      [](py::handle dy_object, py::handle x, py::handle gamma, py::handle mean, py::handle variance, index axis,
         double epsilon) {
        const char* op = "layer_norm_backward";
        const Array dy = checked(op, "dy", dy_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "dy", dy, [&](auto zero) {
          return backward<decltype(zero)>(dy, x, gamma, mean, variance, axis, epsilon);
        });
      },
      py::arg("dy"), py::arg("x"), py::arg("gamma"), py::arg("mean"), py::arg("variance"), py::arg("axis"),
      py::arg("epsilon"), "(dx, dgamma, dbeta) of layer_norm_forward; the same errors.");
}

}  // namespace pydl
