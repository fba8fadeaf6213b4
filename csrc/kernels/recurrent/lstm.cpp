// Long short-term memory: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
//   i, f, o = gate([x 1 h] W)    g = act([x 1 h] W)    c' = f c + i g    h' = o act(c')
#include "kernels/recurrent/cell.h"

namespace pydl::PYDL_ISA {
namespace recurrent {
namespace {

template <class T, bool kDefault>
struct Lstm : OneStageCell<Lstm<T, kDefault>, T> {
  static constexpr int kGates = 4, kVectors = 4, kSavedGates = 4;  // i f g o, in Keras's order
  static constexpr bool kSavesState = true, kFusesInput = true, kStateIsHidden = false;
  using Main = Nonlinearity<T, Tanh, kDefault>;
  using Gate = Nonlinearity<T, Sigmoid, kDefault>;

  static const T* initial_state(const RecurrentInputs<T>& in) { return in.c0; }

  template <bool kAll>
  static void finish(const Forward<Lstm>& f, int, const StepPointers<T>* pointers, index count, Units<T, kAll> units,
                     Sums<T> sums) {
    const Main act{f.s.activation};
    const Gate gate{f.s.recurrent_activation};
    const index unit = units.first, U = units.U;
    const int n = units.from(unit);
    for (index r = 0; r < count; r++) {
      const StepPointers<T>& p = pointers[r];
      auto sum = [&](int v) { return load(sums.from_h + (r * kVectors + v) * kLanes<T>); };
      const V<T> input = gate(sum(0)), forget = gate(sum(1)), value = act(sum(2)), output = gate(sum(3));
      const V<T> c = forget * load_units(p.before + unit, n) + input * value;
      store_units(p.state + unit, c, n);
      if (p.gates) {
        T* gates = p.gates + unit;
        store_units(gates, input, n);
        store_units(gates + U, forget, n);
        store_units(gates + 2 * U, value, n);
        store_units(gates + 3 * U, output, n);
      }
      if (p.c) store_units(p.c + unit, c, n);
      f.store_output(p, unit, n, output * act(c));
    }
  }

  // The state is c.
  static PYDL_INLINE void backward(const Backward<Lstm>& f, int, const StepGradPointers<T>& p, index unit, int n,
                                   const T* from_gates) {
    const Main act{f.s.activation};
    const Gate gate{f.s.recurrent_activation};
    T* gates = p.gates + unit;
    const index U = f.s.U;
    const V<T> input = load_units(gates, n), forget = load_units(gates + U, n), value = load_units(gates + 2 * U, n),
               output = load_units(gates + 3 * U, n);
    V<T> dh = f.dh_of_step(p, unit, n, from_gates);
    if (p.dh) dh += load_units(p.dh + unit, n);
    const V<T> a = act(load_units(p.state + unit, n));
    const V<T> dc = load_or_zero(p.dstate_next, unit, n) + act.backward(a, dh * output);
    store_units(p.dstate_prev + unit, dc * forget, n);
    store_units(gates, gate.backward(input, dc * value), n);
    store_units(gates + U, gate.backward(forget, dc * load_or_zero(p.before, unit, n)), n);
    store_units(gates + 2 * U, act.backward(value, dc * input), n);
    store_units(gates + 3 * U, gate.backward(output, dh * a), n);
  }
};

}  // namespace

template <class T>
void fill_lstm(RecurrentCellKernels<T>& t) {
  t = recurrent_kernels<Lstm, T>();
}
template void fill_lstm(RecurrentCellKernels<float>&);
template void fill_lstm(RecurrentCellKernels<double>&);

}  // namespace recurrent
}  // namespace pydl::PYDL_ISA
