// The register tile of every matrix product and convolution: a block of the result that stays in vector registers for
// all of K. All of it is inlined and unrolled; nothing is spilled as long as Rows x Vectors is within the limits below.
//
//   Tile<Storage, Rows, Vectors> tile;
//   tile.clear();                                    // or tile.start(...), to begin with the bias and c_in
//   for (tap : taps) tile.multiply(C, a_of(tap), a_row, a_col, b_of(tap), b_row);
//   tile.store(c, ldc, last);
//
// Contract of multiply: sum[i][j] += a[i*a_row + k*a_col] * b[k*b_row + j*kLanes ...] for k = 0, 1, ... K-1 in this
// order, each sum in one accumulator, so that a result does not depend on the height of the tile that made it. Reads
// exactly Rows x K elements of a and K rows of Vectors full vectors of b: b is a packed panel (pack.h, b_row =
// kTileCols<T>), or a matrix that has these columns. `last` is the number of valid lanes in the last vector of c, 1 to
// kLanes; c and bias are never touched beyond it.
#pragma once
#include "contract/gemm.h"
#include "kernels/common/prefetch.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

// Sums + one row of b + one broadcast element of a must fit into the vector registers, and at least 2 FMA pipes x 4
// cycles = 8 sums are needed to keep the pipes busy. Two vectors per row let each broadcast feed two multiplications.
#if defined(__AVX512F__)
constexpr int kTileRows = 14;  // 28 sums + 2 + 1 of 32 registers
#elif defined(__aarch64__)
constexpr int kTileRows = 12;  // 24 sums + 2 + 1 of 32
#elif defined(__AVX2__)
constexpr int kTileRows = 6;  // 12 sums + 2 + 1 of 16
#else
constexpr int kTileRows = 5;  // 10 sums + 2 + 1 + a product (SSE has no FMA) of 16
#endif
constexpr int kTileVectors = 2;
template <class T>
constexpr int kTileCols = kTileVectors * kLanes<AccOf<T>>;
// Elements in a column of a packed tile of a: kTileRows, filled up to whole vectors.
template <class T>
constexpr index kPackedRows = (kTileRows + kLanes<T> - 1) / kLanes<T> * kLanes<T>;

// a, b and c are of the storage type, sums of the accumulator type. Where these differ, what is loaded and stored here
// has to be converted.
template <class Storage, int Rows, int Vectors, class Acc = AccOf<Storage>>
struct Tile {
  V<Acc> sum[Rows][Vectors];

  PYDL_INLINE void clear() {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) { PYDL_UNROLL for (int j = 0; j < Vectors; j++) sum[i][j] = V<Acc>{}; }
  }

  // Begins with the bias (one value per column, or null), plus c_in if that is not null.
  PYDL_INLINE void start(const Storage* bias, const Storage* c_in, index ldc, int last) {
    clear();
    if (bias) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) {
        V<Acc> value = read(bias, j, last);
        PYDL_UNROLL for (int i = 0; i < Rows; i++) sum[i][j] = value;
      }
    }
    if (c_in) add(c_in, ldc, last);
  }

  PYDL_INLINE void add(const Storage* c, index ldc, int last) {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) sum[i][j] += read(c + i * ldc, j, last);
    }
  }

  // Prefetches the lines of c, so that they have arrived when the sums are complete.
  PYDL_INLINE static void prefetch_c(const Storage* c, index ldc) {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) {
      prefetch_for_writing(c + i * ldc);
      prefetch_for_writing(c + i * ldc + (Vectors - 1) * kLanes<Acc>);
    }
  }

  // With PrefetchB, for a panel larger than L1, b is prefetched some rows ahead.
  // If the columns of a are contiguous, each turn does two steps: counting then takes fewer of the issue slots that the
  // multiplications need. Four steps are slower again, and so are two if each row of a has its own address.
  template <bool PrefetchB = false>
  PYDL_INLINE void multiply(index K, const Storage* a, index a_row, index a_col, const Storage* b, index b_row) {
    index k = 0;
    if (a_row == 1)
      for (; k + 2 <= K; k += 2, a += 2 * a_col, b += 2 * b_row) {
        step<PrefetchB>(a, a_row, b, b_row);
        step<PrefetchB>(a + a_col, a_row, b + b_row, b_row);
      }
    for (; k < K; k++, a += a_col, b += b_row) step<PrefetchB>(a, a_row, b, b_row);
  }

  // The same for a packed a; meanwhile prefetches all of `next`, spread over K.
  PYDL_INLINE void multiply_and_prefetch(index K, const Storage* a, const Storage* b, index b_row,
                                         const Prefetcher<Storage>& next) {
    constexpr index kSteps = 8;
    const index turns = K / kSteps, lines = next.rows * next.lines;
    const Storage* row = next.data;
    for (index turn = 0, done = 0, line = 0; turn < turns;
         turn++, a += kSteps * kPackedRows<Storage>, b += kSteps * b_row) {
      for (; done * turns < (turn + 1) * lines; done++) {
        prefetch<kIntoL2>(row + line * kLineSize<Storage>);
        if (++line == next.lines) line = 0, row += next.stride;
      }
      multiply(kSteps, a, 1, kPackedRows<Storage>, b, b_row);
    }
    multiply(K % kSteps, a, 1, kPackedRows<Storage>, b, b_row);
  }

  // The same for rows of a; meanwhile prefetches one line of `next` at each step.
  PYDL_INLINE void multiply_and_prefetch(index K, const Storage* a, index a_row, const Storage* b, index b_row,
                                         const Storage* next) {
    for (index k = 0; k < K; k++, a++, b += b_row, next += kLineSize<Storage>) {
      prefetch<kIntoL2>(next);
      step<false>(a, a_row, b, b_row);
    }
  }

  // The same for a packed a; meanwhile copies the rows of b densely to `to`, which the multiplications hide. The
  // adjacent panel is read next, and is prefetched.
  PYDL_INLINE void multiply_and_pack(index K, const Storage* a, const Storage* b, index b_row, Storage* to) {
    for (index k = 0; k < K; k++, a += kPackedRows<Storage>, b += b_row, to += Vectors * kLanes<Acc>) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) {
        prefetch<kIntoL2>(b + (Vectors + j) * kLanes<Acc>);
        pydl::PYDL_ISA::store(to + j * kLanes<Acc>, load(b + j * kLanes<Acc>));
      }
      step<false>(a, 1, b, b_row);
    }
  }

  PYDL_INLINE void store(Storage* c, index ldc, int last) const {
    if (last == kLanes<Acc>) {
      PYDL_UNROLL for (int i = 0; i < Rows; i++) {
        PYDL_UNROLL for (int j = 0; j < Vectors; j++) pydl::PYDL_ISA::store(c + i * ldc + j * kLanes<Acc>, sum[i][j]);
      }
    } else {
      PYDL_UNROLL for (int i = 0; i < Rows; i++) {
        PYDL_UNROLL for (int j = 0; j < Vectors - 1; j++)
            pydl::PYDL_ISA::store(c + i * ldc + j * kLanes<Acc>, sum[i][j]);
        store_n(c + i * ldc + (Vectors - 1) * kLanes<Acc>, sum[i][Vectors - 1], last);
      }
    }
  }

  PYDL_INLINE void stream(Storage* c, index ldc) const {
    PYDL_UNROLL for (int i = 0; i < Rows; i++) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) pydl::PYDL_ISA::stream(c + i * ldc + j * kLanes<Acc>, sum[i][j]);
    }
  }

 private:
  template <bool PrefetchB>
  PYDL_INLINE void step(const Storage* a, index a_row, const Storage* b, index b_row) {
    V<Acc> row[Vectors];
    if constexpr (PrefetchB) {
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) prefetch<kIntoL1>(b + 8 * b_row + j * kLanes<Acc>);
    }
    PYDL_UNROLL for (int j = 0; j < Vectors; j++) {
      row[j] = load(b + j * kLanes<Acc>);
      if constexpr (Rows <= 4) keep_in_register(row[j]);
    }
    PYDL_UNROLL for (int i = 0; i < Rows; i++) {
      V<Acc> element = broadcast(a[i * a_row]);
      PYDL_UNROLL for (int j = 0; j < Vectors; j++) sum[i][j] += element * row[j];
    }
  }

  PYDL_INLINE static V<Acc> read(const Storage* p, int j, int last) {
    if (j < Vectors - 1 || last == kLanes<Acc>) return load(p + j * kLanes<Acc>);
    return load_n(p + j * kLanes<Acc>, last);
  }
};

}  // namespace

// How a tile reads a: by rows or by columns (the rows of a transposed a) in place, or in packed columns of kPackedRows.
// A stride that the compiler knows saves 3 % of a product's time.
enum ALayout { kRows, kColumns, kPacked };

// One tile of a matrix product, as a plain function for every height from 1 to kTileRows.
template <class Storage>
struct TileTask {
  index K;
  const Storage* a;
  index a_stride;  // between rows of a (kRows) or its columns (kColumns); constant for kPacked
  const Storage* b;
  index b_row;
  const Storage* bias;  // or null
  const Storage* c_in;  // added to the product: c, or null
  Storage* c;
  index ldc;
  int last;
  bool prefetch_b = false;  // b is beyond L2
  // With a packed a, spread over K; in run_prefetching_tile one line per step, at most K.
  Prefetcher<Storage> prefetch{};
  Storage* packed = nullptr;  // where run_packing_tile stores the panel of b
};

// A function for every tile, compiled once (tiles.cpp): many kernels end in matrix products.
template <class T>
struct TileFunctions {
  using Function = void (*)(const TileTask<T>&);
  Function of[kTileRows][kTileVectors][3];  // [rows - 1][vectors - 1][ALayout]
  Function packing[kTileRows];              // [rows - 1]: for whole panels of b in place, and a packed a
};
template <class T>
const TileFunctions<T>& tile_functions();

namespace {

template <class T, int Rows, int Vectors, class Multiply>
PYDL_INLINE void run(const TileTask<T>& t, Multiply multiply) {
  Tile<T, Rows, Vectors> tile;
  tile.prefetch_c(t.c, t.ldc);
  tile.start(t.bias, nullptr, 0, t.last);
  multiply(tile);
  if (t.c_in) tile.add(t.c_in, t.ldc, t.last);  // last: it is the likeliest L2 miss
  tile.store(t.c, t.ldc, t.last);
}

template <class T, int Rows, int Vectors>
__attribute__((noinline)) void run_prefetching_tile(const TileTask<T>& t) {
  run<T, Rows, Vectors>(t, [&](auto& tile) {
    const index n = t.prefetch.rows;
    tile.multiply_and_prefetch(n, t.a, t.a_stride, t.b, t.b_row, t.prefetch.data);
    tile.multiply(t.K - n, t.a + n, t.a_stride, 1, t.b + n * t.b_row, t.b_row);
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::gemm
