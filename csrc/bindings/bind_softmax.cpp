// Softmax and its logarithm along the last axis.
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

struct Rows {
  index rows, cols;
};

Rows rows_of(const char* op, const char* name, const Array& x) {
  PYDL_CHECK(x.ndim() > 0, "[", op, "] ", name, ": expected at least 1 dimension, got ", describe(x));
  const index cols = x.shape(x.ndim() - 1);
  PYDL_CHECK(cols > 0 || x.size() > 0, "[", op, "] ", name, ": expected a last axis that is not empty, got ",
             describe(x));
  return {x.size() / cols, cols};
}

template <class T>
using Forward = void (*SoftmaxKernels<T>::*)(index, index, const T*, T*);
template <class T>
using Backward = void (*SoftmaxKernels<T>::*)(index, index, const T*, const T*, T*);

template <class T>
Array forward(const char* op, Forward<T> kernel, const Array& x) {
  const Rows shape = rows_of(op, "x", x);
  const Array y = make_array<T>(shape_of(x));
  launch(op, {memory_of(x)}, {y}, [=](const KernelCall& call) {
    (call.kernels<T>().softmax.*kernel)(shape.rows, shape.cols, call.in<T>(0), call.out<T>(0));
  });
  return y;
}

template <class T>
Array backward(const char* op, Backward<T> kernel, const Array& dy, const py::object& y_object) {
  const Rows shape = rows_of(op, "dy", dy);
  const Array y = checked_as<T>(op, "y", y_object, shape_of(dy));
  const Array dx = make_array<T>(shape_of(dy));
  launch(op, {memory_of(y), memory_of(dy)}, {dx}, [=](const KernelCall& call) {
    (call.kernels<T>().softmax.*kernel)(shape.rows, shape.cols, call.in<T>(0), call.in<T>(1), call.out<T>(0));
  });
  return dx;
}

void def_forward(py::module_& m, const char* op, Forward<float> f32, Forward<double> f64, const char* doc) {
  m.def(
      op,
      [=](const py::object& object) {
        const Array x = checked(op, "x", object);
        return is<float>(x) ? forward<float>(op, f32, x)
                            : by_dtype(op, "x", x, [&](auto) { return forward<double>(op, f64, x); });
      },
      py::arg("x"), doc);
}

void def_backward(py::module_& m, const char* op, Backward<float> f32, Backward<double> f64, const char* doc) {
  m.def(
      op,
      [=](const py::object& object, const py::object& y) {
        const Array dy = checked(op, "dy", object);
        return is<float>(dy) ? backward<float>(op, f32, dy, y)
                             : by_dtype(op, "dy", dy, [&](auto) { return backward<double>(op, f64, dy, y); });
      },
      py::arg("dy"), py::arg("y"), doc);
}

}  // namespace

void bind_softmax(py::module_& m) {
  using F = SoftmaxKernels<float>;
  using D = SoftmaxKernels<double>;
  def_forward(m, "softmax_forward", &F::forward, &D::forward, "exp(x) / sum(exp(x)) along the last axis.");
  def_backward(m, "softmax_backward", &F::backward, &D::backward, "y (dy - sum(y dy)).");
  def_forward(m, "log_softmax_forward", &F::log_forward, &D::log_forward, "x - log(sum(exp(x))) along the last axis.");
  def_backward(m, "log_softmax_backward", &F::log_backward, &D::log_backward, "dy - exp(y) sum(dy).");
}

}  // namespace pydl
