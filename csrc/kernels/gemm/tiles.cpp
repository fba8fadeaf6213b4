// The tiles of matrix products as plain functions: one for every height, width and layout of a.
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::gemm {
namespace {

template <class T, int Rows, int Vectors, ALayout A>
__attribute__((noinline)) void run_tile(const TileTask<T>& t) {
  const index a_row = A == kRows ? t.a_stride : 1;
  const index a_col = A == kRows ? 1 : A == kColumns ? t.a_stride : kPackedRows<T>;
  run<T, Rows, Vectors>(t, [&](auto& tile) {
    if (A == kPacked && t.prefetch.rows > 0)
      tile.multiply_and_prefetch(t.K, t.a, t.b, t.b_row, t.prefetch);
    else if (t.prefetch_b)
      tile.template multiply<true>(t.K, t.a, a_row, a_col, t.b, t.b_row);
    else
      tile.multiply(t.K, t.a, a_row, a_col, t.b, t.b_row);
  });
}

template <class T, int Rows>
__attribute__((noinline)) void run_packing_tile(const TileTask<T>& t) {
  run<T, Rows, kTileVectors>(t, [&](auto& tile) { tile.multiply_and_pack(t.K, t.a, t.b, t.b_row, t.packed); });
}

template <class T>
struct Filled : TileFunctions<T> {
  template <int Rows = kTileRows>
  constexpr void fill() {
    this->packing[Rows - 1] = run_packing_tile<T, Rows>;
    fill_width<Rows, 1>();
    fill_width<Rows, 2>();
    if constexpr (Rows > 1) fill<Rows - 1>();
  }
  template <int Rows, int Vectors>
  constexpr void fill_width() {
    this->of[Rows - 1][Vectors - 1][kRows] = run_tile<T, Rows, Vectors, kRows>;
    this->of[Rows - 1][Vectors - 1][kColumns] = run_tile<T, Rows, Vectors, kColumns>;
    this->of[Rows - 1][Vectors - 1][kPacked] = run_tile<T, Rows, Vectors, kPacked>;
  }
  constexpr Filled() : TileFunctions<T>{} { fill(); }
};
template <class T>
constexpr Filled<T> kFilled{};

}  // namespace

template <class T>
const TileFunctions<T>& tile_functions() {
  return kFilled<T>;
}
template const TileFunctions<float>& tile_functions<float>();
template const TileFunctions<double>& tile_functions<double>();

}  // namespace pydl::PYDL_ISA::gemm
