// A block of images, packed for the gradient of the weights: panels of the input channels of one tile, each pixel one
// dense row. In place a tile would read a few channels of every pixel: half of each cache line, at strides that map to
// few sets of L1. One packed block serves all taps.
#pragma once
#include "kernels/conv2d/axis.h"
#include "kernels/gemm/block.h"

namespace pydl::PYDL_ISA::conv2d {
using namespace gemm;
namespace {

// The positions of one axis of x that the taps of the outputs [begin, end) read, and their indices in the packed block.
struct PackedAxis {
  index first, step, count;

  PackedAxis() = default;
  PackedAxis(const Axis& axis, index begin, index end) {
    step = axis.taps == 1 ? axis.in_stride : greatest_common_divisor(axis.in_stride, axis.in_dilation);
    first = axis.input(begin, 0);
    if (first < 0) first += ceil_div(-first, step) * step;
    const index last = min(axis.input(end - 1, axis.taps - 1), axis.in_size - 1);
    count = last < first ? 0 : (last - first) / step + 1;
  }
  index index_of(index position) const { return (position - first) / step; }
};

// Layout: [group][channel tile][image][row][column][channel]
template <class T>
struct PackedImage {
  PackedAxis rows, columns;
  index images;
  RowTiles tiles{0};  // of the channels of one group

  index channels() const { return tiles.count ? ceil_div(tiles.rows, tiles.count) : 0; }  // of the highest tile
  index row_size() const { return columns.count * channels(); }
  index image_size() const { return rows.count * row_size(); }
  index tile_size() const { return images * image_size(); }
  index group_size() const { return tiles.count * tile_size(); }

  // x is the first of `images` images of H x W x C, at the first channel of the first of `groups` groups.
  void pack(const T* x, index H, index W, index C, index groups, T* to) const {
    for (index n = 0; n < images; n++)
      for (index i = 0; i < rows.count; i++, to += row_size()) {  // a row stays in L1 while all its tiles are packed
        const T* line = x + ((n * H + rows.first + i * rows.step) * W + columns.first) * C;
        T* packed = to;
        for (index group = 0; group < groups; group++)
          for (index tile = 0; tile < tiles.count; tile++, packed += tile_size()) {
            const index first = tiles.begin(tile);
            pack_line(line + group * tiles.rows + first, columns.step * C, tiles.begin(tile + 1) - first, packed);
          }
      }
  }

 private:
  void pack_line(const T* from, index step, index height, T* to) const {
    const index width = channels();
    for (index j = 0; j < columns.count; j++, from += step, to += width) {
      PYDL_UNROLL for (index i = 0; i < kTileRows; i += kLanes<T>) {
        const index rest = height - i;
        const int lanes = int(rest > kLanes<T> ? kLanes<T> : rest > 0 ? rest : 0);
        store_n(to + i, load_n(from + i, lanes), lanes);
      }
    }
  }
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
