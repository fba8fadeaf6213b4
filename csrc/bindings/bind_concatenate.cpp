// Concatenation and reversal, as kernels so that plans hold them.
#include <array>

#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

constexpr std::size_t kMaxParts = 16;  // what a step of a plan can read

// The axis as a number from 0, and the products of the sizes before and after it.
struct Axis {
  index number, size, outer = 1, inner = 1;
};

Axis axis_of(const char* op, const Array& x, index axis) {
  PYDL_CHECK(-x.ndim() <= axis && axis < x.ndim(), "[", op, "] axis: expected one of the ", x.ndim(),
             " axes of the array, got ", axis);
  const index number = axis < 0 ? axis + x.ndim() : axis;
  Axis found{number, x.shape(number)};
  for (index i = 0; i < x.ndim(); i++) {
    if (i < found.number) found.outer *= x.shape(i);
    if (i > found.number) found.inner *= x.shape(i);
  }
  return found;
}

template <class T>
Array concatenate(const std::vector<Array>& arrays, index axis_number) {
  const char* op = "concatenate";
  const Axis axis = axis_of(op, arrays[0], axis_number);
  std::vector<index> shape = shape_of(arrays[0]), part = shape;
  part[std::size_t(axis.number)] = -1;
  shape[std::size_t(axis.number)] = 0;
  Memory in[kMaxParts] = {};
  std::array<index, kMaxParts> cols = {};
  for (std::size_t k = 0; k < arrays.size(); k++) {
    const Array a = checked_as<T>(op, "arrays", arrays[k], part);
    in[k] = memory_of(a);
    cols[k] = a.shape(axis.number) * axis.inner;
    shape[std::size_t(axis.number)] += a.shape(axis.number);
  }
  checked_size(op, "arrays", shape);
  const Array y = make_array<T>(shape);
  launch(op, in, {y}, [=, count = index(arrays.size())](const KernelCall& call) {
    const T* typed[kMaxParts];
    for (index k = 0; k < count; k++) typed[k] = call.in<T>(k);
    call.kernels<T>().concatenate.concatenate(axis.outer, count, cols.data(), typed, call.out<T>(0));
  });
  return y;
}

template <class T>
Array flip(const Array& x, index axis_number) {
  const Axis axis = axis_of("flip", x, axis_number);
  const Array y = make_array<T>(shape_of(x));
  launch("flip", {memory_of(x)}, {y}, [=](const KernelCall& call) {
    call.kernels<T>().concatenate.flip(axis.outer, axis.size, axis.inner, call.in<T>(0), call.out<T>(0));
  });
  return y;
}

// A mask has one byte per step: a plain loop is fast enough.
Array flip_mask(const Array& x, index axis_number) {
  const Axis axis = axis_of("flip", x, axis_number);
  const Array y = make_array<bool>(shape_of(x));
  launch("flip", {memory_of(x)}, {y}, [=](const KernelCall& call) {
    const bool* from = call.in<bool>(0);
    bool* to = call.out<bool>(0);
    for (index o = 0; o < axis.outer; o++)
      for (index r = 0; r < axis.size; r++)
        for (index i = 0; i < axis.inner; i++)
          to[(o * axis.size + r) * axis.inner + i] = from[((o + 1) * axis.size - 1 - r) * axis.inner + i];
  });
  return y;
}

}  // namespace

void bind_concatenate(py::module_& m) {
  m.def(
      "concatenate",
      [](const py::object& object, index axis) {
        const char* op = "concatenate";
        PYDL_CHECK_TYPE(py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object), "[", op,
                        "] arrays: expected a list of arrays, got ", describe(object));
        std::vector<Array> arrays;
        for (const py::handle& a : object) arrays.push_back(checked(op, "arrays", a));
        PYDL_CHECK(!arrays.empty() && arrays.size() <= kMaxParts, "[", op, "] arrays: expected 1 to ", kMaxParts,
                   " arrays, got ", arrays.size());
        return by_dtype(op, "arrays", arrays[0], [&](auto zero) { return concatenate<decltype(zero)>(arrays, axis); });
      },
      py::arg("arrays"), py::arg("axis"), "Up to 16 arrays, alike but for the size of `axis`, one after the other.");
  m.def(
      "flip",
      [](const py::object& object, index axis) {
        const Array x = checked("flip", "x", object);
        if (is<bool>(x)) return flip_mask(x, axis);
        return by_dtype("flip", "x", x, [&](auto zero) { return flip<decltype(zero)>(x, axis); });
      },
      py::arg("x"), py::arg("axis"), "x (floats or bools) with one axis in reverse order.");
}

}  // namespace pydl
