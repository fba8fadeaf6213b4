// The stages of a Winograd convolution: tiles of an image become products, and sums of products become tiles.
//
// F(m, r) cuts the output into tiles of m x m. Each needs a tile of t x t inputs (t = m + r - 1), which overlaps its
// neighbours, and t*t products per pair of channels instead of m*m * r*r. All products with index p of a block of tiles
// are one matrix product, tiles x channels x channels. Arrays of products are [p][tile or channel][channel]; the stride
// of p is padded, because powers of two map to few cache sets.
#pragma once
#include "kernels/conv2d/axis.h"
#include "kernels/conv2d/winograd_transforms.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

// Applies the one-dimensional transform `Step` to columns, then to rows, of load(i, j), and calls put(i, j, value).
template <class Step, class T, class Load, class Put>
PYDL_INLINE void transform(const Load& load_at, const Put& put_at) {
  constexpr int kFrom = Step::kFrom, kTo = Step::kTo;
  V<T> middle[kTo * kFrom];
  PYDL_UNROLL for (int j = 0; j < kFrom; j++) {
    V<T> column[kFrom];
    PYDL_UNROLL for (int i = 0; i < kFrom; i++) column[i] = load_at(i, j);
    Step::template apply<T, kFrom>(column, middle + j);
  }
  PYDL_UNROLL for (int i = 0; i < kTo; i++) {
    V<T> row[kTo];
    Step::template apply<T, 1>(middle + i * kFrom, row);
    PYDL_UNROLL for (int j = 0; j < kTo; j++) put_at(i, j, row[j]);
  }
}

// body(c, lanes, load, store) for every vector of channels; load and store touch only lanes that exist.
template <class T, class Body>
PYDL_INLINE void each_vector(index channels, const Body& body) {
  index c = 0;
  for (; c + kLanes<T> <= channels; c += kLanes<T>)
    body(c, [](const T* p) { return load<T>(p); }, [](T* p, V<T> v) { store<T>(p, v); });
  const int rest = int(channels - c);
  if (rest)
    body(c, [rest](const T* p) { return load_n<T>(p, rest); }, [rest](T* p, V<T> v) { store_n<T>(p, v, rest); });
}

template <class T>
index whole_vectors(index channels) {
  return ceil_div(channels, kLanes<T>) * kLanes<T>;
}

// Images of any size and number, cut into tiles of kOut x kOut outputs, numbered image by image, row by row.
template <int kOut>
struct TileGrid {
  index down, across, count;
  TileGrid(index N, index out_h, index out_w)
      : down(ceil_div(out_h, kOut)), across(ceil_div(out_w, kOut)), count(N * down * across) {}

  struct Place {  // the first pixel of a tile
    index n, y, x;
  };
  Place place(index tile) const {
    const index in_image = tile % (down * across);
    return {tile / (down * across), in_image / across * kOut, in_image % across * kOut};
  }
};

// An image (H, W, C) of a batch.
template <class T>
struct Pixels {
  const T* data;
  index H, W, C;
};

// Transforms the tile of pixels that begins at (y, x), which may be outside the image, to products: channel c of the
// first product goes to `to(c)`. `zeros` (C elements) stands for pixels outside. Lanes beyond C become zeros.
template <class Step, class T, class To>
void tile_to_products(const Pixels<T>& image, index y, index x, const T* zeros, const To& to, index product_stride) {
  constexpr int kSide = Step::kFrom;
  const T* from[kSide][kSide];
  for (int i = 0; i < kSide; i++)
    for (int j = 0; j < kSide; j++) {
      const bool inside = y + i >= 0 && y + i < image.H && x + j >= 0 && x + j < image.W;
      from[i][j] = inside ? image.data + ((y + i) * image.W + x + j) * image.C : zeros;
    }
  each_vector<T>(image.C, [&](index c, auto read, auto) {
    T* products = to(c);
    transform<Step, T>([&](int i, int j) { return read(from[i][j] + c); },
                       [&](int i, int j, V<T> v) { store<T>(products + (i * Step::kTo + j) * product_stride, v); });
  });
}

// Transforms the sums of one tile and one panel of channels to outputs at `to`, of which rows x cols exist. `streamed`
// needs whole aligned vectors.
template <class Step, class T, class Finish>
void products_to_tile(const T* from, index product_stride, index channels, index rows, index cols, T* to, index row,
                      index pixel, bool streamed, const Finish& finish) {
  each_vector<T>(channels, [&](index c, auto, auto write) {
    const auto after = finish(c);
    transform<Step, T>([&](int i, int j) { return load<T>(from + (i * Step::kFrom + j) * product_stride + c); },
                       [&](int i, int j, V<T> v) {
                         if (i >= rows || j >= cols) return;
                         T* at = to + i * row + j * pixel + c;
                         if (streamed)
                           stream<T>(at, after(v));
                         else
                           write(at, after(v));
                       });
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
