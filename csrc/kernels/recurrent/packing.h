// Packed weights: [panel][I + 1 + U + 1 rows][kVectors vectors]. A panel holds kUnits units with all their gates in one
// register tile: kGates gates in kVectors vectors.
#pragma once
#include "kernels/common/parallel.h"
#include "kernels/gemm/pack.h"
#include "kernels/recurrent/units.h"

namespace pydl::PYDL_ISA::recurrent {
using namespace gemm;  // the register tile and its panels
namespace {

template <class Cell>
struct PackedPanels {
  using T = typename Cell::Element;
  static constexpr index kRow = Cell::kVectors * kLanes<T>;
  static constexpr index kUnits = Cell::kVectors / Cell::kGates * kLanes<T>;

  static index count(const RecurrentShape& s) { return ceil_div(s.U, kUnits); }
  static index rows(const RecurrentShape& s) { return s.I + 1 + s.U + 1; }
  static index size(const RecurrentShape& s) { return count(s) * rows(s) * kRow; }
  // The first unit of vector v of a panel, and the column of its gate in the rows of a kernel.
  static index unit_of(index panel, index v) { return panel * kUnits + v / Cell::kGates * kLanes<T>; }
  static index column_of(const RecurrentShape& s, index panel, index v) {
    return v % Cell::kGates * s.U + unit_of(panel, v);
  }

  static void pack(const RecurrentShape& s, const RecurrentInputs<T>& in, T* packed) {
    const index width = Cell::kGates * s.U;
    const T* recurrent_bias = Cell::has_recurrent_bias(s) && in.bias ? in.bias + width : nullptr;
    const index grain = 1 + (1 << 14) / (rows(s) * kRow);
    parallel(count(s), grain, [&](index begin, index end) {
      for (index panel = begin; panel < end; panel++) {
        T* to = packed + panel * rows(s) * kRow;
        to = pack_rows(s, panel, in.kernel, s.I, to);
        to = pack_rows(s, panel, in.bias, 1, to);
        to = pack_rows(s, panel, in.recurrent_kernel, s.U, to);
        pack_rows(s, panel, recurrent_bias, 1, to);
      }
    });
  }

 private:
  static T* pack_rows(const RecurrentShape& s, index panel, const T* from, index rows, T* to) {
    for (index k = 0; k < rows; k++, to += kRow) {
      PYDL_UNROLL for (index v = 0; v < Cell::kVectors; v++) {
        const index unit = unit_of(panel, v);
        const T* row = from + k * Cell::kGates * s.U;
        store(to + v * kLanes<T>,
              from && unit < s.U ? load_units(row + column_of(s, panel, v), units_left<T>(s.U, unit)) : V<T>{});
      }
    }
    return to;
  }
};

// The panels of w', for w[rows][width].
template <class T>
void pack_transposed(const T* w, index rows, index width, T* panels) {
  constexpr index kCols = kTileCols<T>;
  parallel(ceil_div(rows, kCols), 1 + (1 << 16) / (width * kCols), [&](index begin, index end) {
    const index first = begin * kCols;
    pack_b(w + first * width, width, true, width, min(end * kCols, rows) - first, panels + first * width,
           width * kCols);
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
