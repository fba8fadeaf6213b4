// The bindings of all recurrent layers: the same checks, the same calls, other kernels.
#pragma once
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "contract/table.h"

namespace pydl {

// What tells one cell from another at the door.
struct RecurrentCell {
  const char *forward, *backward;  // names of the functions
  index gates;
  bool has_cell_state;
  RecurrentKernels<float> KernelTable<float>::* f32;
  RecurrentKernels<double> KernelTable<double>::* f64;
  bool has_recurrent_bias = false;  // with reset_after: bias (2, gates * U)

  template <class T>
  const RecurrentKernels<T>& kernels() const;
};

extern const RecurrentCell kRnnCell, kLstmCell, kGruCell;

// The arguments of one direction, as Python gave them. c0 is None where the cell has none.
struct RecurrentArguments {
  py::handle kernel, recurrent_kernel, bias, h0, c0, mask, activation, recurrent_activation;
  bool go_backwards, return_sequences, reset_after;
  py::handle dropout, recurrent_dropout;
};
// What backward needs besides, but for dy.
struct RecurrentLast {
  py::handle saved, dh, dc;
};

// One direction: (y, h, c or None, saved or None).
py::tuple recurrent_forward(const RecurrentCell&, py::handle x, const RecurrentArguments&, bool training);
// Two of them, with their outputs side by side and in the order of x: (y, (h, c, saved) of each).
py::tuple recurrent_forward(const RecurrentCell&, py::handle x, const RecurrentArguments (&)[2], bool training);

// One direction: (dx or None, dweights, dh0 or None, dc0 or None).
py::tuple recurrent_backward(const RecurrentCell&, py::handle x, const RecurrentArguments&, py::handle saved,
                             py::handle dy, py::handle dh, py::handle dc, bool with_dx, bool with_initial);
// Two of them: (dx or None, (dweights, dh0, dc0) of each).
py::tuple recurrent_backward(const RecurrentCell&, py::handle x, const RecurrentArguments (&)[2],
                             const RecurrentLast (&)[2], py::handle dy, bool with_dx, bool with_initial);

}  // namespace pydl
