// Activations and arithmetic, element by element.
#pragma once
#include "contract/types.h"

namespace pydl {

enum class BinaryOp : int { add, subtract, multiply, divide, maximum, minimum };

template <class Storage, class Acc = AccOf<Storage>>
struct ElementwiseKernels {
  // y may be x. In backward, `saved` is y or x, as activations.def says for each activation; dx may be dy.
  void (*activation_forward)(Activation, Acc alpha, index n, const Storage* x, Storage* y);
  void (*activation_backward)(Activation, Acc alpha, index n, const Storage* saved, const Storage* dy, Storage* dx);
  // Keras's general relu: x limited to max_value if x >= threshold, else slope * (x - threshold).
  void (*rectify_forward)(Acc slope, Acc max_value, Acc threshold, index n, const Storage* x, Storage* y);
  void (*rectify_backward)(Acc slope, Acc max_value, Acc threshold, index n, const Storage* x, const Storage* dy,
                           Storage* dx);
  // y = x, or alpha * x where x < 0; alpha is read as b of `binary` below. dalpha is one term per element, to be
  // summed.
  void (*prelu_forward)(index rows, index cols, const Storage* x, const Storage* alpha, index alpha_row,
                        index alpha_col, Storage* y);
  void (*prelu_backward)(index rows, index cols, const Storage* x, const Storage* alpha, index alpha_row,
                         index alpha_col, const Storage* dy, Storage* dx, Storage* dalpha);
  // c[i,j] = op(a[i,j], b[i*b_row + j*b_col]) for a of rows x cols; strides 0 or natural, so b is full, a row, a column
  // or a scalar. c may be a.
  void (*binary)(BinaryOp, index rows, index cols, const Storage* a, const Storage* b, index b_row, index b_col,
                 Storage* c);
};

template <class Storage>
struct DropoutKernels {
  // y = x * mask / (1 - rate). The mask is Philox4x32-10 of (seed, offset + element), so backward is the same call on
  // dy.
  void (*apply)(index n, double rate, std::uint64_t seed, std::uint64_t offset, const Storage* x, Storage* y);
};

}  // namespace pydl
