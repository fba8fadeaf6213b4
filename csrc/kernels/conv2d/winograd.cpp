// Winograd convolutions, one instance for each size of tile and kernel.
#include "kernels/conv2d/route.h"
#include "kernels/conv2d/winograd_weight.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

template <class Body>
auto with_tile(ConvAlgorithm algorithm, const Conv2dShape& s, const Body& body) {
  if (s.KH == 5) return body(Winograd<4, 5>{});
  if (algorithm == ConvAlgorithm::winograd_5x5) return body(Winograd<5, 3>{});
  return body(Winograd<4, 3>{});
}

}  // namespace

template <class T>
index winograd_packed_size(ConvAlgorithm algorithm, const Conv2dShape& s, bool backward) {
  return with_tile(algorithm, s,
                   [&](auto f) { return WinogradCorrelation<T, decltype(f)>(s, backward).packed_size(); });
}

template <class T>
void winograd_pack(ConvAlgorithm algorithm, const Conv2dShape& s, bool backward, const T* w, T* packed) {
  with_tile(algorithm, s, [&](auto f) { WinogradCorrelation<T, decltype(f)>(s, backward).pack(w, packed); });
}

template <class T>
void winograd_forward(ConvAlgorithm algorithm, const Conv2dShape& s, const T* x, const T* w, const T* packed,
                      const Epilogue<T>& epilogue, T* y) {
  with_tile(algorithm, s,
            [&](auto f) { WinogradCorrelation<T, decltype(f)>(s, false).run(x, w, packed, epilogue, y); });
}

template <class T>
void winograd_backward_input(ConvAlgorithm algorithm, const Conv2dShape& s, const T* dy, const T* w, const T* packed,
                             const Epilogue<T>& epilogue, T* dx) {
  with_tile(algorithm, s,
            [&](auto f) { WinogradCorrelation<T, decltype(f)>(s, true).run(dy, w, packed, epilogue, dx); });
}

template <class T>
void winograd_backward_weight(ConvAlgorithm algorithm, const Conv2dShape& s, const T* x, const T* dy, T* dw, T* db) {
  with_tile(algorithm, s, [&](auto f) { WinogradWeightGradient<T, decltype(f)>(s, x, dy).run(dw); });
  if (db) bias_gradient(s.N * s.OH * s.OW, s.O, dy, db);
}

template index winograd_packed_size<float>(ConvAlgorithm, const Conv2dShape&, bool);
template index winograd_packed_size<double>(ConvAlgorithm, const Conv2dShape&, bool);
template void winograd_pack<float>(ConvAlgorithm, const Conv2dShape&, bool, const float*, float*);
template void winograd_pack<double>(ConvAlgorithm, const Conv2dShape&, bool, const double*, double*);
template void winograd_forward<float>(ConvAlgorithm, const Conv2dShape&, const float*, const float*, const float*,
                                      const Epilogue<float>&, float*);
template void winograd_forward<double>(ConvAlgorithm, const Conv2dShape&, const double*, const double*, const double*,
                                       const Epilogue<double>&, double*);
template void winograd_backward_input<float>(ConvAlgorithm, const Conv2dShape&, const float*, const float*,
                                             const float*, const Epilogue<float>&, float*);
template void winograd_backward_input<double>(ConvAlgorithm, const Conv2dShape&, const double*, const double*,
                                              const double*, const Epilogue<double>&, double*);
template void winograd_backward_weight<float>(ConvAlgorithm, const Conv2dShape&, const float*, const float*, float*,
                                              float*);
template void winograd_backward_weight<double>(ConvAlgorithm, const Conv2dShape&, const double*, const double*, double*,
                                               double*);

}  // namespace pydl::PYDL_ISA::conv2d
