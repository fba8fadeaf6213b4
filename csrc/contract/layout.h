// Copies that change no element: concatenation, transposition, padding, masks.
#pragma once
#include "contract/types.h"

namespace pydl {

inline constexpr index kMaxAxes = 8;  // of one copy

template <class Storage>
struct ConcatenateKernels {
  // Row r of y is row r of each part in turn, part k of cols[k] columns.
  void (*concatenate)(index rows, index count, const index* cols, const Storage* const* parts, Storage* y);
  // x (outer, axis, inner) with `axis` in reverse.
  void (*flip)(index outer, index axis, index inner, const Storage* x, Storage* y);
};

template <class Storage>
struct TransposeKernels {
  // y (dense, of these sizes) = x read with these strides, in elements; 0 repeats. At most kMaxAxes.
  void (*transpose)(index axes, const index* sizes, const index* strides, const Storage* x, Storage* y);
  // x with margins of zeros: before[k] in front of axis k (negative: cuts off elements); y_sizes implies those behind.
  void (*pad)(index axes, const index* sizes, const index* before, const index* y_sizes, const Storage* x, Storage* y);
};

template <class Storage>
struct MaskKernels {
  // mask[r] = whether any element of row r differs from value; y = x with zeros in the rows whose mask is false.
  void (*step_mask)(index rows, index cols, Storage value, const Storage* x, bool* mask);
  void (*apply_mask)(index rows, index cols, const Storage* x, const bool* mask, Storage* y);
};

}  // namespace pydl
