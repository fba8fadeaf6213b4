// Images enlarged by whole factors.
#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

constexpr index kLargest = index(1) << 31;

Resize2dShape checked_resize(const char* op, const std::vector<index>& small, py::handle factors, bool bilinear) {
  const std::vector<index> f = checked_ints(op, "size", factors, 2, 1);
  Resize2dShape s{small[0], small[1], small[2], small[3], f[0], f[1], bilinear};
  PYDL_CHECK(s.H < kLargest / f[0] && s.W < kLargest / f[1], "[", op, "] size: too large for an image of ",
             shape_string(small), ", got ", shown(factors));
  checked_size(op, "size", {s.N, s.H * f[0], s.W * f[1], s.C});
  return s;
}

bool checked_bilinear(const char* op, const py::object& object) {
  const bool bilinear = is_text(object, "bilinear");
  PYDL_CHECK(bilinear || is_text(object, "nearest"), "[", op, "] interpolation: expected nearest or bilinear, got ",
             shown(object));
  return bilinear;
}

template <class T>
Array forward(const Resize2dShape& s, const Array& x) {
  const Array y = make_array<T>({s.N, s.H * s.factor_h, s.W * s.factor_w, s.C});
  launch("resize2d_forward", {memory_of(x)}, {y},
         [=](const KernelCall& call) { call.kernels<T>().resize.forward(s, call.in<T>(0), call.out<T>(0)); });
  return y;
}

template <class T>
Array backward(const Resize2dShape& s, const Array& dy) {
  const Array dx = make_array<T>({s.N, s.H, s.W, s.C});
  launch("resize2d_backward", {memory_of(dy)}, {dx},
         [=](const KernelCall& call) { call.kernels<T>().resize.backward(s, call.in<T>(0), call.out<T>(0)); });
  return dx;
}

}  // namespace

void bind_resize(py::module_& m) {
  m.def(
      "resize2d_forward",
      [](const py::object& object, const py::object& size, const py::object& interpolation) {
        const char* op = "resize2d_forward";
        const Array x = checked(op, "x", object, 4);
        const Resize2dShape s = checked_resize(op, shape_of(x), size, checked_bilinear(op, interpolation));
        return by_dtype(op, "x", x, [&](auto zero) { return forward<decltype(zero)>(s, x); });
      },
      py::arg("x"), py::arg("size"), py::arg("interpolation"),
      "x (N, H, W, C) with size[0] rows for each of its own and size[1] columns.");
  m.def(
      "resize2d_backward",
      [](const py::object& object, const py::object& size, const py::object& interpolation) {
        const char* op = "resize2d_backward";
        const Array dy = checked(op, "dy", object, 4);
        const std::vector<index> f = checked_ints(op, "size", size, 2, 1), large = shape_of(dy);
        PYDL_CHECK(large[1] % f[0] == 0 && large[2] % f[1] == 0, "[", op, "] dy: expected multiples of size ",
                   shape_string(f), " rows and columns, got ", describe(dy));
        const std::vector<index> small{large[0], large[1] / f[0], large[2] / f[1], large[3]};
        const Resize2dShape s = checked_resize(op, small, size, checked_bilinear(op, interpolation));
        return by_dtype(op, "dy", dy, [&](auto zero) { return backward<decltype(zero)>(s, dy); });
      },
      py::arg("dy"), py::arg("size"), py::arg("interpolation"), "The gradient of resize2d_forward.");
}

}  // namespace pydl
