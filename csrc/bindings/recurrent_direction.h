// One direction of a recurrent layer in the bindings: its checked arguments, and what its kernels read.
#pragma once
#include "bindings/arguments.h"
#include "bindings/array.h"
#include "bindings/ids.h"
#include "bindings/recurrent_arguments.h"
#include "contract/table.h"

namespace pydl {

// How the cells differ in the bindings.
struct RecurrentCell {
  const char *name, *forward, *backward;  // its own, and those of its steps in a plan
  index gates;
  bool has_cell_state, has_recurrent_bias;  // the latter with reset_after: bias (2, gates * U)
  RecurrentCellKernels<float> RecurrentKernels<float>::* f32;
  RecurrentCellKernels<double> RecurrentKernels<double>::* f64;

  template <class T>
  const RecurrentCellKernels<T>& of(const KernelTable<T>& table) const {
    if constexpr (std::is_same_v<T, float>)
      return table.recurrent.*f32;
    else
      return table.recurrent.*f64;
  }
};

constexpr int kInputs = 9;  // of one direction: the arrays of RecurrentInputs, in its order

// Reads the ids in each run; null where x has vectors.
using ReadIds = Ids (*)(const char* op, const void* ids, index count, index rows);

template <class T>
struct Direction {
  RecurrentShape shape;
  Array arrays[kInputs];
  ReadIds read_ids = nullptr;
};

// An activation of a cell: kernels save only its value, so its slope must follow from the value.
inline Activation checked_gate(const char* op, const char* name, py::handle object) {
  const Activation kind = checked_activation(op, name, object);
  for (Activation known :
       {Activation::linear, Activation::relu, Activation::sigmoid, Activation::tanh, Activation::hard_sigmoid})
    if (kind == known) return kind;
  throw std::invalid_argument(
      message("[", op, "] ", name, ": expected linear, relu, sigmoid, tanh or hard_sigmoid, got ", shown(object)));
}

inline Array checked_mask(const char* op, py::handle object, index B, index T) {
  if (object.is_none()) return {};
  Array mask = checked(op, "mask", object);
  PYDL_CHECK_TYPE(mask.dtype().kind() == 'b', "[", op, "] mask: expected bool ", shape_string({B, T}), ", got ",
                  describe(mask));
  check_shape(op, "mask", mask, {B, T});
  return mask;
}

template <class T>
Direction<T> checked_direction(const char* op, const RecurrentCell& cell, const Array& x, const RecurrentArguments& a) {
  const bool ids = x.ndim() == 2;
  const index B = x.shape(0), steps = x.shape(1), I = ids ? 0 : x.shape(2);
  constexpr index limit = index(1) << 31;
  PYDL_CHECK(B < limit && steps < limit && I < limit, "[", op, "] x: expected sizes below 2147483648, got ",
             describe(x));
  Array kernel = checked_as<T>(op, "kernel", a.kernel, {ids ? -1 : I, -1});
  const index rows = kernel.shape(0), width = kernel.shape(1), U = width / cell.gates;
  PYDL_CHECK(width > 0 && width < limit && width % cell.gates == 0, "[", op, "] kernel: expected shape (", rows, ", ",
             cell.gates, " * units) with at least one unit, got ", describe(kernel));
  Direction<T> d;
  RecurrentShape& s = d.shape;
  s.B = B;
  s.T = steps;
  s.I = I;
  s.U = s.output_stride = U;
  if (a.activation) s.activation = checked_gate(op, "activation", a.activation);
  if (a.recurrent_activation && cell.gates > 1)
    s.recurrent_activation = checked_gate(op, "recurrent_activation", a.recurrent_activation);
  s.go_backwards = a.go_backwards;
  s.return_sequences = a.return_sequences;
  s.reset_after = a.reset_after;
  if (ids) {
    PYDL_CHECK(rows > 0 && a.dropout_mask.is_none(), "[", op,
               "] x: expected no dropout_mask and a kernel with rows for ids, got ", describe(kernel));
    s.id_rows = rows;
    d.read_ids = by_id_type(op, x, [](auto zero) -> ReadIds {
      return [](const char* name, const void* data, index count, index limit) {
        return Ids(name, static_cast<const decltype(zero)*>(data), count, limit);
      };
    });
  }
  const bool two_biases = cell.has_recurrent_bias && a.reset_after;
  d.arrays[0] = x;
  d.arrays[1] = kernel;
  d.arrays[2] = checked_as<T>(op, "recurrent_kernel", a.recurrent_kernel, {U, width});
  d.arrays[3] =
      two_biases ? checked_or_none<T>(op, "bias", a.bias, {2, width}) : checked_or_none<T>(op, "bias", a.bias, {width});
  d.arrays[4] = checked_or_none<T>(op, "h0", a.h0, {B, U});
  d.arrays[5] = checked_or_none<T>(op, "c0", a.c0, {B, U});
  d.arrays[6] = checked_mask(op, a.mask, B, steps);
  d.arrays[7] = checked_or_none<T>(op, "dropout_mask", a.dropout_mask, {B, I});
  d.arrays[8] = checked_or_none<T>(op, "recurrent_dropout_mask", a.recurrent_dropout_mask, {B, U});
  checked_size(op, "x", {B + 1, steps + 1, I + (cell.gates + 3) * U + 64});  // the reserve space
  return d;
}

template <class T>
RecurrentInputs<T> inputs_of(const void* const* in, const std::int64_t* ids = nullptr) {
  auto array = [in](int i) { return static_cast<const T*>(in[i]); };
  return {ids ? nullptr : array(0),
          array(1),
          array(2),
          array(3),
          array(4),
          array(5),
          static_cast<const unsigned char*>(in[6]),
          array(7),
          array(8),
          ids};
}

// body(inputs); ids are read again in each run.
template <class T, class Body>
void with_inputs(const char* op, const RecurrentShape& s, ReadIds read_ids, const void* const* in, const Body& body) {
  if (!read_ids) return body(inputs_of<T>(in));
  const Ids ids = read_ids(op, in[0], s.B * s.T, s.id_rows);
  body(inputs_of<T>(in, ids.data()));
}

}  // namespace pydl
