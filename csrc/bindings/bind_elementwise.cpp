// Activations, and arithmetic with one broadcast operand.
#include <array>
#include <optional>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

// Backward reads the slope from the sign of y, which needs alpha >= 0.
double checked_alpha(const char* op, Activation kind, const py::object& object) {
  const double alpha = checked_real(op, "alpha", object);
  const bool used = kActivations[int(kind)].alpha > 0;
  PYDL_CHECK(!used || alpha >= 0, "[", op, "] alpha: expected a number >= 0, got ", alpha);
  return alpha;
}

template <class T>
Array activation_forward(Activation kind, T alpha, const Array& x) {
  const Array y = make_array<T>(shape_of(x));
  const index n = x.size();
  launch("activation_forward", {memory_of(x)}, {y}, [=](const KernelCall& call) {
    call.kernels<T>().elementwise.activation_forward(kind, alpha, n, call.in<T>(0), call.out<T>(0));
  });
  return y;
}

template <class T>
Array activation_backward(Activation kind, T alpha, const Array& dy, const py::object& saved_object) {
  const Array saved = checked_as<T>("activation_backward", "saved", saved_object, shape_of(dy));
  const Array dx = make_array<T>(shape_of(dy));
  const index n = dy.size();
  launch("activation_backward", {memory_of(saved), memory_of(dy)}, {dx}, [=](const KernelCall& call) {
    call.kernels<T>().elementwise.activation_backward(kind, alpha, n, call.in<T>(0), call.in<T>(1), call.out<T>(0));
  });
  return dx;
}

BinaryOp binary_op_named(const std::string& name) {
  constexpr std::array names{"add",    "subtract", "multiply",
                             "divide", "maximum",  "minimum"};  // in the order of the enum
  for (std::size_t i = 0; i < names.size(); i++)
    if (name == names[i]) return BinaryOp(i);
  throw std::invalid_argument(
      message("[binary] name: expected one of add, subtract, multiply, divide, maximum, minimum, got '", name, "'"));
}

// How an a of rows x cols reads b: the sizes, and the strides of b.
struct Broadcast {
  index rows, cols, b_row, b_col;
};

// b aligned at the right, as in NumPy: equal to a, except that its axes of size 1 all come first (a row, or a scalar)
// or all last (a column).
std::optional<Broadcast> broadcast(const std::vector<index>& a, std::vector<index> b) {
  if (b.size() > a.size()) return std::nullopt;
  b.insert(b.begin(), a.size() - b.size(), 1);
  auto product = [&](std::size_t begin, std::size_t end) {
    index size = 1;
    for (std::size_t i = begin; i < end; i++) size *= a[i];
    return size;
  };
  auto match = [&](std::size_t begin, std::size_t end, bool ones) {
    for (std::size_t i = begin; i < end; i++)
      if (b[i] != (ones ? 1 : a[i])) return false;
    return true;
  };
  const std::size_t rank = a.size();
  for (std::size_t k = 0; k <= rank; k++) {
    const index rows = product(0, k), cols = product(k, rank);
    if (match(0, k, true) && match(k, rank, false)) return Broadcast{rows, cols, k == 0 ? cols : 0, k < rank};
    if (match(0, k, false) && match(k, rank, true)) return Broadcast{rows, cols, k > 0, 0};
  }
  return std::nullopt;
}

Broadcast checked_broadcast(const char* op, const char* name, const Array& b, const char* big_name, const Array& big) {
  const std::optional<Broadcast> how = broadcast(shape_of(big), shape_of(b));
  PYDL_CHECK(how, "[", op, "] ", name, ": expected the shape of ", big_name, ", ", shape_string(shape_of(big)),
             ", or a scalar, row or column of it, got ", describe(b));
  return *how;
}

// NaN and infinity are no slope; a maximum may be infinite.
struct Rectifier {
  double slope, max_value, threshold;

  void check(const char* op) const {
    PYDL_CHECK(slope >= 0 && slope < 1e30, "[", op, "] slope: expected a number >= 0, got ", slope);
    PYDL_CHECK(max_value >= 0, "[", op, "] max_value: expected a number >= 0, got ", max_value);
    PYDL_CHECK(threshold >= 0 && threshold < 1e30, "[", op, "] threshold: expected a number >= 0, got ", threshold);
  }
};

template <class T>
Array rectify_forward(const Rectifier& r, const Array& x) {
  const Array y = make_array<T>(shape_of(x));
  launch("rectify_forward", {memory_of(x)}, {y}, [=, n = x.size()](const KernelCall& call) {
    call.kernels<T>().elementwise.rectify_forward(T(r.slope), T(r.max_value), T(r.threshold), n, call.in<T>(0),
                                                  call.out<T>(0));
  });
  return y;
}

template <class T>
Array rectify_backward(const Rectifier& r, const Array& dy, const py::object& x_object) {
  const Array x = checked_as<T>("rectify_backward", "x", x_object, shape_of(dy));
  const Array dx = make_array<T>(shape_of(dy));
  launch("rectify_backward", {memory_of(x), memory_of(dy)}, {dx}, [=, n = dy.size()](const KernelCall& call) {
    call.kernels<T>().elementwise.rectify_backward(T(r.slope), T(r.max_value), T(r.threshold), n, call.in<T>(0),
                                                   call.in<T>(1), call.out<T>(0));
  });
  return dx;
}

template <class T>
Array prelu_forward(const Array& x, const py::object& alpha_object) {
  const Array alpha = checked("prelu_forward", "alpha", alpha_object);
  PYDL_CHECK_TYPE(is<T>(alpha), "[prelu_forward] alpha: expected ", py::str(x.dtype()).cast<std::string>(),
                  " as x, got ", describe(alpha));
  const Broadcast how = checked_broadcast("prelu_forward", "alpha", alpha, "x", x);
  const Array y = make_array<T>(shape_of(x));
  launch("prelu_forward", {memory_of(x), memory_of(alpha)}, {y}, [how](const KernelCall& call) {
    call.kernels<T>().elementwise.prelu_forward(how.rows, how.cols, call.in<T>(0), call.in<T>(1), how.b_row, how.b_col,
                                                call.out<T>(0));
  });
  return y;
}

template <class T>
py::tuple prelu_backward(const Array& dy, const py::object& x_object, const py::object& alpha_object) {
  const Array x = checked_as<T>("prelu_backward", "x", x_object, shape_of(dy));
  const Array alpha = checked("prelu_backward", "alpha", alpha_object);
  PYDL_CHECK_TYPE(is<T>(alpha), "[prelu_backward] alpha: expected ", py::str(dy.dtype()).cast<std::string>(),
                  " as dy, got ", describe(alpha));
  const Broadcast how = checked_broadcast("prelu_backward", "alpha", alpha, "dy", dy);
  const Array dx = make_array<T>(shape_of(dy)), dalpha = make_array<T>(shape_of(dy));
  launch("prelu_backward", {memory_of(x), memory_of(alpha), memory_of(dy)}, {dx, dalpha},
         [how](const KernelCall& call) {
           call.kernels<T>().elementwise.prelu_backward(how.rows, how.cols, call.in<T>(0), call.in<T>(1), how.b_row,
                                                        how.b_col, call.in<T>(2), call.out<T>(0), call.out<T>(1));
         });
  return py::make_tuple(dx, dalpha);
}

template <class T>
Array binary(BinaryOp op, const Array& a, const py::object& b_object) {
  const Array b = checked("binary", "b", b_object);
  PYDL_CHECK_TYPE(is<T>(b), "[binary] b: expected ", py::str(a.dtype()).cast<std::string>(), " as a, got ",
                  describe(b));
  const Broadcast how = checked_broadcast("binary", "b", b, "a", a);
  const Array c = make_array<T>(shape_of(a));
  launch("binary", {memory_of(a), memory_of(b)}, {c}, [op, how](const KernelCall& call) {
    call.kernels<T>().elementwise.binary(op, how.rows, how.cols, call.in<T>(0), call.in<T>(1), how.b_row, how.b_col,
                                         call.out<T>(0));
  });
  return c;
}

// Name -> (whether backward reads the input, the default alpha).
py::dict activations() {
  py::dict all;
  for (const ActivationTraits& each : kActivations)
    all[each.name] = py::make_tuple(each.saved == Saved::saves_input, each.alpha);
  return all;
}

void bind_activations(py::module_& m) {
  m.attr("ACTIVATIONS") = activations();
  m.def(
      "activation_forward",
      [](const py::object& x_object, const py::object& name, const py::object& alpha_object) {
        constexpr const char* op = "activation_forward";
        const Activation kind = checked_activation(op, "name", name);
        const double alpha = checked_alpha(op, kind, alpha_object);
        const Array x = checked(op, "x", x_object);
        return by_dtype(op, "x", x, [&](auto zero) {
          return activation_forward<decltype(zero)>(kind, static_cast<decltype(zero)>(alpha), x);
        });
      },
      py::arg("x"), py::arg("name"), py::arg("alpha") = 0.0, "The activation of every element.");
  m.def(
      "activation_backward",
      [](const py::object& dy_object, const py::object& saved, const py::object& name, const py::object& alpha_object) {
        constexpr const char* op = "activation_backward";
        const Activation kind = checked_activation(op, "name", name);
        const double alpha = checked_alpha(op, kind, alpha_object);
        const Array dy = checked(op, "dy", dy_object);
        return by_dtype(op, "dy", dy, [&](auto zero) {
          return activation_backward<decltype(zero)>(kind, static_cast<decltype(zero)>(alpha), dy, saved);
        });
      },
      py::arg("dy"), py::arg("saved"), py::arg("name"), py::arg("alpha") = 0.0,
      "dx from dy and `saved`: x for gelu, gelu_tanh and silu, y for all others.");
}

void bind_binary(py::module_& m) {
  m.def(
      "binary",
      [](const std::string& name, const py::object& a_object, const py::object& b) {
        const BinaryOp op = binary_op_named(name);
        const Array a = checked("binary", "a", a_object);
        return by_dtype("binary", "a", a, [&](auto zero) { return binary<decltype(zero)>(op, a, b); });
      },
      py::arg("name"), py::arg("a"), py::arg("b"),
      "name(a, b) with the shape of a; b has that shape too, or is a scalar, row or column of it.");
}

void bind_rectifiers(py::module_& m) {
  m.def(
      "rectify_forward",
      [](const py::object& x_object, double slope, double max_value, double threshold) {
        const Rectifier r{slope, max_value, threshold};
        r.check("rectify_forward");
        const Array x = checked("rectify_forward", "x", x_object);
        return by_dtype("rectify_forward", "x", x, [&](auto zero) { return rectify_forward<decltype(zero)>(r, x); });
      },
      py::arg("x"), py::arg("slope"), py::arg("max_value"), py::arg("threshold"),
      "max_value where x is at least that, x where it is above threshold, else slope * (x - threshold).");
  m.def(
      "rectify_backward",
      [](const py::object& dy_object, const py::object& x, double slope, double max_value, double threshold) {
        const Rectifier r{slope, max_value, threshold};
        r.check("rectify_backward");
        const Array dy = checked("rectify_backward", "dy", dy_object);
        return by_dtype("rectify_backward", "dy", dy,
                        [&](auto zero) { return rectify_backward<decltype(zero)>(r, dy, x); });
      },
      py::arg("dy"), py::arg("x"), py::arg("slope"), py::arg("max_value"), py::arg("threshold"),
      "dx of rectify_forward.");
  m.def(
      "prelu_forward",
      [](const py::object& x_object, const py::object& alpha) {
        const Array x = checked("prelu_forward", "x", x_object);
        return by_dtype("prelu_forward", "x", x, [&](auto zero) { return prelu_forward<decltype(zero)>(x, alpha); });
      },
      py::arg("x"), py::arg("alpha"),
      "x, times alpha where it is negative; alpha has the shape of x, or is a scalar, row or column of it.");
  m.def(
      "prelu_backward",
      [](const py::object& dy_object, const py::object& x, const py::object& alpha) {
        const Array dy = checked("prelu_backward", "dy", dy_object);
        return by_dtype("prelu_backward", "dy", dy,
                        [&](auto zero) { return prelu_backward<decltype(zero)>(dy, x, alpha); });
      },
      py::arg("dy"), py::arg("x"), py::arg("alpha"),
      "dx, and the gradient of alpha before it is summed to the shape of alpha.");
}

}  // namespace

void bind_elementwise(py::module_& m) {
  bind_activations(m);
  bind_binary(m);
  bind_rectifiers(m);
}

}  // namespace pydl
