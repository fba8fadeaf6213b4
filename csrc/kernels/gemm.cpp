#include "parallel.h"
#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
T apply(Activation activation, T alpha, T x) {
  auto e = [](T v) { return T(__builtin_exp(double(v))); };
  auto sigmoid = [&](T v) { return T(1) / (T(1) + e(-v)); };
  switch (activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return x < 0 ? T(0) : x;
    case Activation::relu6:
      return x < 0 ? T(0) : x > 6 ? T(6) : x;
    case Activation::leaky_relu:
      return x < 0 ? alpha * x : x;
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return T(__builtin_tanh(double(x)));
    case Activation::elu:
      return x < 0 ? alpha * T(__builtin_expm1(double(x))) : x;
    case Activation::gelu:
      return T(0.5) * x * T(__builtin_erfc(-double(x) * 0.70710678118654752));
    case Activation::gelu_tanh:
      return T(0.5) * x * T(1 + __builtin_tanh(0.79788456080286536 * (double(x) + 0.044715 * double(x * x * x))));
    case Activation::softplus:
      return x > 0 ? x + T(__builtin_log1p(double(e(-x)))) : T(__builtin_log1p(double(e(x))));
    case Activation::softsign:
      return x / (T(1) + (x < 0 ? -x : x));
    case Activation::selu:
      return T(1.0507009873554805) * (x < 0 ? T(1.6732632423543772) * T(__builtin_expm1(double(x))) : x);
    case Activation::silu:
      return x * sigmoid(x);
    case Activation::hard_sigmoid:
      return x < -3 ? T(0) : x > 3 ? T(1) : x / T(6) + T(0.5);
    case Activation::exponential:
      return e(x);
  }
  return x;
}

template <class T>
void gemm(const GemmShape& s, const T* a, const T* b, const T*, const Epilogue<T>& epilogue, T* c) {
  parallel(s.M, 1 + 100000 / (s.N * s.K + 1), [&](index begin, index end) {
    for (index i = begin; i < end; i++) {
      T* row = c + i * s.ldc;
      if (!s.accumulate)
        for (index j = 0; j < s.N; j++) row[j] = 0;
      for (index k = 0; k < s.K; k++) {
        T factor = s.trans_a ? a[k * s.lda + i] : a[i * s.lda + k];
        if (s.trans_b)
          for (index j = 0; j < s.N; j++) row[j] += factor * b[j * s.ldb + k];
        else
          for (index j = 0; j < s.N; j++) row[j] += factor * b[k * s.ldb + j];
      }
      for (index j = 0; j < s.N; j++)
        row[j] = apply(epilogue.activation, epilogue.alpha, epilogue.bias ? row[j] + epilogue.bias[j] : row[j]);
    }
  });
}

template <class T>
index gemm_packed_size(const GemmShape&) {
  return 0;
}
template <class T>
void gemm_pack_b(const GemmShape&, const T*, T*) {}

}  // namespace

template <class T>
void fill_gemm(KernelTable<T>& table) {
  table.gemm = gemm<T>;
  table.gemm_packed_size = gemm_packed_size<T>;
  table.gemm_pack_b = gemm_pack_b<T>;
}
template void fill_gemm(KernelTable<float>&);
template void fill_gemm(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
