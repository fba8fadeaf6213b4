// The gated recurrent unit: Cho et al. 2014; reset_after is the form of cuDNN (v3).
//   z, r = gate([x 1] W + [h 1] R)    n = act([x 1] W + r ([h 1] R)), or act([x 1] W + (r h) R)    h' = z h + (1 - z) n
// Without reset_after a step has two stages: the product with r h needs all of r.
#include "kernels/recurrent/cell.h"

namespace pydl::PYDL_ISA {
namespace recurrent {
namespace {

template <class T, bool kDefault>
struct Gru {
  using Element = T;
  static constexpr int kGates = 3, kVectors = 3;  // z r n, in Keras's order
  // z r n and, with reset_after, [h 1] R of n, else r h. Backward replaces them by their gradients, except r h.
  static constexpr int kSavedGates = 4;
  static constexpr bool kSavesState = true, kFusesInput = false, kStateIsHidden = true;
  using Main = Nonlinearity<T, Tanh, kDefault>;
  using Gate = Nonlinearity<T, Sigmoid, kDefault>;
  static constexpr index kRow = 3 * kLanes<T>;

  static bool has_recurrent_bias(const RecurrentShape& s) { return s.reset_after; }
  static int stages(const RecurrentShape& s) { return s.reset_after ? 1 : 2; }

  // ---- forward

  static PYDL_INLINE void multiply(const Forward<Gru>& f, int stage, const StepPointers<T>* pointers, index count,
                                   const T* operand, const T* weights, index, PrefetchQueue<T>& queue, T* sums,
                                   const T*, const PanelStrides& strides) {
    constexpr int kTogether = Forward<Gru>::kTogether;
    const index stride = f.workspace.operand.stride;
    if (f.s.reset_after)
      multiply_gates<3, kTogether>(count, f.s.U + 1, operand, stride, weights, kRow, queue, sums, strides);
    else if (stage == 0)
      multiply_gates<2, kTogether>(count, f.s.U, operand, stride, weights, kRow, queue, sums, strides);
    else
      multiply_gates<1, kTogether>(count, f.s.U, pointers->gates + 3 * f.s.U, f.workspace.gates.stride,
                                   weights + 2 * kLanes<T>, kRow, queue, sums, strides);
  }

  static const T* initial_state(const RecurrentInputs<T>& in) { return in.h0; }

  template <bool kAll>
  static void finish(const Forward<Gru>& f, int stage, const StepPointers<T>* pointers, index count,
                     Units<T, kAll> units, Sums<T> sums) {
    const Main act{f.s.activation};
    const Gate gate{f.s.recurrent_activation};
    const index unit = units.first, U = units.U;
    const int n = units.from(unit);
    for (index r = 0; r < count; r++) {
      const StepPointers<T>& p = pointers[r];
      const T* from_x = sums.from_x + r * kRow;
      auto x_sum = [&](int v) { return load(from_x + v * kLanes<T>); };
      auto h_sum = [&](int v, int vectors) { return load(sums.from_h + (r * vectors + v) * kLanes<T>); };
      T* gates = p.gates ? p.gates + unit : nullptr;
      const V<T> before = load_units(p.before + unit, n);
      V<T> update, value;
      if (f.s.reset_after) {
        update = gate(x_sum(0) + h_sum(0, 3));
        const V<T> reset = gate(x_sum(1) + h_sum(1, 3)), inner = h_sum(2, 3);
        value = act(x_sum(2) + reset * inner);
        if (gates) {
          store_units(gates, update, n);
          store_units(gates + U, reset, n);
          store_units(gates + 3 * U, inner, n);
        }
      } else if (stage == 0) {
        const V<T> reset = gate(x_sum(1) + h_sum(1, 2));
        store_units(gates, gate(x_sum(0) + h_sum(0, 2)), n);
        store_units(gates + U, reset, n);
        store_units(gates + 3 * U, reset * load_units(p.operand + unit, n), n);
        continue;
      } else {
        update = load_units(gates, n);
        value = act(x_sum(2) + h_sum(0, 1));
      }
      if (gates) store_units(gates + 2 * U, value, n);
      const V<T> h = value + update * (before - value);
      store_units(p.state + unit, h, n);
      f.store_output(p, unit, n, h);
    }
  }

  // ---- backward

  static PYDL_INLINE void multiply_back(const Backward<Gru>& f, int stage, index count, const T* gates, index panel,
                                        PrefetchQueue<T>& queue, T* sums) {
    const index U = f.s.U;
    if (stage == 1) return f.multiply(count, U, gates + 2 * U, panel, 2 * U, queue, nullptr, sums);
    f.multiply(count, 2 * U, gates, panel, 0, queue, nullptr, sums);
    if (f.s.reset_after) f.multiply(count, U, gates + 3 * U, panel, 2 * U, queue, sums, sums);
  }
  static Range read_back(const RecurrentShape& s, int stage) {
    return {stage == 0 ? 0 : 2 * s.U, stage == 0 && !s.reset_after ? 2 * s.U : 3 * s.U};
  }

  static PYDL_INLINE void backward(const Backward<Gru>& f, int stage, const StepGradPointers<T>& p, index unit, int n,
                                   const T* from_gates) {
    stage == 0 ? backward_units(f, p, unit, n, from_gates) : backward_reset(f, p, unit, n, from_gates);
  }

  // dstate_prev is the part of the gradient of h that bypasses the gates.
  static PYDL_INLINE void backward_units(const Backward<Gru>& f, const StepGradPointers<T>& p, index unit, int n,
                                         const T* from_gates) {
    const Main act{f.s.activation};
    const Gate gate{f.s.recurrent_activation};
    const index U = f.s.U;
    T* gates = p.gates + unit;
    const V<T> update = load_units(gates, n), value = load_units(gates + 2 * U, n);
    const V<T> before = load_or_zero(p.before, unit, n);
    const V<T> dh = f.dh_of_step(p, unit, n, from_gates) + load_or_zero(p.dstate_next, unit, n);
    const V<T> dvalue = act.backward(value, dh * (1 - update));
    store_units(p.dstate_prev + unit, dh * update, n);
    store_units(gates, gate.backward(update, dh * (before - value)), n);
    store_units(gates + 2 * U, dvalue, n);
    if (!f.s.reset_after) return;
    const V<T> reset = load_units(gates + U, n);
    store_units(gates + U, gate.backward(reset, dvalue * load_units(gates + 3 * U, n)), n);
    store_units(gates + 3 * U, dvalue * reset, n);
  }

  // The second stage: from_gates is the gradient of r h, where h includes the recurrent dropout.
  static PYDL_INLINE void backward_reset(const Backward<Gru>& f, const StepGradPointers<T>& p, index unit, int n,
                                         const T* from_gates) {
    const Gate gate{f.s.recurrent_activation};
    T *gates = p.gates + unit, *dstate_prev = p.dstate_prev + unit;
    const V<T> reset = load_units(gates + f.s.U, n), d = load(from_gates);
    store_units(gates + f.s.U, gate.backward(reset, d * load_units(p.operand + unit, n)), n);
    store_units(dstate_prev, load_units(dstate_prev, n) + dropped(d * reset, p.dropout, unit, n), n);
  }

  // Rows: kernel and bias from dz dr dn; recurrent kernel and its bias from dz dr and the gradient of n's product.
  static void weight_gradients(const Workspace<Gru>& workspace, Range rows, bool accumulate, T* dweights) {
    const RecurrentShape& s = workspace.s;
    const index U = s.U, lda = workspace.operand.stride, ldg = workspace.gates.stride, ldc = 3 * U;
    const T *x = workspace.operand[rows.begin], *h = x + workspace.hidden(), *gates = workspace.gates[rows.begin];
    T* recurrent = dweights + workspace.hidden() * ldc;
    const auto product = [&](index M, index N, const T* a, index a_stride, const T* b, T* c) {
      weight_gradient(rows.size(), M, N, a, a_stride, b, ldg, accumulate, c, ldc);
    };
    product(s.I + 1, 3 * U, x, lda, gates, dweights);
    product(U + s.reset_after, 2 * U, h, lda, gates, recurrent);
    if (s.reset_after)
      product(U + 1, U, h, lda, gates + 3 * U, recurrent + 2 * U);
    else
      product(U, U, gates + 3 * U, ldg, gates + 2 * U, recurrent + 2 * U);
  }
};

}  // namespace

template <class T>
void fill_gru(RecurrentCellKernels<T>& t) {
  t = recurrent_kernels<Gru, T>();
}
template void fill_gru(RecurrentCellKernels<float>&);
template void fill_gru(RecurrentCellKernels<double>&);

}  // namespace recurrent
}  // namespace pydl::PYDL_ISA
