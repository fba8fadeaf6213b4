#include "recurrent.h"

#include "../dispatch.h"
#include "arguments.h"

namespace pydl {

template <>
const RecurrentKernels<float>& RecurrentCell::kernels<float>() const {
  return pydl::kernels().f32.*f32;
}
template <>
const RecurrentKernels<double>& RecurrentCell::kernels<double>() const {
  return pydl::kernels().f64.*f64;
}

namespace {

constexpr int kInputs = 9;  // the arrays of RecurrentInputs, in its order

// The checked arguments of one call.
template <class T>
struct Checked {
  RecurrentShape shape;
  py::array x;
  py::object arrays[kInputs];
};

template <class T>
RecurrentInputs<T> inputs_of(const void* const* in) {
  auto array = [in](int i) { return static_cast<const T*>(in[i]); };
  return {array(0), array(1), array(2), array(3), array(4), array(5), static_cast<const unsigned char*>(in[6]),
          array(7), array(8)};
}

// Its slope must follow from its value: all that the kernels keep.
Activation checked_gate(const char* op, const char* name, py::handle object) {
  const Activation kind = checked_activation(op, name, object);
  for (Activation known :
       {Activation::linear, Activation::relu, Activation::sigmoid, Activation::tanh, Activation::hard_sigmoid})
    if (kind == known) return kind;
  throw std::invalid_argument(std::string("[") + op + "] " + name +
                              ": expected linear, relu, sigmoid, tanh or hard_sigmoid, got '" +
                              py::str(object).cast<std::string>() + "'");
}

py::object checked_mask(const char* op, py::handle object, index B, index T) {
  if (object.is_none()) return py::none();
  py::array mask = checked(op, "mask", object);
  PYDL_CHECK_TYPE(mask.dtype().kind() == 'b', "[", op, "] mask: expected bool ", shape_string({B, T}), ", got ",
                  describe(mask));
  check_shape(op, "mask", mask, {B, T});
  return std::move(mask);
}

template <class T>
Checked<T> checked_arguments(const char* op, const RecurrentCell& cell, const py::array& x,
                             const RecurrentArguments& a) {
  const index B = x.shape(0), steps = x.shape(1), I = x.shape(2);
  constexpr index limit = index(1) << 31;
  PYDL_CHECK(B < limit && steps < limit && I < limit, "[", op, "] x: expected sizes below 2147483648, got ",
             describe(x));
  py::array kernel = checked_as<T>(op, "kernel", a.kernel, {I, -1});
  const index width = kernel.shape(1), U = width / cell.gates;
  PYDL_CHECK(width > 0 && width < limit && width % cell.gates == 0, "[", op, "] kernel: expected shape (", I, ", ",
             cell.gates, " * units) with at least one unit, got ", describe(kernel));
  Checked<T> c;
  c.shape.B = B;
  c.shape.T = steps;
  c.shape.I = I;
  c.shape.U = U;
  c.shape.activation = checked_gate(op, "activation", a.activation);
  if (a.recurrent_activation)
    c.shape.recurrent_activation = checked_gate(op, "recurrent_activation", a.recurrent_activation);
  c.shape.go_backwards = a.go_backwards;
  c.shape.return_sequences = a.return_sequences;
  c.shape.reset_after = a.reset_after;
  c.x = x;
  const bool two_biases = cell.has_recurrent_bias && a.reset_after;
  c.arrays[0] = x;
  c.arrays[1] = kernel;
  c.arrays[2] = checked_as<T>(op, "recurrent_kernel", a.recurrent_kernel, {U, width});
  c.arrays[3] =
      two_biases ? checked_or_none<T>(op, "bias", a.bias, {2, width}) : checked_or_none<T>(op, "bias", a.bias, {width});
  c.arrays[4] = checked_or_none<T>(op, "h0", a.h0, {B, U});
  c.arrays[5] = checked_or_none<T>(op, "c0", a.c0, {B, U});
  c.arrays[6] = checked_mask(op, a.mask, B, steps);
  c.arrays[7] = checked_or_none<T>(op, "dropout_mask", a.dropout, {B, I});
  c.arrays[8] = checked_or_none<T>(op, "recurrent_dropout_mask", a.recurrent_dropout, {B, U});
  checked_size(op, "x", {B + 1, steps + 1, I + (cell.gates + 3) * U + 64});  // what training keeps of it
  return c;
}

std::vector<index> weights_shape(const RecurrentCell& cell, const RecurrentShape& s) {
  return {s.I + 1 + s.U + (cell.has_recurrent_bias && s.reset_after), cell.gates * s.U};
}

}  // namespace

py::tuple recurrent_forward(const RecurrentCell& cell, py::handle x_object, const RecurrentArguments& arguments,
                            bool training) {
  const char* op = cell.forward;
  const py::array x = checked(op, "x", x_object, 3);
  return by_dtype(op, "x", x, [&](auto zero) -> py::tuple {
    using T = decltype(zero);
    const Checked<T> c = checked_arguments<T>(op, cell, x, arguments);
    const RecurrentShape s = c.shape;
    const std::vector<index> last{s.B, s.U}, all{s.B, s.T, s.U};
    const py::array y = make_array<T>(s.return_sequences ? all : last), h = make_array<T>(last),
                    state = make_array<T>(cell.has_cell_state ? last : std::vector<index>{0}),
                    saved = make_array<T>({training ? cell.kernels<T>().saved_size(s) : 0});
    const auto& a = c.arrays;
    Plan::Packing packing{{1, 2, 3},  // kernel, recurrent kernel, bias
                          [=] { return cell.kernels<T>().packed_size(s) * index(sizeof(T)); },
                          [=](const void* const* weights, void* packed) {
                            const void* in[kInputs] = {nullptr, weights[0], weights[1], weights[2]};
                            cell.kernels<T>().pack(s, inputs_of<T>(in), static_cast<T*>(packed));
                          }};
    launch(
        op,
        {read(a[0]), read(a[1]), read(a[2]), read(a[3]), read(a[4]), read(a[5]), read(a[6]), read(a[7]), read(a[8])},
        {y, h, state, saved},
        [=](const void* const* in, void* const* out, const void* packed) {
          auto array = [out](int i) { return static_cast<T*>(out[i]); };
          cell.kernels<T>().forward(
              s, inputs_of<T>(in), static_cast<const T*>(packed),
              {array(0), array(1), cell.has_cell_state ? array(2) : nullptr, training ? array(3) : nullptr});
        },
        std::move(packing));
    const py::object none = py::none();
    return py::make_tuple(y, h, cell.has_cell_state ? py::object(state) : none, training ? py::object(saved) : none);
  });
}

py::tuple recurrent_backward(const RecurrentCell& cell, py::handle x_object, const RecurrentArguments& arguments,
                             py::handle saved_object, py::handle dy_object, py::handle dh_object, py::handle dc_object,
                             bool with_dx, bool with_initial) {
  const char* op = cell.backward;
  const py::array x = checked(op, "x", x_object, 3);
  return by_dtype(op, "x", x, [&](auto zero) -> py::tuple {
    using T = decltype(zero);
    const Checked<T> c = checked_arguments<T>(op, cell, x, arguments);
    const RecurrentShape s = c.shape;
    const std::vector<index> last{s.B, s.U}, all{s.B, s.T, s.U}, nothing{0};
    const py::array saved = checked_as<T>(op, "saved", saved_object, {cell.kernels<T>().saved_size(s)});
    check_writable(op, "saved", saved);
    const py::object dy = checked_or_none<T>(op, "dy", dy_object, s.return_sequences ? all : last);
    const py::object dh = checked_or_none<T>(op, "dh", dh_object, last);
    const py::object dc = checked_or_none<T>(op, "dc", dc_object, last);
    const bool with_dc0 = with_initial && cell.has_cell_state;
    const py::array dx = make_array<T>(with_dx ? std::vector<index>{s.B, s.T, s.I} : nothing),
                    dweights = make_array<T>(weights_shape(cell, s)),
                    dh0 = make_array<T>(with_initial ? last : nothing), dc0 = make_array<T>(with_dc0 ? last : nothing);
    const auto& a = c.arrays;
    launch(op,
           {read(a[0]), read(a[1]), read(a[2]), read(a[3]), read(a[4]), read(a[5]), read(a[6]), read(a[7]), read(a[8]),
            read(saved), read(dy), read(dh), read(dc)},
           {dx, dweights, dh0, dc0}, [=](const void* const* in, void* const* out, const void*) {
             auto array = [out](int i) { return static_cast<T*>(out[i]); };
             auto gradient = [in](int i) { return static_cast<const T*>(in[kInputs + i]); };
             T* writable = const_cast<T*>(gradient(0));  // checked above
             cell.kernels<T>().backward(s, inputs_of<T>(in),
                                        {gradient(1), gradient(2), gradient(3), writable, with_dx ? array(0) : nullptr,
                                         array(1), with_initial ? array(2) : nullptr, with_dc0 ? array(3) : nullptr});
           });
    const py::object none = py::none();
    return py::make_tuple(with_dx ? py::object(dx) : none, dweights, with_initial ? py::object(dh0) : none,
                          with_dc0 ? py::object(dc0) : none);
  });
}

}  // namespace pydl
