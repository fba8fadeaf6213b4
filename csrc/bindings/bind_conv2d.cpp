#include <algorithm>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "runtime/precision.h"

namespace pydl {
namespace {

using Sizes = std::vector<index>;

// The shape that strides, padding, dilation and groups give, checked together with the shapes of x and w.
Conv2dShape checked_shape(const char* op, const char* x_name, const Sizes& x, const char* w_name, const Sizes& w,
                          py::handle strides, py::handle padding, py::handle dilation, index groups) {
  Sizes stride = checked_ints(op, "strides", strides, 2, 1);
  Sizes pad = checked_ints(op, "padding", padding, 4, 0);
  Sizes spread = checked_ints(op, "dilation", dilation, 2, 1);
  constexpr index limit = index(1) << 31;
  for (std::size_t i = 0; i < 4; i++) {
    PYDL_CHECK((x[i] > 0 || i == 0) && x[i] < limit, "[", op, "] ", x_name,
               ": expected (N, H, W, C) with sizes from 1 to 2147483647 (N may be 0), got ", shape_string(x));
    PYDL_CHECK(w[i] > 0 && w[i] < limit, "[", op, "] ", w_name,
               ": expected (KH, KW, C/groups, O) with sizes from 1 to 2147483647, got ", shape_string(w));
  }
  PYDL_CHECK(groups >= 1 && x[3] % groups == 0 && w[3] % groups == 0, "[", op,
             "] groups: expected a divisor of C = ", x[3], " and O = ", w[3], ", got ", groups);
  PYDL_CHECK(w[2] == x[3] / groups, "[", op, "] ", w_name,
             ": expected shape (KH, KW, C/groups, O) with C/groups = ", x[3] / groups, ", got ", shape_string(w));
  index window[2], out[2];
  for (std::size_t i = 0; i < 2; i++) {
    index padded = x[i + 1] + pad[2 * i] + pad[2 * i + 1];
    window[i] = (w[i] - 1) * spread[i] + 1;
    PYDL_CHECK(window[i] <= padded, "[", op, "] ", w_name, ": the kernel spans ", window[i], i ? " columns" : " rows",
               " (dilation ", spread[i], "), more than the ", padded, " of the padded input");
    out[i] = (padded - window[i]) / stride[i] + 1;
    // A single output needs no stride, and a single tap no dilation: kernels get small numbers.
    if (out[i] == 1) stride[i] = std::min(stride[i], x[i + 1]);
    if (w[i] == 1) spread[i] = 1;
  }
  return {x[0],   x[1],      x[2],      x[3],   w[0],   w[1],      w[3],      out[0],
          out[1], stride[0], stride[1], pad[0], pad[2], spread[0], spread[1], groups};
}

// The shape, with the algorithm that the precision requests now (a plan reads it at each replay).
Conv2dShape requested(Conv2dShape s) {
  s.algorithm = conv2d_requested();
  return s;
}

// The weights are the second argument in both directions.
template <class T>
Plan::Packing packing_of(const Conv2dShape& s, ConvDirection direction) {
  return packing(
      {1},
      [=](const Kernels& table) {
        return table.of<T>().conv2d.packed_size(requested(s), direction) * index(sizeof(T));
      },
      [=](const KernelCall& call) {
        call.kernels<T>().conv2d.pack(requested(s), direction, call.in<T>(0), call.out<T>(0));
      });
}

void check_output_gradient(const char* op, const Array& dy, const Conv2dShape& s) {
  check_shape(op, "dy", dy, {s.N, s.OH, s.OW, s.O});
}

Array forward(py::handle x_object, py::handle w_object, py::handle bias_object, py::handle strides, py::handle padding,
              py::handle dilation, index groups, py::handle activation_name, py::handle alpha_object) {
  const char* op = "conv2d_forward";
  Array x = checked(op, "x", x_object, 4);
  Activation activation = checked_activation(op, "activation", activation_name);
  const double alpha = checked_real(op, "alpha", alpha_object);
  return by_dtype(op, "x", x, [&](auto zero) {
    using T = decltype(zero);
    Array w = checked_as<T>(op, "w", w_object, {-1, -1, -1, -1});
    Conv2dShape s = checked_shape(op, "x", shape_of(x), "w", shape_of(w), strides, padding, dilation, groups);
    Array bias = checked_or_none<T>(op, "bias", bias_object, {s.O});
    Sizes shape{s.N, s.OH, s.OW, s.O};
    checked_size(op, "output", shape);
    Array y = make_array<T>(shape);
    launch(
        op, {memory_of(x), memory_of(w), memory_of(bias)}, {y},
        [=](const KernelCall& call) {
          Epilogue<T> epilogue{call.in<T>(2), activation, T(alpha)};
          call.kernels<T>().conv2d.forward(requested(s), call.in<T>(0), call.in<T>(1), call.packed<T>(), epilogue,
                                           call.out<T>(0));
        },
        packing_of<T>(s, ConvDirection::forward));
    return y;
  });
}

Array backward_input(py::handle dy_object, py::handle w_object, py::handle input_shape, py::handle strides,
                     py::handle padding, py::handle dilation, index groups, py::handle bias_object,
                     py::handle activation_name, double alpha) {
  const char* op = "conv2d_backward_input";
  Array dy = checked(op, "dy", dy_object, 4);
  Activation activation = checked_activation(op, "activation", activation_name);
  Sizes shape = checked_ints(op, "input_shape", input_shape, 4, 0);
  return by_dtype(op, "dy", dy, [&](auto zero) {
    using T = decltype(zero);
    Array w = checked_as<T>(op, "w", w_object, {-1, -1, -1, -1});
    Conv2dShape s = checked_shape(op, "input_shape", shape, "w", shape_of(w), strides, padding, dilation, groups);
    checked_size(op, "input_shape", shape);
    check_output_gradient(op, dy, s);
    Array bias = checked_or_none<T>(op, "bias", bias_object, {s.C});
    Array dx = make_array<T>(shape);
    launch(
        op, {memory_of(dy), memory_of(w), memory_of(bias)}, {dx},
        [=](const KernelCall& call) {
          Epilogue<T> epilogue{call.in<T>(2), activation, T(alpha)};
          call.kernels<T>().conv2d.backward_input(requested(s), call.in<T>(0), call.in<T>(1), call.packed<T>(),
                                                  epilogue, call.out<T>(0));
        },
        packing_of<T>(s, ConvDirection::backward_input));
    return dx;
  });
}

py::tuple backward_weight(py::handle x_object, py::handle dy_object, py::handle kernel_shape, py::handle strides,
                          py::handle padding, py::handle dilation, index groups, bool with_bias) {
  const char* op = "conv2d_backward_weight";
  Array x = checked(op, "x", x_object, 4);
  Sizes shape = checked_ints(op, "kernel_shape", kernel_shape, 4, 1);
  return by_dtype(op, "x", x, [&](auto zero) -> py::tuple {
    using T = decltype(zero);
    Array dy = checked_as<T>(op, "dy", dy_object, {-1, -1, -1, -1});
    Conv2dShape s = checked_shape(op, "x", shape_of(x), "kernel_shape", shape, strides, padding, dilation, groups);
    checked_size(op, "kernel_shape", shape);
    check_output_gradient(op, dy, s);
    Array dw = make_array<T>(shape), db = make_array<T>({with_bias ? s.O : 0});
    launch(op, {memory_of(x), memory_of(dy)}, {dw, db}, [=](const KernelCall& call) {
      call.kernels<T>().conv2d.backward_weight(requested(s), call.in<T>(0), call.in<T>(1), call.out<T>(0),
                                               with_bias ? call.out<T>(1) : nullptr);
    });
    if (!with_bias) return py::make_tuple(dw, py::none());
    return py::make_tuple(dw, db);
  });
}

const char* algorithm(const std::string& direction, py::handle x_shape, py::handle w_shape, py::handle strides,
                      py::handle padding, py::handle dilation, index groups) {
  const char* op = "conv2d_algorithm";
  constexpr const char* kDirections[] = {"forward", "backward_input", "backward_weight"};  // as ConvDirection
  Sizes x = checked_ints(op, "x_shape", x_shape, 4, 0), w = checked_ints(op, "w_shape", w_shape, 4, 1);
  Conv2dShape s = checked_shape(op, "x_shape", x, "w_shape", w, strides, padding, dilation, groups);
  for (int i = 0; i < 3; i++)
    if (direction == kDirections[i])
      return conv2d_algorithm_name(query_kernels().f32.conv2d.algorithm(requested(s), ConvDirection(i)));
  throw std::invalid_argument(
      "[conv2d_algorithm] direction: expected forward, backward_input or backward_weight, got '" + direction + "'");
}

}  // namespace

void bind_conv2d(py::module_& m) {
  m.def("conv2d_forward", &forward, py::arg("x"), py::arg("w"), py::arg("bias"), py::arg("strides"), py::arg("padding"),
        py::arg("dilation"), py::arg("groups"), py::arg("activation") = "linear", py::arg("alpha") = 0.0,
        R"(Cross-correlation of images with a bank of filters, then bias and activation.

x (N, H, W, C), w (KH, KW, C/groups, O), bias (O,) or None, padding (top, bottom, left, right) -> y (N, OH, OW, O) with
OH = (H + top + bottom - (KH - 1) * dilation - 1) // stride + 1. All arrays float32 or all float64, C-contiguous.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("conv2d_backward_input", &backward_input, py::arg("dy"), py::arg("w"), py::arg("input_shape"),
        py::arg("strides"), py::arg("padding"), py::arg("dilation"), py::arg("groups"), py::arg("bias") = py::none(),
        py::arg("activation") = "linear", py::arg("alpha") = 0.0,
        R"(Gradient of conv2d_forward (without activation) for x: dy (N, OH, OW, O) -> dx of input_shape.

As a layer of its own it is the transposed convolution; then bias (C,) and activation follow.

Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("conv2d_backward_weight", &backward_weight, py::arg("x"), py::arg("dy"), py::arg("kernel_shape"),
        py::arg("strides"), py::arg("padding"), py::arg("dilation"), py::arg("groups"), py::arg("with_bias"),
        R"(Gradient of conv2d_forward (without activation) for w and bias: (dw of kernel_shape, db (O,) or None).

Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("conv2d_algorithm", &algorithm, py::arg("direction"), py::arg("x_shape"), py::arg("w_shape"),
        py::arg("strides"), py::arg("padding"), py::arg("dilation"), py::arg("groups"),
        R"(What the conv2d functions do now for a shape: implicit_gemm, depthwise, grouped,
winograd_4x4, winograd_5x5 or space_to_depth.

direction is forward, backward_input or backward_weight. Raises as these functions do.)");
  m.def(
      "force_conv2d_algorithm",
      [](const std::string& name) {
        BetweenKernels here;
        force_conv2d(conv2d_algorithm_of(name.c_str()));
      },
      py::arg("name"), "For tests: the algorithm of every convolution that it fits; 'automatic' for none.");
}

}  // namespace pydl
