// The register tile and the packing of matrix products, and what Python does not use of the kernel table: accumulate,
// row strides, packed weights.
#include <doctest.h>

#include <vector>

#include "kernels/gemm/block.h"
#include "kernels/gemm/pack.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace {
using namespace gemm;

template <class T>
std::vector<T> numbers(index n) {  // small integers: every sum is exact
  std::vector<T> v(static_cast<std::size_t>(n));
  for (index i = 0; i < n; i++) v[std::size_t(i)] = T((i * 7 + i / 5) % 9 - 4);
  return v;
}

TEST_CASE_TEMPLATE("transpose turns rows into columns", T, float, double) {
  V<T> rows[kLanes<T>];
  for (int i = 0; i < kLanes<T>; i++)
    for (int j = 0; j < kLanes<T>; j++) rows[i][j] = T(100 * i + j);
  transpose<T>(rows);
  for (int i = 0; i < kLanes<T>; i++)
    for (int j = 0; j < kLanes<T>; j++) CHECK(rows[i][j] == T(100 * j + i));
}

TEST_CASE_TEMPLATE("pack_b lays out panels and fills up with zeros", T, float, double) {
  constexpr index kCols = kTileCols<T>;
  for (bool transposed : {false, true})
    for (index K : {0, 1, 5, 16, 17, 33})
      for (index N : {index(1), index(kLanes<T> - 1), kCols - 1, kCols, kCols + 1, 3 * kCols - 2}) {
        const index ldb = (transposed ? K : N) + 3, panels = (N + kCols - 1) / kCols;
        const std::vector<T> b = numbers<T>((transposed ? N : K) * ldb);
        std::vector<T> packed(std::size_t(panels * K * kCols) + 1, T(99));
        pack_b(b.data(), ldb, transposed, K, N, packed.data(), K * kCols);
        bool same = packed.back() == T(99);
        for (index p = 0; p < panels; p++)
          for (index k = 0; k < K; k++)
            for (index j = 0; j < kCols; j++) {
              const index n = p * kCols + j;
              const T expected = n >= N ? T(0) : b[std::size_t(transposed ? n * ldb + k : k * ldb + n)];
              same = same && packed[std::size_t((p * K + k) * kCols + j)] == expected;
            }
        CHECK_MESSAGE(same, "K ", K, " N ", N, " transposed ", transposed);
      }
}

TEST_CASE_TEMPLATE("pack_a lays out tiles, column after column", T, float, double) {
  for (bool transposed : {false, true})
    for (index K : {0, 1, 5, 17, 33})
      for (index M : {1, kTileRows - 1, kTileRows, kTileRows + 1, 3 * kTileRows - 1}) {
        const RowTiles tiles(M);
        const index lda = (transposed ? M : K) + 3, tile_size = K * kPackedRows<T>;
        const std::vector<T> a = numbers<T>((transposed ? K : M) * lda);
        for (index first = 0; first < tiles.count; first++) {
          std::vector<T> packed(std::size_t((tiles.count - first) * tile_size) + 1, T(99));
          pack_a(a.data() + tiles.begin(first) * (transposed ? 1 : lda), lda, transposed, K, tiles, first, tiles.count,
                 packed.data());
          bool same = packed.back() == T(99);
          for (index tile = first; tile < tiles.count; tile++)
            for (index m = tiles.begin(tile); m < tiles.begin(tile + 1); m++)
              for (index k = 0; k < K; k++)
                same = same &&
                       packed[std::size_t((tile - first) * tile_size + k * kPackedRows<T> + m - tiles.begin(tile))] ==
                           a[std::size_t(transposed ? k * lda + m : m * lda + k)];
          CHECK_MESSAGE(same, "K ", K, " M ", M, " first ", first, " transposed ", transposed);
        }
      }
}

TEST_CASE_TEMPLATE("a tile of every height multiplies, adds and leaves the rest alone", T, float, double) {
  constexpr index kCols = kTileCols<T>, K = 19, ldc = kCols + 2;
  const std::vector<T> b = numbers<T>(K * kCols), bias = numbers<T>(kCols);
  for (int rows = 1; rows <= kTileRows; rows++)
    for (int vectors : {1, 2})
      for (int last : {1, kLanes<T> - 1, kLanes<T>})
        for (ALayout reads : {kRows, kColumns, kPacked}) {
          std::vector<T> c(std::size_t(kTileRows * ldc), T(3));
          const bool trans_a = reads != kRows;
          const index a_stride = reads == kPacked ? kPackedRows<T> : trans_a ? kTileRows + 1 : K + 1;
          const std::vector<T> stored = numbers<T>(trans_a ? K * a_stride : kTileRows * a_stride);
          const TileTask<T> task{K,           stored.data(), a_stride, b.data(), kCols,
                                 bias.data(), c.data(),      c.data(), ldc,      last};
          tile_functions<T>().of[rows - 1][vectors - 1][reads](task);
          bool same = true;
          for (index i = 0; i < kTileRows; i++)
            for (index j = 0; j < ldc; j++) {
              T expected = T(3);
              if (i < rows && j < (vectors - 1) * kLanes<T> + last) {
                expected += bias[std::size_t(j)];
                for (index k = 0; k < K; k++)
                  expected += stored[std::size_t(trans_a ? k * a_stride + i : i * a_stride + k)] *
                              b[std::size_t(k * kCols + j)];
              }
              same = same && c[std::size_t(i * ldc + j)] == expected;
            }
          CHECK_MESSAGE(same, rows, " rows, ", vectors, " vectors, last ", last, ", transposed ", trans_a);
        }
}

TEST_CASE_TEMPLATE("gemm accumulates, keeps to row strides and takes packed weights", T, float, double) {
  GemmKernels<T> table{};
  fill_gemm(table);
  for (index M : {1, 3, 15, 40})
    for (index N : {1, 9, 33, 70})
      for (index K : {0, 8, 401, 9000})
        for (bool accumulate : {false, true})
          for (bool trans_b : {false, true}) {
            if (K == 9000 && M > 3) continue;  // a long K is cut into slices for few rows only
            const index lda = K + 1, ldb = (trans_b ? K : N) + 2, ldc = N + 3;
            const GemmShape shape{M, N, K, lda, ldb, ldc, false, trans_b, accumulate};
            const std::vector<T> a = numbers<T>(M * lda), b = numbers<T>((trans_b ? N : K) * ldb), bias = numbers<T>(N);
            std::vector<T> packed(std::size_t(table.packed_size(shape)));
            if (!packed.empty()) table.pack_b(shape, b.data(), packed.data());
            for (bool use_packed : {false, true}) {
              std::vector<T> c(std::size_t(M * ldc), T(2));
              const T* weights = use_packed && !packed.empty() ? packed.data() : nullptr;
              table.multiply(shape, a.data(), b.data(), weights, {bias.data(), Activation::relu, T(0)}, c.data());
              bool same = true;
              for (index i = 0; i < M; i++)
                for (index j = 0; j < ldc; j++) {
                  T expected = T(2);
                  if (j < N) {
                    expected = bias[std::size_t(j)] + (accumulate ? T(2) : T(0));
                    for (index k = 0; k < K; k++)
                      expected += a[std::size_t(i * lda + k)] * b[std::size_t(trans_b ? j * ldb + k : k * ldb + j)];
                    if (expected < 0) expected = 0;
                  }
                  same = same && c[std::size_t(i * ldc + j)] == expected;
                }
              CHECK_MESSAGE(same, M, "x", N, "x", K, " accumulate ", accumulate, " trans_b ", trans_b, " packed ",
                            use_packed);
            }
          }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
