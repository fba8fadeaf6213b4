#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "bindings/normalization.h"

namespace pydl {
namespace {

GroupNormShape shape_from(const char* op, const char* name, const Array& x, index groups) {
  PYDL_CHECK(x.ndim() >= 2, "[", op, "] ", name, ": expected at least 2 dimensions, got ", describe(x));
  GroupNormShape s{x.shape(0), 1, x.shape(x.ndim() - 1), groups};
  for (index i = 1; i + 1 < index(x.ndim()); i++) s.S *= x.shape(i);
  PYDL_CHECK(s.S > 0 && s.C > 0, "[", op, "] ", name, ": expected samples that are not empty, got ", describe(x));
  PYDL_CHECK(groups > 0 && s.C % groups == 0, "[", op, "] groups: expected a divisor of the ", s.C, " channels, got ",
             groups);
  return s;
}

template <class T>
py::tuple forward(const Array& x, py::handle gamma_object, py::handle beta_object, index groups, double epsilon) {
  const char* op = "group_norm_forward";
  const GroupNormShape s = shape_from(op, "x", x, groups);
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, {s.C});
  const Array beta = checked_or_none<T>(op, "beta", beta_object, {s.C});
  const Array y = make_array<T>(shape_of(x));
  const Array mean = make_array<T>({s.N, groups}), variance = make_array<T>({s.N, groups});
  launch(op, {memory_of(x), memory_of(gamma), memory_of(beta)}, {y, mean, variance}, [=](const KernelCall& call) {
    call.kernels<T>().group_norm.forward(s, T(epsilon), call.in<T>(0), call.in<T>(1), call.in<T>(2), call.out<T>(0),
                                         call.out<T>(1), call.out<T>(2));
  });
  return py::make_tuple(y, mean, variance);
}

template <class T>
py::tuple backward(const Array& dy, py::handle x_object, py::handle gamma_object, py::handle mean_object,
                   py::handle variance_object, index groups, double epsilon) {
  const char* op = "group_norm_backward";
  const GroupNormShape s = shape_from(op, "dy", dy, groups);
  const Array x = checked_as<T>(op, "x", x_object, shape_of(dy));
  const Array gamma = checked_or_none<T>(op, "gamma", gamma_object, {s.C});
  const Array mean = checked_as<T>(op, "mean", mean_object, {s.N, groups});
  const Array variance = checked_as<T>(op, "variance", variance_object, {s.N, groups});
  const Array dx = make_array<T>(shape_of(dy)), dgamma = make_array<T>({s.C}), dbeta = make_array<T>({s.C});
  launch(op, {memory_of(x), memory_of(dy), memory_of(gamma), memory_of(mean), memory_of(variance)}, {dx, dgamma, dbeta},
         [=](const KernelCall& call) {
           call.kernels<T>().group_norm.backward(s, T(epsilon), call.in<T>(0), call.in<T>(1), call.in<T>(2),
                                                 call.in<T>(3), call.in<T>(4), call.out<T>(0), call.out<T>(1),
                                                 call.out<T>(2));
         });
  return py::make_tuple(dx, dgamma, dbeta);
}

}  // namespace

void bind_group_norm(py::module_& m) {
  m.def(
      "group_norm_forward",
      [](py::handle x_object, py::handle gamma, py::handle beta, index groups, double epsilon) {
        const char* op = "group_norm_forward";
        const Array x = checked(op, "x", x_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "x", x,
                        [&](auto zero) { return forward<decltype(zero)>(x, gamma, beta, groups, epsilon); });
      },
      py::arg("x"), py::arg("gamma"), py::arg("beta"), py::arg("groups"), py::arg("epsilon"),
      R"((y, mean, variance): (x - mean) gamma / sqrt(variance + epsilon) + beta, per sample and group of channels.

x is (N, ..., C), groups divides C; gamma and beta are (C,) or None, which stands for 1 and 0; mean and variance are
(N, groups). Raises ValueError for shapes, groups and epsilon < 0, TypeError for types.)");
  m.def(
      "group_norm_backward",
      [](py::handle dy_object, py::handle x, py::handle gamma, py::handle mean, py::handle variance, index groups,
         double epsilon) {
        const char* op = "group_norm_backward";
        const Array dy = checked(op, "dy", dy_object);
        check_epsilon(op, epsilon);
        return by_dtype(op, "dy", dy, [&](auto zero) {
          return backward<decltype(zero)>(dy, x, gamma, mean, variance, groups, epsilon);
        });
      },
      py::arg("dy"), py::arg("x"), py::arg("gamma"), py::arg("mean"), py::arg("variance"), py::arg("groups"),
      py::arg("epsilon"), "(dx, dgamma, dbeta) of group_norm_forward; the same errors.");
}

}  // namespace pydl
