// Activations and arithmetic, element by element.
#pragma once
#include "contract/types.h"

namespace pydl {

enum class BinaryOp : int { add, subtract, multiply, divide, maximum, minimum };

template <class T>
struct ElementwiseKernels {
  // y may be x. In backward, `saved` is y for relu, relu6, leaky_relu, sigmoid, tanh, elu, selu, softplus, exponential,
  // hard_sigmoid, softsign and linear, and x for gelu, gelu_tanh and silu; dx may be dy.
  void (*activation_forward)(Activation, T alpha, index n, const T* x, T* y);
  void (*activation_backward)(Activation, T alpha, index n, const T* saved, const T* dy, T* dx);
  // The general relu of Keras: max_value from there up, x from threshold up, else slope * (x - threshold).
  void (*rectify_forward)(T slope, T max_value, T threshold, index n, const T* x, T* y);
  void (*rectify_backward)(T slope, T max_value, T threshold, index n, const T* x, const T* dy, T* dx);
  // y = x, or alpha * x where x < 0; alpha is read as b of `binary` below. dalpha is one term per element, to be
  // summed.
  void (*prelu_forward)(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col, T* y);
  void (*prelu_backward)(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col,
                         const T* dy, T* dx, T* dalpha);
  // c[i,j] = op(a[i,j], b[i*b_row + j*b_col]) for a of rows x cols; strides 0 or natural, so b is full, a row, a column
  // or a scalar. c may be a.
  void (*binary)(BinaryOp, index rows, index cols, const T* a, const T* b, index b_row, index b_col, T* c);
};

template <class T>
struct DropoutKernels {
  // y = x * mask / (1 - rate). The mask is Philox4x32-10 of (seed, offset + element), so backward is the same call on
  // dy.
  void (*apply)(index n, double rate, std::uint64_t seed, std::uint64_t offset, const T* x, T* y);
};

}  // namespace pydl
