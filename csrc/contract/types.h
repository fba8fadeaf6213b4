// The contract between the bindings and the kernels: one header per group of families, with shapes as plain structs
// and a struct of function pointers per family; table.h holds all of them for one element type and one instruction set.
//
// Legend of dimensions, used everywhere:
//   N batch  H W rows and columns of the input  C input channels  KH KW kernel  O output channels  OH OW output size
//   M N K of a matrix product: c[M,N] = a[M,K] * b[K,N];   T time steps  B batch  I inputs  U units
// Names of arrays: x input, w weight, b bias, y output; dx dw db dy their gradients.
// Layouts are dense row-major: activations (N,H,W,C), convolution weights (KH,KW,C/groups,O), dense weights (in,out).
// Outputs and gradients are OVERWRITTEN unless the name says otherwise; outputs never alias inputs except where stated.
// Kernels trust their arguments: every check is made in the bindings.
#pragma once
#include <cstddef>
#include <cstdint>

namespace pydl {

using index = std::ptrdiff_t;

enum class Activation : int {
#define PYDL_ACTIVATION(name, Name, saved, alpha) name,
#include "contract/activations.def"
};

// Arrays are of a storage type; sums, statistics and scalar arguments are of its accumulator type.
template <class Storage>
struct Accumulator {
  using type = Storage;
};
template <class Storage>
using AccOf = typename Accumulator<Storage>::type;

// What a matrix product or convolution applies to a finished tile in registers: y = act(acc + bias).
template <class Storage, class Acc = AccOf<Storage>>
struct Epilogue {
  const Storage* bias = nullptr;  // one value per output column / channel, or null
  Activation activation = Activation::linear;
  Acc alpha = Acc(0);
};

}  // namespace pydl
