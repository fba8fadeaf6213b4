#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "bindings/normalization.h"

namespace pydl {
namespace {

struct Rows {
  index rows, cols;
};

// x as rows of channels. An empty array has no statistics, so training needs at least one row.
Rows rows_of(const char* op, const char* name, const Array& x, bool some) {
  PYDL_CHECK(x.ndim() > 0, "[", op, "] ", name, ": expected at least 1 dimension, got ", describe(x));
  const index cols = x.shape(x.ndim() - 1);
  PYDL_CHECK(!some || x.size() > 0, "[", op, "] ", name, ": expected an array that is not empty, got ", describe(x));
  return {cols ? x.size() / cols : 0, cols};
}

template <class T>
py::tuple forward(const Array& x, py::handle gamma_object, py::handle beta_object, double epsilon) {
  const char* op = "batch_norm_forward";
  const Rows s = rows_of(op, "x", x, true);
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, {s.cols});
  const Array beta = checked_or_none<T>(op, "beta", beta_object, {s.cols});
  const Array y = make_array<T>(shape_of(x)), mean = make_array<T>({s.cols}), variance = make_array<T>({s.cols});
  launch(op, {memory_of(x), memory_of(gamma), memory_of(beta)}, {y, mean, variance}, [=](const KernelCall& call) {
    call.kernels<T>().batch_norm.forward(s.rows, s.cols, T(epsilon), call.in<T>(0), call.in<T>(1), call.in<T>(2),
                                         call.out<T>(0), call.out<T>(1), call.out<T>(2));
  });
  return py::make_tuple(y, mean, variance);
}

template <class T>
Array inference(const Array& x, py::handle gamma_object, py::handle beta_object, py::handle mean_object,
                py::handle variance_object, double epsilon) {
  const char* op = "batch_norm_inference";
  const Rows s = rows_of(op, "x", x, false);
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, {s.cols});
  const Array beta = checked_or_none<T>(op, "beta", beta_object, {s.cols});
  const Array mean = checked_as<T>(op, "mean", mean_object, {s.cols});
  const Array variance = checked_as<T>(op, "variance", variance_object, {s.cols});
  const Array y = make_array<T>(shape_of(x));
  launch(op, {memory_of(x), memory_of(gamma), memory_of(beta), memory_of(mean), memory_of(variance)}, {y},
         [=](const KernelCall& call) {
           call.kernels<T>().batch_norm.inference(s.rows, s.cols, T(epsilon), call.in<T>(0), call.in<T>(1),
                                                  call.in<T>(2), call.in<T>(3), call.in<T>(4), call.out<T>(0));
         });
  return y;
}

template <class T>
py::tuple backward(const Array& dy, py::handle x_object, py::handle gamma_object, py::handle mean_object,
                   py::handle variance_object, double epsilon, bool constant) {
  const char* op = "batch_norm_backward";
  const Rows s = rows_of(op, "dy", dy, true);
  const Array x = checked_as<T>(op, "x", x_object, shape_of(dy));
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, {s.cols});
  const Array mean = checked_as<T>(op, "mean", mean_object, {s.cols});
  const Array variance = checked_as<T>(op, "variance", variance_object, {s.cols});
  const Array dx = make_array<T>(shape_of(dy)), dgamma = make_array<T>({s.cols}), dbeta = make_array<T>({s.cols});
  launch(op, {memory_of(x), memory_of(dy), memory_of(gamma), memory_of(mean), memory_of(variance)}, {dx, dgamma, dbeta},
         [=](const KernelCall& call) {
           call.kernels<T>().batch_norm.backward(s.rows, s.cols, T(epsilon), constant, call.in<T>(0), call.in<T>(1),
                                                 call.in<T>(2), call.in<T>(3), call.in<T>(4), call.out<T>(0),
                                                 call.out<T>(1), call.out<T>(2));
         });
  return py::make_tuple(dx, dgamma, dbeta);
}

}  // namespace

void bind_batch_norm(py::module_& m) {
  m.def(
      "batch_norm_forward",
      [](py::handle x_object, py::handle gamma, py::handle beta, double epsilon) {
        const char* op = "batch_norm_forward";
        const Array x = checked(op, "x", x_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "x", x, [&](auto zero) { return forward<decltype(zero)>(x, gamma, beta, epsilon); });
      },
      py::arg("x"), py::arg("gamma"), py::arg("beta"), py::arg("epsilon"),
      R"((y, mean, variance): (x - mean) gamma / sqrt(variance + epsilon) + beta, and the statistics of each channel.

x is (..., C) and not empty; gamma and beta are (C,) or None, which stands for 1 and 0. The variance is the biased one.
Raises ValueError for shapes and epsilon < 0, TypeError for types.)");
  m.def(
      "batch_norm_inference",
      [](py::handle x_object, py::handle gamma, py::handle beta, py::handle mean, py::handle variance, double epsilon) {
        const char* op = "batch_norm_inference";
        const Array x = checked(op, "x", x_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "x", x,
                        [&](auto zero) { return inference<decltype(zero)>(x, gamma, beta, mean, variance, epsilon); });
      },
      py::arg("x"), py::arg("gamma"), py::arg("beta"), py::arg("mean"), py::arg("variance"), py::arg("epsilon"),
      "As batch_norm_forward, with statistics (C,) that are given; x may be empty.");
  m.def(
      "batch_norm_backward",
      [](py::handle dy_object, py::handle x, py::handle gamma, py::handle mean, py::handle variance, double epsilon,
         bool constant) {
        const char* op = "batch_norm_backward";
        const Array dy = checked(op, "dy", dy_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "dy", dy, [&](auto zero) {
          return backward<decltype(zero)>(dy, x, gamma, mean, variance, epsilon, constant);
        });
      },
      py::arg("dy"), py::arg("x"), py::arg("gamma"), py::arg("mean"), py::arg("variance"), py::arg("epsilon"),
      py::arg("constant") = false,
      R"((dx, dgamma, dbeta) of batch_norm_forward; of batch_norm_inference if `constant`.

Raises ValueError for shapes and epsilon < 0, TypeError for types.)");
}

}  // namespace pydl
