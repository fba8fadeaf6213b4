// Elman's recurrent network over whole sequences.
#include "bindings/recurrent.h"

namespace pydl {

const RecurrentCell kRnnCell{"rnn_forward", "rnn_backward",           1,
                             false,         &KernelTable<float>::rnn, &KernelTable<double>::rnn};

namespace {

py::tuple forward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                  const py::object& bias, const py::object& h0, const py::object& mask, const py::object& activation,
                  bool go_backwards, bool return_sequences, const py::object& dropout,
                  const py::object& recurrent_dropout, bool training) {
  return recurrent_forward(kRnnCell, x,
                           {kernel,
                            recurrent_kernel,
                            bias,
                            h0,
                            py::none(),
                            mask,
                            activation,
                            {},
                            go_backwards,
                            return_sequences,
                            false,
                            dropout,
                            recurrent_dropout},
                           training);
}

py::tuple backward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                   const py::object& bias, const py::object& h0, const py::object& mask, const py::object& activation,
                   bool go_backwards, bool return_sequences, const py::object& dropout,
                   const py::object& recurrent_dropout, const py::object& saved, const py::object& dy,
                   const py::object& dh, bool with_dx, bool with_initial) {
  return recurrent_backward(kRnnCell, x,
                            {kernel,
                             recurrent_kernel,
                             bias,
                             h0,
                             py::none(),
                             mask,
                             activation,
                             {},
                             go_backwards,
                             return_sequences,
                             false,
                             dropout,
                             recurrent_dropout},
                            saved, dy, dh, py::none(), with_dx, with_initial);
}

}  // namespace

void bind_rnn(py::module_& m) {
  m.def("rnn_forward", &forward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("mask"), py::arg("activation"), py::arg("go_backwards"), py::arg("return_sequences"),
        py::arg("dropout_mask"), py::arg("recurrent_dropout_mask"), py::arg("training"),
        R"(x (B, T, I), kernel (I, U), recurrent_kernel (U, U) -> (y, h, None, saved).

bias (U,), h0 (B, U), mask (B, T) of bools, dropout_mask (B, I), recurrent_dropout_mask (B, U) may be None.
y (B, T, U), or (B, U) without return_sequences; saved is what rnn_backward needs, None unless training.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("rnn_backward", &backward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("mask"), py::arg("activation"), py::arg("go_backwards"), py::arg("return_sequences"),
        py::arg("dropout_mask"), py::arg("recurrent_dropout_mask"), py::arg("saved"), py::arg("dy"), py::arg("dh"),
        py::arg("with_dx"), py::arg("with_initial"),
        R"(Gradients from dy, dh (each may be None): (dx, dweights, dh0, None), None where not asked for.

Rows of dweights: I of the kernel, the bias, U of the recurrent kernel. saved is overwritten: it serves once.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
