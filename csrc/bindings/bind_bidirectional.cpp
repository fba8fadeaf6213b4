// A recurrent layer over the sequences from both ends, in one call.
#include "bindings/recurrent.h"
#include "runtime/check.h"

namespace pydl {
namespace {

constexpr const char *kForward = "bidirectional_forward", *kBackward = "bidirectional_backward";

const RecurrentCell& cell_named(const char* op, const std::string& name) {
  if (name == "rnn") return kRnnCell;
  if (name == "lstm") return kLstmCell;
  PYDL_CHECK(name == "gru", "[", op, "] cell: expected rnn, lstm or gru, got '", name, "'");
  return kGruCell;
}

py::handle get(const py::dict& arguments, const char* name) {
  return arguments.contains(name) ? py::handle(arguments[name]) : py::handle(Py_None);
}
bool flag(const char* op, const py::dict& arguments, const char* name) {
  const py::handle value = get(arguments, name);
  PYDL_CHECK_TYPE(value.is_none() || py::isinstance<py::bool_>(value), "[", op, "] ", name, ": expected a bool, got ",
                  describe(value));
  return !value.is_none() && value.cast<bool>();
}

RecurrentArguments arguments_of(const char* op, const py::dict& a) {
  const bool gated = a.contains("recurrent_activation");
  return {get(a, "kernel"),
          get(a, "recurrent_kernel"),
          get(a, "bias"),
          get(a, "h0"),
          get(a, "c0"),
          get(a, "mask"),
          get(a, "activation"),
          gated ? get(a, "recurrent_activation") : py::handle(),
          flag(op, a, "go_backwards"),
          flag(op, a, "return_sequences"),
          flag(op, a, "reset_after"),
          get(a, "dropout_mask"),
          get(a, "recurrent_dropout_mask")};
}
void check_alike(const char* op, const RecurrentArguments (&directions)[2]) {
  PYDL_CHECK(directions[0].return_sequences == directions[1].return_sequences, "[", op,
             "] return_sequences: expected the same of both directions");
}

RecurrentLast last_of(const py::dict& a) { return {get(a, "saved"), get(a, "dh"), get(a, "dc")}; }

py::tuple forward(const std::string& cell, const py::object& x, const py::dict& first, const py::dict& second,
                  bool training) {
  const RecurrentArguments arguments[2]{arguments_of(kForward, first), arguments_of(kForward, second)};
  check_alike(kForward, arguments);
  return recurrent_forward(cell_named(kForward, cell), x, arguments, training);
}

py::tuple backward(const std::string& cell, const py::object& x, const py::dict& first, const py::dict& second,
                   const py::object& dy, bool with_dx, bool with_initial) {
  const RecurrentArguments arguments[2]{arguments_of(kBackward, first), arguments_of(kBackward, second)};
  check_alike(kBackward, arguments);
  const RecurrentLast last[2]{last_of(first), last_of(second)};
  return recurrent_backward(cell_named(kBackward, cell), x, arguments, last, dy, with_dx, with_initial);
}

}  // namespace

void bind_bidirectional(py::module_& m) {
  m.def("bidirectional_forward", &forward, py::arg("cell"), py::arg("x"), py::arg("first"), py::arg("second"),
        py::arg("training"),
        R"(Two directions of a cell ("rnn", "lstm" or "gru") over the same x -> (y, (h, c, saved), (h, c, saved)).

first, second: arguments of <cell>_forward by name, but for x and training; those that are None may be left out.
y (B, T, U1 + U2) in the order of x, or (B, U1 + U2) without return_sequences.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def(
      "bidirectional_backward", &backward, py::arg("cell"), py::arg("x"), py::arg("first"), py::arg("second"),
      py::arg("dy"), py::arg("with_dx"), py::arg("with_initial"),
      R"(Gradients of bidirectional_forward: (dx, (dweights, dh0, dc0), (dweights, dh0, dc0)), as <cell>_backward has them.

first, second: as forward had them, and saved, dh and dc.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
