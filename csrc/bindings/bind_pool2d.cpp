#include <algorithm>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

using Sizes = std::vector<index>;

// The shape that sizes, strides and padding of a window give, checked together with the shape of the image.
Pool2dShape checked_shape(const char* op, const char* x_name, const Sizes& x, py::handle pool_size, py::handle strides,
                          py::handle padding) {
  Sizes window = checked_ints(op, "pool_size", pool_size, 2, 1);
  Sizes stride = checked_ints(op, "strides", strides, 2, 1);
  Sizes pad = checked_ints(op, "padding", padding, 4, 0);
  constexpr index limit = index(1) << 31;
  PYDL_CHECK(x[1] > 0 && x[2] > 0 && x[1] < limit && x[2] < limit && x[1] * x[2] < limit, "[", op, "] ", x_name,
             ": expected (N, H, W, C) with H and W at least 1 and H * W below 2147483648, got ", shape_string(x));
  index out[2];
  for (std::size_t i = 0; i < 2; i++) {
    // With less padding than window on each side, every window holds at least one cell of the image.
    PYDL_CHECK(pad[2 * i] < window[i] && pad[2 * i + 1] < window[i], "[", op,
               "] padding: expected less than pool_size ", shape_string(window), " on every side, got ",
               shape_string(pad));
    index padded = x[i + 1] + pad[2 * i] + pad[2 * i + 1];
    PYDL_CHECK(window[i] <= padded, "[", op, "] pool_size: expected at most the ", padded, i ? " columns" : " rows",
               " of the padded input, got ", shape_string(window));
    out[i] = (padded - window[i]) / stride[i] + 1;
    if (out[i] == 1) stride[i] = std::min(stride[i], x[i + 1]);  // a single window needs no stride
  }
  checked_size(op, x_name, x);
  checked_size(op, "output", {x[0], out[0], out[1], x[3]});
  return {x[0], x[1], x[2], x[3], window[0], window[1], out[0], out[1], stride[0], stride[1], pad[0], pad[2]};
}

// For max pooling, whose indices are int32.
Pool2dShape checked_max(const char* op, const char* x_name, const Sizes& x, py::handle pool_size, py::handle strides,
                        py::handle padding) {
  const Pool2dShape s = checked_shape(op, x_name, x, pool_size, strides, padding);
  PYDL_CHECK(s.KH * s.KW <= kMaxInt, "[", op, "] pool_size: expected at most ", kMaxInt, " cells, got ",
             shape_string({s.KH, s.KW}));
  return s;
}

Sizes output_shape(const Pool2dShape& s) { return {s.N, s.OH, s.OW, s.C}; }

py::tuple max_forward(py::handle x_object, py::handle pool_size, py::handle strides, py::handle padding,
                      bool with_argmax) {
  const char* op = "max_pool2d_forward";
  Array x = checked(op, "x", x_object, 4);
  Pool2dShape s = checked_max(op, "x", shape_of(x), pool_size, strides, padding);
  return by_dtype(op, "x", x, [&](auto zero) -> py::tuple {
    using T = decltype(zero);
    Array y = make_array<T>(output_shape(s));
    if (!with_argmax) {
      launch(op, {memory_of(x)}, {y}, [=](const KernelCall& call) {
        call.kernels<T>().pool2d.max_forward(s, call.in<T>(0), call.out<T>(0), nullptr);
      });
      return py::make_tuple(y, py::none());
    }
    const Sizes shape = output_shape(s);
    Array argmax = s.few_cells() ? make_array<std::uint8_t>(shape) : make_array<std::int32_t>(shape);
    launch(op, {memory_of(x)}, {y, argmax}, [=](const KernelCall& call) {
      call.kernels<T>().pool2d.max_forward(s, call.in<T>(0), call.out<T>(0), call.out<void>(1));
    });
    return py::make_tuple(y, argmax);
  });
}

Array max_backward(py::handle dy_object, py::handle argmax_object, py::handle input_shape, py::handle pool_size,
                   py::handle strides, py::handle padding) {
  const char* op = "max_pool2d_backward";
  Array dy = checked(op, "dy", dy_object, 4);
  Sizes shape = checked_ints(op, "input_shape", input_shape, 4, 0);
  Pool2dShape s = checked_max(op, "input_shape", shape, pool_size, strides, padding);
  check_shape(op, "dy", dy, output_shape(s));
  Array argmax = s.few_cells() ? checked_as<std::uint8_t>(op, "argmax", argmax_object, output_shape(s))
                               : checked_as<std::int32_t>(op, "argmax", argmax_object, output_shape(s));
  return by_dtype(op, "dy", dy, [&](auto zero) {
    using T = decltype(zero);
    Array dx = make_array<T>(shape);
    launch(op, {memory_of(dy), memory_of(argmax)}, {dx}, [=](const KernelCall& call) {
      call.kernels<T>().pool2d.max_backward(s, call.in<T>(0), call.in<void>(1), call.out<T>(0));
    });
    return dx;
  });
}

Array avg_forward(py::handle x_object, py::handle pool_size, py::handle strides, py::handle padding) {
  const char* op = "avg_pool2d_forward";
  Array x = checked(op, "x", x_object, 4);
  Pool2dShape s = checked_shape(op, "x", shape_of(x), pool_size, strides, padding);
  return by_dtype(op, "x", x, [&](auto zero) {
    using T = decltype(zero);
    Array y = make_array<T>(output_shape(s));
    launch(op, {memory_of(x)}, {y},
           [=](const KernelCall& call) { call.kernels<T>().pool2d.avg_forward(s, call.in<T>(0), call.out<T>(0)); });
    return y;
  });
}

Array avg_backward(py::handle dy_object, py::handle input_shape, py::handle pool_size, py::handle strides,
                   py::handle padding) {
  const char* op = "avg_pool2d_backward";
  Array dy = checked(op, "dy", dy_object, 4);
  Sizes shape = checked_ints(op, "input_shape", input_shape, 4, 0);
  Pool2dShape s = checked_shape(op, "input_shape", shape, pool_size, strides, padding);
  check_shape(op, "dy", dy, output_shape(s));
  return by_dtype(op, "dy", dy, [&](auto zero) {
    using T = decltype(zero);
    Array dx = make_array<T>(shape);
    launch(op, {memory_of(dy)}, {dx},
           [=](const KernelCall& call) { call.kernels<T>().pool2d.avg_backward(s, call.in<T>(0), call.out<T>(0)); });
    return dx;
  });
}

}  // namespace

void bind_pool2d(py::module_& m) {
  m.def("max_pool2d_forward", &max_forward, py::arg("x"), py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
        py::arg("with_argmax"),
        R"(The maximum of each window; a NaN in the window is its maximum.

x (N, H, W, C) float32 or float64, padding (top, bottom, left, right), each less than the window -> (y, argmax), both
(N, OH, OW, C) with OH = (H + top + bottom - pool_size[0]) // strides[0] + 1. argmax is the place in its window,
kh * pool_size[1] + kw, of the first maximum (of the first NaN): uint8 where windows have at most 256 cells, else int32.
It is None without with_argmax.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("max_pool2d_backward", &max_backward, py::arg("dy"), py::arg("argmax"), py::arg("input_shape"),
        py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
        R"(Gradient of max_pool2d_forward: dy and argmax (N, OH, OW, C) -> dx of input_shape.

Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("avg_pool2d_forward", &avg_forward, py::arg("x"), py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
        R"(The mean of each window, over the cells that lie inside the image.

x (N, H, W, C) float32 or float64, padding (top, bottom, left, right) -> y (N, OH, OW, C) as in max_pool2d_forward.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("avg_pool2d_backward", &avg_backward, py::arg("dy"), py::arg("input_shape"), py::arg("pool_size"),
        py::arg("strides"), py::arg("padding"),
        R"(Gradient of avg_pool2d_forward: dy (N, OH, OW, C) -> dx of input_shape.

Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
