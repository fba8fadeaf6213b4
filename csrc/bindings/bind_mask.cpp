// Masks of time steps, as kernels so that plans hold them.
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

std::vector<index> without_last(const char* op, const Array& x) {
  PYDL_CHECK(x.ndim() > 0, "[", op, "] x: expected at least 1 dimension, got ", describe(x));
  std::vector<index> shape = shape_of(x);
  shape.pop_back();
  return shape;
}

template <class T>
Array step_mask(const Array& x, double value) {
  const Array mask = make_array<bool>(without_last("step_mask", x));
  const index rows = mask.size(), cols = x.shape(x.ndim() - 1);
  launch("step_mask", {memory_of(x)}, {mask}, [=](const KernelCall& call) {
    call.kernels<T>().mask.step_mask(rows, cols, T(value), call.in<T>(0), call.out<bool>(0));
  });
  return mask;
}

// Ids of words: a plain loop, with one comparison each.
template <class I>
Array id_mask(const Array& ids) {
  const Array mask = make_array<bool>(shape_of(ids));
  launch("id_mask", {memory_of(ids)}, {mask}, [n = ids.size()](const KernelCall& call) {
    for (index i = 0; i < n; i++) call.out<bool>(0)[i] = I(call.in<I>(0)[i]) != I(0);
  });
  return mask;
}

template <class T>
Array apply_mask(const Array& x, const Array& mask) {
  const Array y = make_array<T>(shape_of(x));
  const index rows = mask.size(), cols = x.shape(x.ndim() - 1);
  launch("apply_mask", {memory_of(x), memory_of(mask)}, {y}, [=](const KernelCall& call) {
    call.kernels<T>().mask.apply_mask(rows, cols, call.in<T>(0), call.in<bool>(1), call.out<T>(0));
  });
  return y;
}

}  // namespace

void bind_mask(py::module_& m) {
  m.def(
      "step_mask",
      [](const py::object& object, double value) {
        const Array x = checked("step_mask", "x", object);
        return by_dtype("step_mask", "x", x, [&](auto zero) { return step_mask<decltype(zero)>(x, value); });
      },
      py::arg("x"), py::arg("value"), "Bools (all axes of x but the last): whether any element differs from value.");
  m.def(
      "id_mask",
      [](const py::object& object) {
        const Array ids = checked("id_mask", "ids", object);
        if (is<std::int32_t>(ids)) return id_mask<std::int32_t>(ids);
        if (is<std::int64_t>(ids)) return id_mask<std::int64_t>(ids);
        return by_dtype("id_mask", "ids", ids, [&](auto zero) { return id_mask<decltype(zero)>(ids); });
      },
      py::arg("ids"), "Bools of the shape of ids: which are not 0.");
  m.def(
      "apply_mask",
      [](const py::object& object, const py::object& mask_object) {
        const Array x = checked("apply_mask", "x", object);
        const Array mask = checked_as<bool>("apply_mask", "mask", mask_object, without_last("apply_mask", x));
        return by_dtype("apply_mask", "x", x, [&](auto zero) { return apply_mask<decltype(zero)>(x, mask); });
      },
      py::arg("x"), py::arg("mask"), "x, with zeros along the last axis where mask (all axes but the last) is False.");
}

}  // namespace pydl
