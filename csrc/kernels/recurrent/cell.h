// What the cells share: the parts that LSTM and RNN have in common, and the table of a cell.
#pragma once
#include "kernels/recurrent/backward.h"
#include "kernels/recurrent/forward.h"

namespace pydl::PYDL_ISA::recurrent {
namespace {

// A cell whose gates all come from one product with the operand.
template <class Cell, class T>
struct OneStageCell {
  using Element = T;
  static bool has_recurrent_bias(const RecurrentShape&) { return false; }
  static int stages(const RecurrentShape&) { return 1; }

  static PYDL_INLINE void multiply(const Forward<Cell>& f, int, const StepPointers<T>*, index count, const T* operand,
                                   const T* weights, index K, PrefetchQueue<T>& queue, T* sums, const T* from_x,
                                   const PanelStrides& strides) {
    multiply_gates<Cell::kVectors, Forward<Cell>::kTogether>(count, K, operand, f.workspace.operand.stride, weights,
                                                             PackedPanels<Cell>::kRow, queue, sums, strides, from_x);
  }

  static PYDL_INLINE void multiply_back(const Backward<Cell>& f, int, index count, const T* gates, index panel,
                                        PrefetchQueue<T>& queue, T* sums) {
    f.multiply(count, Cell::kGates * f.s.U, gates, panel, 0, queue, nullptr, sums);
  }
  // The rows of a transposed panel that multiply_back reads.
  static Range read_back(const RecurrentShape& s, int) { return {0, Cell::kGates * s.U}; }
  static void weight_gradients(const Workspace<Cell>& workspace, Range rows, bool accumulate, T* dweights) {
    const index width = Cell::kGates * workspace.s.U;
    weight_gradient(rows.size(), workspace.hidden() + workspace.s.U, width, workspace.operand[rows.begin],
                    workspace.operand.stride, workspace.gates[rows.begin], workspace.gates.stride, accumulate, dweights,
                    width);
  }
};

inline bool usual(const RecurrentShape& s) {
  return s.activation == Activation::tanh && s.recurrent_activation == Activation::sigmoid;
}

// The default activations are compiled into an instance of their own.
template <template <class, bool> class Cell, class T>
RecurrentCellKernels<T> recurrent_kernels() {
  RecurrentCellKernels<T> kernels;
  kernels.packed_size = PackedPanels<Cell<T, true>>::size;
  kernels.pack = PackedPanels<Cell<T, true>>::pack;
  kernels.saved_size = recurrent_saved_size<Cell<T, true>>;
  kernels.forward = [](const RecurrentShape& s, const RecurrentInputs<T>& in, const T* packed,
                       const RecurrentOutputs<T>& out) {
    usual(s) ? recurrent_forward<Cell<T, true>>(s, in, packed, out)
             : recurrent_forward<Cell<T, false>>(s, in, packed, out);
  };
  kernels.backward = [](const RecurrentShape& s, const RecurrentInputs<T>& in, const RecurrentGradients<T>& grads) {
    usual(s) ? recurrent_backward<Cell<T, true>>(s, in, grads) : recurrent_backward<Cell<T, false>>(s, in, grads);
  };
  return kernels;
}

}  // namespace
}  // namespace pydl::PYDL_ISA::recurrent
