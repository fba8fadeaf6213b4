// The simple recurrent network: Elman 1990.   h' = act([x 1 h] W)
#include "recurrent_cell.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T, bool kUsual>
struct Rnn : OneStageCell<Rnn<T, kUsual>, T> {
  static constexpr int kGates = 1, kVectors = 2, kSavedGates = 1;  // what is saved is h'
  static constexpr bool kKeepsState = false, kFusesInput = true, kCarriesHidden = false;
  using Main = Nonlinearity<T, Tanh, kUsual>;

  template <bool kAll>
  static void finish(const Forward<Rnn>& f, int, const Places<T>* places, index count, Units<T, kAll> units,
                     Sums<T> sums) {
    const Main act{f.s.activation};
    for (index r = 0; r < count; r++)
      for (int v = 0; v < 2; v++) {
        const index unit = units.first + v * kLanes<T>;
        if (!kAll && unit >= units.U) break;
        const int n = units.from(unit);
        const V<T> h = act(load(sums.from_h + (r * kVectors + v) * kLanes<T>));
        if (places[r].gates) store_units(places[r].gates + unit, h, n);
        f.publish(places[r], unit, n, h);
      }
  }

  static PYDL_INLINE void backward(const Backward<Rnn>& f, int, const PlacesBack<T>& p, index unit, int n,
                                   const T* from_gates) {
    const Main act{f.s.activation};
    T* h = p.gates + unit;
    V<T> dh = f.arriving(p, unit, n, from_gates);
    if (p.dh) dh += load_units(p.dh + unit, n);
    store_units(h, act.backward(load_units(h, n), dh), n);
  }
};

}  // namespace

template <class T>
void fill_rnn(KernelTable<T>& t) {
  t.rnn = recurrent_kernels<Rnn, T>();
}
template void fill_rnn(KernelTable<float>&);
template void fill_rnn(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
