// Matrix products with a handful of rows, down to vector x matrix: bound by reading b once, so they do not pack b. But
// where a plan has packed it already, a single row reads the panels.
#pragma once
#include "kernels/common/activation.h"
#include "kernels/common/base.h"
#include "kernels/common/cache.h"
#include "kernels/common/parallel.h"
#include "kernels/gemm/pack.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

// So few rows that the sums of one vector of columns, and the elements of a that they need, stay in registers.
constexpr index kSkinnyRows = 4;
constexpr index kSkinnyGrain = 1 << 16;  // multiply-adds that amortise a thread

// c[n] += sum over kSteps rows of b, for all columns at once: b is read in long streams and c stays in the caches.
// Several steps at a time, so that c is read and written less often than b.
template <class T, int kSteps>
void add_rows(const T* a, index a_col, const T* b, index ldb, index N, T* c) {
  V<T> factor[kSteps];
  PYDL_UNROLL for (int k = 0; k < kSteps; k++) factor[k] = broadcast(a[k * a_col]);
  map_row<T>(N, c, [=](auto at) {
    V<T> sum = at(c);
    PYDL_UNROLL for (int k = 0; k < kSteps; k++) sum += factor[k] * at(b + k * ldb);
    return sum;
  });
}

// c[i, n] += a * b for columns of c. a[i, k] is at a[i*a_row + k*a_col].
template <class T>
void skinny_product(index M, index N, index K, const T* a, index a_row, index a_col, const T* b, index ldb, T* c,
                    index ldc) {
  constexpr int kSteps = 8;
  index k = 0;
  for (; k + kSteps <= K; k += kSteps)
    for (index i = 0; i < M; i++)
      add_rows<T, kSteps>(a + i * a_row + k * a_col, a_col, b + k * ldb, ldb, N, c + i * ldc);
  for (; k < K; k++)
    for (index i = 0; i < M; i++) add_rows<T, 1>(a + i * a_row + k * a_col, a_col, b + k * ldb, ldb, N, c + i * ldc);
}

// c[i, n] += <row i of a, row n of b> for at most kLanes rows of b: one vector of partial sums per row of b, reduced to
// one vector of sums by a transposition. Half of the rows at a time: rows whose length is a multiple of 4 KB map to one
// set of L1, which has room for 8 to 12 of their lines.
template <class T>
void dot_rows(index N, index K, const T* a, const T* b, index ldb, T* c) {
  V<T> sum[kLanes<T>]{};
  constexpr int kHalf = kLanes<T> > 8 ? kLanes<T> / 2 : kLanes<T>;
  index k = 0;
  if (N == kLanes<T>) {
    PYDL_UNROLL for (int half = 0; half < kLanes<T>; half += kHalf) {
      for (k = 0; k + kLanes<T> <= K; k += kLanes<T>) {
        V<T> part = load(a + k);
        PYDL_UNROLL for (int n = half; n < half + kHalf; n++) sum[n] += part * load(b + n * ldb + k);
      }
    }
  }
  for (; k < K; k += kLanes<T>) {
    const int rest = K - k < kLanes<T> ? int(K - k) : kLanes<T>;
    V<T> part = load_n(a + k, rest);
    PYDL_UNROLL for (int n = 0; n < kLanes<T>; n++) {
      if (n < N) sum[n] += part * load_n(b + n * ldb + k, rest);
    }
  }
  transpose<T>(sum);
  PYDL_UNROLL for (int width = kLanes<T> / 2; width > 0; width /= 2) {
    PYDL_UNROLL for (int n = 0; n < width; n++) sum[n] += sum[n + width];
  }
  store_n(c, load_n(c, int(N)) + sum[0], int(N));
}

// c[n] = sum over k of a[k] * b[k, n] for `cols` columns in kPanels adjacent panels, each one stream; the sums stay in
// registers. Adds in the order of skinny_product, so the bits are the same.
template <class T, int kPanels>
void row_times_panels(index K, const T* a, index a_col, const T* panels, index stride, const T* bias, bool accumulate,
                      index cols, T* c) {
  constexpr int kVectors = kPanels * kTileVectors;
  const auto valid = [=](int j) { return int(min(cols - j * kLanes<T>, kLanes<T>)); };
  V<T> sum[kVectors] = {};
  PYDL_UNROLL for (int j = 0; j < kVectors; j++) {
    if (accumulate && valid(j) > 0) sum[j] = load_n(c + j * kLanes<T>, valid(j));
    if (bias && valid(j) > 0) sum[j] += load_n(bias + j * kLanes<T>, valid(j));
  }
  for (index k = 0; k < K; k++, panels += kTileCols<T>) {
    const V<T> factor = broadcast(a[k * a_col]);
    PYDL_UNROLL for (int j = 0; j < kVectors; j++) {
      sum[j] += factor * load(panels + j / kTileVectors * stride + j % kTileVectors * kLanes<T>);
    }
  }
  PYDL_UNROLL for (int j = 0; j < kVectors; j++) {
    if (valid(j) > 0) store_n(c + j * kLanes<T>, sum[j], valid(j));
  }
}

// Whether packed panels help a single row: not if it fills less than one.
template <class T>
bool wants_panels(const GemmShape& s) {
  return s.M == 1 && !s.trans_b && s.N >= kTileCols<T>;
}

template <class T>
void row_gemm(const GemmShape& s, const T* a, const T* packed, const Epilogue<T>& epilogue, T* c) {
  const index stride = s.K * kTileCols<T>;
  parallel(ceil_div(s.N, kTileCols<T>), ceil_div(kSkinnyGrain, stride + 1), [&](index begin, index end) {
    for (index p = begin, count; p < end; p += count) {
      constexpr index kMaxPanels = 4;  // panels at once: enough sums to hide the latency
      count = ceil_div(end - p, ceil_div(end - p, kMaxPanels));
      const index n = p * kTileCols<T>, cols = min(count * kTileCols<T>, s.N - n);
      const T* bias = epilogue.bias ? epilogue.bias + n : nullptr;
      const auto product = count == 4   ? row_times_panels<T, 4>
                           : count == 3 ? row_times_panels<T, 3>
                           : count == 2 ? row_times_panels<T, 2>
                                        : row_times_panels<T, 1>;
      product(s.K, a, s.trans_a ? s.lda : 1, packed + p * stride, stride, bias, s.accumulate, cols, c + n);
    }
    const index n = begin * kTileCols<T>, stop = min(end * kTileCols<T>, s.N);
    if (epilogue.activation != Activation::linear)
      activate_rows(epilogue.activation, epilogue.alpha, 1, stop - n, c + n, s.ldc);
  });
}

// Rows of a and of c must be dense: a is not transposed, or is one row.
template <class T>
void skinny_gemm(const GemmShape& s, const T* a, const T* b, const Epilogue<T>& epilogue, T* c) {
  // Columns per chunk: b is read in long streams, while the M rows of c stay in L2.
  const index chunk = kSkinnyRowBytes / index(sizeof(T)) / s.M / kLanes<T> * kLanes<T>;
  const index grain = ceil_div(ceil_div(kSkinnyGrain, s.K * s.M + 1), kLanes<T>);
  parallel(ceil_div(s.N, kLanes<T>), grain, [&](index begin, index end) {
    const index stop = min(end * kLanes<T>, s.N);
    for (index n = begin * kLanes<T>; n < stop; n += chunk) {
      const index cols = min(chunk, stop - n);
      for (index i = 0; i < s.M; i++) {
        T* row = c + i * s.ldc + n;
        const T* bias = epilogue.bias ? epilogue.bias + n : nullptr;
        map_row<T>(cols, row, [&](auto at) {
          V<T> value = s.accumulate ? at(row) : V<T>{};
          return bias ? value + at(bias) : value;
        });
      }
      if (s.trans_b) {
        for (index j = 0; j < cols; j += kLanes<T>)
          for (index i = 0; i < s.M; i++)
            dot_rows(min(kLanes<T>, cols - j), s.K, a + i * s.lda, b + (n + j) * s.ldb, s.ldb, c + i * s.ldc + n + j);
      } else {
        skinny_product(s.M, cols, s.K, a, s.trans_a ? 1 : s.lda, s.trans_a ? s.lda : 1, b + n, s.ldb, c + n, s.ldc);
      }
      if (epilogue.activation != Activation::linear)
        activate_rows(epilogue.activation, epilogue.alpha, s.M, cols, c + n, s.ldc);
    }
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::gemm
