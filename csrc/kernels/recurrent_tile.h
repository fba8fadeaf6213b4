// The products of a few rows with a panel of packed weights.
//
// Weights that outgrow the second-level cache come from afar in every step, and the first tile on a panel would wait
// for them while the others find all of it near. So each tile of a panel fetches its part of the panel that comes next.
#pragma once
#include "gemm_micro.h"

namespace pydl::PYDL_ISA {
namespace {

// As many rows as leave the registers a row of weights, an element and a product.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectorRegisters = 32;
#else
constexpr int kVectorRegisters = 16;
#endif
constexpr int gate_rows(int vectors) { return (kVectorRegisters - vectors - 2) / vectors; }

// For every height.
template <class T, int Vectors>
struct GateTiles {
  typename TileFunctions<T>::Function of[gate_rows(Vectors)];
  template <int Height = gate_rows(Vectors)>
  constexpr void fill() {
    of[Height - 1] = run_fetching_tile<T, Height, Vectors>;
    if constexpr (Height > 1) fill<Height - 1>();
  }
  constexpr GateTiles() : of{} { fill(); }
};
template <class T, int Vectors>
constexpr GateTiles<T, Vectors> kGateTiles{};

// What the tiles on one panel fetch meanwhile, and which of them this is.
template <class T>
struct Ahead {
  const T* panel;
  index tile;
};

// c[rows][Vectors] = a[rows][K] * b (+ old), with rows of c and old next to each other.
template <int Vectors, class T>
PYDL_INLINE void multiply_gates(index rows, index K, const T* a, index a_stride, const T* b, index b_row,
                                Ahead<T> ahead, T* c, const T* old = nullptr) {
  const index part = K * kLanes<T>;
  TileTask<T> task{};
  task.K = K;
  task.a = a;
  task.a_stride = a_stride;
  task.b = b;
  task.b_row = b_row;
  task.next = (ahead.tile + 1) * part <= K * b_row ? ahead.panel + ahead.tile * part : b;  // b: it is near
  task.old = old;
  task.c = c;
  task.ldc = Vectors * kLanes<T>;
  task.last = kLanes<T>;
  kGateTiles<T, Vectors>.of[rows - 1](task);
}

}  // namespace
}  // namespace pydl::PYDL_ISA
