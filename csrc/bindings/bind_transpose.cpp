// Transposition, repetition and padding, as kernels so that plans hold them.
#include <array>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

using Axes = std::array<index, kMaxAxes>;

std::vector<index> dense_strides(const std::vector<index>& shape) {
  std::vector<index> strides(shape.size());
  index stride = 1;
  for (std::size_t k = shape.size(); k-- > 0; stride *= shape[k]) strides[k] = stride;
  return strides;
}

// y of this shape, read from x with these strides. Axes that are adjacent in both arrays are one axis for the kernel.
template <class T>
Array strided_copy(const char* op, const Array& x, const std::vector<index>& shape, const std::vector<index>& strides) {
  Axes size = {1}, stride = {1};
  std::size_t axes = 0;
  for (std::size_t k = 0; k < shape.size(); k++) {
    if (shape[k] == 1) continue;
    if (axes > 0 && stride[axes - 1] == shape[k] * strides[k]) {
      size[axes - 1] *= shape[k];
      stride[axes - 1] = strides[k];
      continue;
    }
    PYDL_CHECK(axes < kMaxAxes, "[", op, "] x: expected at most ", kMaxAxes, " axes, got ", describe(x));
    size[axes] = shape[k];
    stride[axes++] = strides[k];
  }
  const Array y = make_array<T>(shape);
  launch(op, {memory_of(x)}, {y}, [=, count = index(axes ? axes : 1)](const KernelCall& call) {
    call.kernels<T>().transpose.transpose(count, size.data(), stride.data(), call.in<T>(0), call.out<T>(0));
  });
  return y;
}

std::vector<index> transposed_order(const Array& x, py::handle object) {
  const std::size_t rank = std::size_t(x.ndim());
  std::vector<index> order = checked_ints("transpose", "axes", object, rank, 0);
  std::vector<bool> seen(rank);
  for (index axis : order) {
    PYDL_CHECK(axis < x.ndim() && !seen[std::size_t(axis)], "[transpose] axes: expected each of the ", rank,
               " axes once, got ", shown(object));
    seen[std::size_t(axis)] = true;
  }
  return order;
}

// Margins in front may be negative; those behind follow from the shape of y.
template <class T>
Array pad(const Array& x, const std::vector<index>& before, const std::vector<index>& after) {
  const std::vector<index> own = shape_of(x);
  std::vector<index> shape = own;
  for (std::size_t k = 0; k < shape.size(); k++) {
    shape[k] += before[k] + after[k];
    PYDL_CHECK(shape[k] >= 0, "[pad] before, after: expected to cut off at most ", own[k], " of axis ", k, ", got ",
               before[k], " and ", after[k]);
  }
  checked_size("pad", "before, after", shape);
  const Array y = make_array<T>(shape);
  Axes size = {1}, front = {0}, y_size = {1};
  std::size_t axes = 0;
  for (std::size_t k = 0; k < shape.size() && y.size() > 0; k++) {
    const bool whole = before[k] == 0 && after[k] == 0;
    if (axes > 0 && whole) {  // an axis without margins is merged into the one before
      size[axes - 1] *= own[k];
      y_size[axes - 1] *= own[k];
      front[axes - 1] *= own[k];
      continue;
    }
    PYDL_CHECK(axes < kMaxAxes, "[pad] x: expected at most ", kMaxAxes, " axes, got ", describe(x));
    size[axes] = own[k];
    front[axes] = before[k];
    y_size[axes++] = shape[k];
  }
  launch("pad", {memory_of(x)}, {y}, [=, count = index(axes ? axes : 1)](const KernelCall& call) {
    call.kernels<T>().transpose.pad(count, size.data(), front.data(), y_size.data(), call.in<T>(0), call.out<T>(0));
  });
  return y;
}

}  // namespace

void bind_transpose(py::module_& m) {
  m.def(
      "transpose",
      [](const py::object& object, const py::object& axes) {
        const Array x = checked("transpose", "x", object);
        const std::vector<index> order = transposed_order(x, axes), all = shape_of(x), dense = dense_strides(all);
        std::vector<index> shape, strides;
        for (index axis : order) {
          shape.push_back(all[std::size_t(axis)]);
          strides.push_back(dense[std::size_t(axis)]);
        }
        return by_dtype("transpose", "x", x,
                        [&](auto zero) { return strided_copy<decltype(zero)>("transpose", x, shape, strides); });
      },
      py::arg("x"), py::arg("axes"), "x with its axes in this order.");
  m.def(
      "repeat_to",
      [](const py::object& object, const py::object& shape_object) {
        const char* op = "repeat_to";
        const Array x = checked(op, "x", object);
        const std::vector<index> shape = checked_ints(op, "shape", shape_object, kAnyCount, 0);
        const std::vector<index> own = shape_of(x), dense = dense_strides(own);
        PYDL_CHECK(own.size() <= shape.size(), "[", op, "] shape: expected at least ", own.size(), " sizes, got ",
                   shape_string(shape));
        const std::size_t missing = shape.size() - own.size();
        std::vector<index> strides(shape.size(), 0);
        for (std::size_t k = 0; k < own.size(); k++) {
          PYDL_CHECK(own[k] == shape[missing + k] || own[k] == 1, "[", op, "] shape: expected one that ",
                     shape_string(own), " repeats to, got ", shape_string(shape));
          if (own[k] != 1) strides[missing + k] = dense[k];
        }
        checked_size(op, "shape", shape);
        return by_dtype(op, "x", x, [&](auto zero) { return strided_copy<decltype(zero)>(op, x, shape, strides); });
      },
      py::arg("x"), py::arg("shape"), "x repeated along new axes in front, and along axes of size 1.");
  m.def(
      "pad",
      [](const py::object& object, const py::object& before, const py::object& after) {
        const Array x = checked("pad", "x", object);
        const std::size_t rank = std::size_t(x.ndim());
        const index lowest = -(index(1) << 31);
        const std::vector<index> front = checked_ints("pad", "before", before, rank, lowest);
        const std::vector<index> back = checked_ints("pad", "after", after, rank, lowest);
        return by_dtype("pad", "x", x, [&](auto zero) { return pad<decltype(zero)>(x, front, back); });
      },
      py::arg("x"), py::arg("before"), py::arg("after"),
      "x with so many zeros around it, for each axis; negative numbers cut off.");
}

}  // namespace pydl
