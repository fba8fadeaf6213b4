// Long short-term memory over whole sequences.
#include "bindings/recurrent.h"

namespace pydl {

const RecurrentCell kLstmCell{"lstm_forward", "lstm_backward",           4,
                              true,           &KernelTable<float>::lstm, &KernelTable<double>::lstm};

namespace {

py::tuple forward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                  const py::object& bias, const py::object& h0, const py::object& c0, const py::object& mask,
                  const py::object& activation, const py::object& recurrent_activation, bool go_backwards,
                  bool return_sequences, const py::object& dropout, const py::object& recurrent_dropout,
                  bool training) {
  return recurrent_forward(kLstmCell, x,
                           {kernel, recurrent_kernel, bias, h0, c0, mask, activation, recurrent_activation,
                            go_backwards, return_sequences, false, dropout, recurrent_dropout},
                           training);
}

py::tuple backward(const py::object& x, const py::object& kernel, const py::object& recurrent_kernel,
                   const py::object& bias, const py::object& h0, const py::object& c0, const py::object& mask,
                   const py::object& activation, const py::object& recurrent_activation, bool go_backwards,
                   bool return_sequences, const py::object& dropout, const py::object& recurrent_dropout,
                   const py::object& saved, const py::object& dy, const py::object& dh, const py::object& dc,
                   bool with_dx, bool with_initial) {
  return recurrent_backward(kLstmCell, x,
                            {kernel, recurrent_kernel, bias, h0, c0, mask, activation, recurrent_activation,
                             go_backwards, return_sequences, false, dropout, recurrent_dropout},
                            saved, dy, dh, dc, with_dx, with_initial);
}

}  // namespace

void bind_lstm(py::module_& m) {
  m.def("lstm_forward", &forward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("c0"), py::arg("mask"), py::arg("activation"), py::arg("recurrent_activation"),
        py::arg("go_backwards"), py::arg("return_sequences"), py::arg("dropout_mask"),
        py::arg("recurrent_dropout_mask"), py::arg("training"),
        R"(x (B, T, I), kernel (I, 4 U), recurrent_kernel (U, 4 U), gates i f c o -> (y, h, c, saved).

bias (4 U,), h0 and c0 (B, U), mask (B, T) of bools, dropout_mask (B, I), recurrent_dropout_mask (B, U) may be None.
y (B, T, U), or (B, U) without return_sequences; saved is what lstm_backward needs, None unless training.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("lstm_backward", &backward, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h0"), py::arg("c0"), py::arg("mask"), py::arg("activation"), py::arg("recurrent_activation"),
        py::arg("go_backwards"), py::arg("return_sequences"), py::arg("dropout_mask"),
        py::arg("recurrent_dropout_mask"), py::arg("saved"), py::arg("dy"), py::arg("dh"), py::arg("dc"),
        py::arg("with_dx"), py::arg("with_initial"),
        R"(Gradients from dy, dh, dc (each may be None): (dx, dweights, dh0, dc0), None where not asked for.

Rows of dweights: I of the kernel, the bias, U of the recurrent kernel. saved is overwritten: it serves once.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
