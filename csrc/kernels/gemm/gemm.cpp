// Matrix products: the route of each shape. The routes are in blocked.h and skinny.h.
#include "kernels/gemm/blocked.h"
#include "kernels/gemm/skinny.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace gemm {
namespace {

double multiplications(const GemmShape& s) { return double(s.M) * double(s.N) * double(s.K); }

int useful_threads(const GemmShape& s) {
  constexpr double kGrain = 1 << 18;  // multiply-adds that amortise a wake-up
  const double useful = multiplications(s) / kGrain, available = num_threads();
  return useful < 1 ? 1 : int(useful < available ? useful : available);
}

// Packing b costs about as much as multiplying it with a dozen rows. It pays when many rows use it, unless b in place
// is in L2 already. A transposed b is always packed.
template <class T>
BLayout b_layout_of(const GemmShape& s) {
  constexpr index kFewRows = 5 * kTileRows;
  const bool small = s.K * s.ldb * index(sizeof(T)) <= kGemmSharedBytes;
  return !s.trans_b && (small || s.M <= kFewRows) ? BLayout::matrix : BLayout::packed_here;
}

template <class T>
bool is_skinny(const GemmShape& s) {
  return s.M <= kSkinnyRows && (!s.trans_b || !s.trans_a || (s.M == 1 && s.lda == 1));
}

// A column of c is the transposed product with one row. Its bias is a single value.
template <class T>
void column_gemm(const GemmShape& s, const T* a, const T* b, const Epilogue<T>& epilogue, T* c) {
  const GemmShape row{1, s.M, s.K, s.trans_b ? s.ldb : 1, s.lda, s.M, false, !s.trans_a, s.accumulate};
  skinny_gemm<T>(row, b, a, {}, c);
  if (epilogue.bias) {
    const T bias = *epilogue.bias;
    map_row<T>(s.M, c, [=](auto at) { return at(c) + bias; });
  }
  if (epilogue.activation != Activation::linear) activate_rows(epilogue.activation, epilogue.alpha, 1, s.M, c, s.M);
}

// With few tiles and a long K (weight gradients) threads would have too little to share: K is cut into slices, by the
// shape alone, and their products are added in order.
template <class T>
index slices_of(const GemmShape& s) {
  constexpr index kMaxTiles = 8, kSliceK = 4096, kMaxSlices = 16;
  if (ceil_div(s.M, kTileRows) * ceil_div(s.N, kTileCols<T>) > kMaxTiles) return 1;
  return min(s.K / kSliceK > 1 ? s.K / kSliceK : 1, kMaxSlices);
}

template <class T>
void route(const GemmShape& s, const T* a, const T* b, const T* packed, const Epilogue<T>& epilogue, T* c,
           int threads) {
  if (s.N == 1 && s.ldc == 1 && (s.trans_b || s.ldb == 1)) return column_gemm(s, a, b, epilogue, c);
  if (is_skinny<T>(s) && (s.M == 1 || !packed))
    return packed ? row_gemm(s, a, packed, epilogue, c) : skinny_gemm(s, a, b, epilogue, c);
  const BLayout b_layout = packed ? BLayout::panels : b_layout_of<T>(s);
  BlockedGemm<T>(s, a, packed ? packed : b, epilogue, c, b_layout).run(threads);
}

template <class T>
void sliced_gemm(const GemmShape& s, index slices, const T* a, const T* b, const Epilogue<T>& epilogue, T* c) {
  const index size = s.M * s.N;
  Scratch scratch(slices * size * index(sizeof(T)));
  T* parts = static_cast<T*>(scratch.data());
  parallel(slices, 1, [&](index begin, index end) {
    for (index i = begin; i < end; i++) {
      const Range k = Range{0, s.K}.part(i, slices);
      GemmShape slice = s;
      slice.K = k.size();
      slice.ldc = s.N;
      slice.accumulate = false;
      route<T>(slice, a + k.begin * (s.trans_a ? s.lda : 1), b + k.begin * (s.trans_b ? 1 : s.ldb), nullptr, {},
               parts + i * size, 1);
    }
  });
  for (index m = 0; m < s.M; m++) {
    T* row = c + m * s.ldc;
    map_row<T>(s.N, row, [&](auto at) {
      V<T> sum = s.accumulate ? at(row) : V<T>{};
      if (epilogue.bias) sum += at(epilogue.bias);
      for (index i = 0; i < slices; i++) sum += at(parts + i * size + m * s.N);
      return sum;
    });
  }
  if (epilogue.activation != Activation::linear) activate_rows(epilogue.activation, epilogue.alpha, s.M, s.N, c, s.ldc);
}

template <class T>
void gemm(const GemmShape& s, const T* a, const T* b, const T* packed, const Epilogue<T>& epilogue, T* c) {
  if (s.M == 0 || s.N == 0) return;
  const index slices = slices_of<T>(s);
  if (slices > 1) return sliced_gemm(s, slices, a, b, epilogue, c);
  route(s, a, b, packed, epilogue, c, useful_threads(s));
}

template <class T>
index gemm_packed_size(const GemmShape& s) {
  if (s.N == 1 || (is_skinny<T>(s) && !wants_panels<T>(s)) || slices_of<T>(s) > 1) return 0;
  return ceil_div(s.N, kTileCols<T>) * kTileCols<T> * s.K;
}

template <class T>
void gemm_pack_b(const GemmShape& s, const T* b, T* packed) {
  pack_b(b, s.ldb, s.trans_b, s.K, s.N, packed, s.K * kTileCols<T>);
}

}  // namespace
}  // namespace gemm

template <class T>
void fill_gemm(GemmKernels<T>& t) {
  t.multiply = gemm::gemm<T>;
  t.packed_size = gemm::gemm_packed_size<T>;
  t.pack_b = gemm::gemm_pack_b<T>;
}
template void fill_gemm(GemmKernels<float>&);
template void fill_gemm(GemmKernels<double>&);

}  // namespace pydl::PYDL_ISA
