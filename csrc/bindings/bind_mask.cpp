// Masks of time steps, as kernels so that inference plans hold them.
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "runtime/dispatch.h"

namespace pydl {
namespace {

std::vector<index> without_last(const char* op, const py::array& x) {
  PYDL_CHECK(x.ndim() > 0, "[", op, "] x: expected at least 1 dimension, got ", describe(x));
  std::vector<index> shape = shape_of(x);
  shape.pop_back();
  return shape;
}

template <class T>
py::array step_mask(const py::array& x, double value) {
  const py::array mask = make_array<bool>(without_last("step_mask", x));
  const index rows = mask.size(), cols = x.shape(x.ndim() - 1);
  launch("step_mask", {memory_of(x)}, {mask}, [=](const void* const* in, void* const* out, const void*) {
    kernels().of<T>().mask.step_mask(rows, cols, T(value), static_cast<const T*>(in[0]), static_cast<bool*>(out[0]));
  });
  return mask;
}

// Ids of words: a plain loop, with one comparison each.
template <class I>
py::array id_mask(const py::array& ids) {
  const py::array mask = make_array<bool>(shape_of(ids));
  launch("id_mask", {memory_of(ids)}, {mask},
         [n = index(ids.size())](const void* const* in, void* const* out, const void*) {
           for (index i = 0; i < n; i++) static_cast<bool*>(out[0])[i] = I(static_cast<const I*>(in[0])[i]) != I(0);
         });
  return mask;
}

template <class T>
py::array apply_mask(const py::array& x, const py::array& mask) {
  const py::array y = make_array<T>(shape_of(x));
  const index rows = mask.size(), cols = x.shape(x.ndim() - 1);
  launch("apply_mask", {memory_of(x), memory_of(mask)}, {y}, [=](const void* const* in, void* const* out, const void*) {
    kernels().of<T>().mask.apply_mask(rows, cols, static_cast<const T*>(in[0]), static_cast<const bool*>(in[1]),
                                      static_cast<T*>(out[0]));
  });
  return y;
}

}  // namespace

void bind_mask(py::module_& m) {
  m.def(
      "step_mask",
      [](const py::object& object, double value) {
        const py::array x = checked("step_mask", "x", object);
        return by_dtype("step_mask", "x", x, [&](auto zero) { return step_mask<decltype(zero)>(x, value); });
      },
      py::arg("x"), py::arg("value"), "Bools (all axes of x but the last): whether any element differs from value.");
  m.def(
      "id_mask",
      [](const py::object& object) {
        const py::array ids = checked("id_mask", "ids", object);
        if (is<std::int32_t>(ids)) return id_mask<std::int32_t>(ids);
        if (is<std::int64_t>(ids)) return id_mask<std::int64_t>(ids);
        return by_dtype("id_mask", "ids", ids, [&](auto zero) { return id_mask<decltype(zero)>(ids); });
      },
      py::arg("ids"), "Bools of the shape of ids: which are not 0.");
  m.def(
      "apply_mask",
      [](const py::object& object, const py::object& mask_object) {
        const py::array x = checked("apply_mask", "x", object);
        const py::array mask = checked_as<bool>("apply_mask", "mask", mask_object, without_last("apply_mask", x));
        return by_dtype("apply_mask", "x", x, [&](auto zero) { return apply_mask<decltype(zero)>(x, mask); });
      },
      py::arg("x"), py::arg("mask"), "x, with zeros along the last axis where mask (all axes but the last) is False.");
}

}  // namespace pydl
