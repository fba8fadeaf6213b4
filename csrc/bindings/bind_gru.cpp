// The gated recurrent unit over whole sequences.
#include "bindings/recurrent.h"

namespace pydl {

const RecurrentCell kGruCell{
    "gru_forward", "gru_backward", 3, false, &KernelTable<float>::gru, &KernelTable<double>::gru, true};

namespace {

py::tuple forward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                  const py::object& bias, const py::object& h0, const py::object& mask, const py::object& activation,
                  const py::object& recurrent_activation, bool reset_after, bool go_backwards, bool return_sequences,
                  const py::object& dropout, const py::object& recurrent_dropout, bool training) {
  return recurrent_forward(kGruCell, x,
                           {kernel, recurrent_kernel, bias, h0, py::none(), mask, activation, recurrent_activation,
                            go_backwards, return_sequences, reset_after, dropout, recurrent_dropout},
                           training);
}

py::tuple backward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                   const py::object& bias, const py::object& h0, const py::object& mask, const py::object& activation,
                   const py::object& recurrent_activation, bool reset_after, bool go_backwards, bool return_sequences,
                   const py::object& dropout, const py::object& recurrent_dropout, const py::object& saved,
                   const py::object& dy, const py::object& dh, bool with_dx, bool with_initial) {
  return recurrent_backward(kGruCell, x,
                            {kernel, recurrent_kernel, bias, h0, py::none(), mask, activation, recurrent_activation,
                             go_backwards, return_sequences, reset_after, dropout, recurrent_dropout},
                            saved, dy, dh, py::none(), with_dx, with_initial);
}

}  // namespace

void bind_gru(py::module_& m) {
  m.def("gru_forward", &forward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("mask"), py::arg("activation"), py::arg("recurrent_activation"), py::arg("reset_after"),
        py::arg("go_backwards"), py::arg("return_sequences"), py::arg("dropout_mask"),
        py::arg("recurrent_dropout_mask"), py::arg("training"),
        R"(x (B, T, I), kernel (I, 3 U), recurrent_kernel (U, 3 U), gates z r h -> (y, h, None, saved).

bias (2, 3 U), or (3 U,) without reset_after, h0 (B, U), mask (B, T) of bools, dropout_mask (B, I), recurrent_dropout_mask (B, U) may be None.
y (B, T, U), or (B, U) without return_sequences; saved is what gru_backward needs, None unless training.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("gru_backward", &backward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("mask"), py::arg("activation"), py::arg("recurrent_activation"), py::arg("reset_after"),
        py::arg("go_backwards"), py::arg("return_sequences"), py::arg("dropout_mask"),
        py::arg("recurrent_dropout_mask"), py::arg("saved"), py::arg("dy"), py::arg("dh"), py::arg("with_dx"),
        py::arg("with_initial"),
        R"(Gradients from dy, dh (each may be None): (dx, dweights, dh0, None), None where not asked for.

Rows of dweights: I of the kernel, the bias, U of the recurrent kernel, its bias (reset_after). saved is overwritten: it serves once.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
