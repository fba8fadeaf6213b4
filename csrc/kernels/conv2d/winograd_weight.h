// The gradient for the weights of a 3x3 convolution, as the adjoint of Winograd's forward: tiles of x and tiles of dy
// become products, one matrix product per product index sums the products of all tiles, and the sums become dw.
//
// Small sums (few channels): the tiles are cut into slices, each with its own sums in L2, which are added in order.
// Large sums: one slice, in which all threads share every step. Slices and blocks depend on the shape alone.
#pragma once
#include "kernels/conv2d/winograd.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

constexpr index kSlices = 8;

template <class T, class F>
class WinogradWeightGradient {
 public:
  static constexpr index kProducts = F::kTile * F::kTile;

  WinogradWeightGradient(const Conv2dShape& s, const T* x, const T* dy)
      : s_(s),
        x_(x),
        dy_(dy),
        grid_(s.N, s.OH, s.OW),
        panels_(ceil_div(s.O, kTileCols<T>)),
        x_tile_(whole_vectors<T>(s.C) + kLanes<T>),
        dy_tile_(whole_vectors<T>(s.O) + kLanes<T>),
        sum_row_(whole_vectors<T>(s.O)),
        sum_stride_(s.C * sum_row_ + kLanes<T>) {
    const index tile_bytes = kProducts * (x_tile_ + dy_tile_) * index(sizeof(T));
    const bool small = kProducts * sum_stride_ * index(sizeof(T)) <= kWinogradSumBytes;
    slices_ = small ? max(1, min(kSlices, grid_.count / kTileRows)) : 1;
    block_tiles_ = max((slices_ > 1 ? kWinogradSliceBlockBytes : kWinogradSharedSliceBytes) / tile_bytes, kTileRows);
  }

  void run(T* dw) const {
    Scratch scratch(slices_ * kProducts * sum_stride_ * index(sizeof(T)));
    T* sums = static_cast<T*>(scratch.data());
    parallel(slices_, 1, [&](index begin, index end) {
      for (index i = begin; i < end; i++)
        run_slice(grid_.count * i / slices_, grid_.count * (i + 1) / slices_, sums + i * kProducts * sum_stride_);
    });
    parallel(s_.C, 1 + kFlopsPerThread / (4 * kProducts * slices_ * s_.O), [&](index begin, index end) {
      for (index c = begin; c < end; c++) write_weights(sums + c * sum_row_, dw + c * s_.O);
    });
  }

 private:
  void run_slice(index first, index last, T* sums) const {
    const index blocks = max(1, ceil_div(last - first, block_tiles_));
    const index most = ceil_div(last - first, blocks);
    const index x_stride = most * x_tile_ + kLanes<T>, dy_stride = most * dy_tile_ + kLanes<T>;
    const index channels = max(x_tile_, dy_tile_);
    Scratch scratch((kProducts * (x_stride + dy_stride) + channels) * index(sizeof(T)));
    T* x = static_cast<T*>(scratch.data());
    T *dy = x + kProducts * x_stride, *zeros = dy + kProducts * dy_stride;
    for (index i = 0; i < channels; i++) zeros[i] = T(0);
    for (index block = 0; block < blocks; block++) {
      const index begin = first + (last - first) * block / blocks, end = first + (last - first) * (block + 1) / blocks;
      parallel(end - begin, 1 + kFlopsPerThread / (16 * kProducts * (s_.C + s_.O)), [&](index from, index to) {
        for (index i = from; i < to; i++) {
          const auto at = grid_.place(begin + i);
          tile_to_products<typename F::Input>(
              Pixels<T>{x_ + at.n * s_.H * s_.W * s_.C, s_.H, s_.W, s_.C}, at.y - s_.pad_top, at.x - s_.pad_left, zeros,
              [to = x + i * x_tile_](index c) { return to + c; }, x_stride);
          tile_to_products<typename F::OutputAdjoint>(
              Pixels<T>{dy_ + at.n * s_.OH * s_.OW * s_.O, s_.OH, s_.OW, s_.O}, at.y, at.x, zeros,
              [to = dy + i * dy_tile_](index c) { return to + c; }, dy_stride);
        }
      });
      parallel(kProducts, 1 + kFlopsPerThread / (2 * (end - begin) * s_.C * s_.O + 1), [&](index from, index to) {
        for (index p = from; p < to; p++)
          multiply(end - begin, x + p * x_stride, dy + p * dy_stride, block > 0, sums + p * sum_stride_);
      });
    }
  }

  void multiply(index tiles, const T* x, const T* dy, bool accumulate, T* sums) const {
    TileTask<T> task{};
    task.K = tiles;
    task.a_stride = x_tile_;
    task.b_row = dy_tile_;
    task.ldc = sum_row_;
    task.last = kLanes<T>;
    const RowTiles rows(s_.C);
    for (index panel = 0; panel < panels_; panel++)
      for (index i = 0; i < rows.count; i++) {
        const index c = rows.begin(i);
        task.a = x + c;
        task.b = dy + panel * kTileCols<T>;
        task.c = sums + c * sum_row_ + panel * kTileCols<T>;
        task.c_in = accumulate ? task.c : nullptr;
        tile_functions<T>().of[rows.begin(i + 1) - c - 1][ChannelPanel<T>(panel, s_.O).vectors() - 1][kColumns](task);
      }
  }

  // All O weights of one input channel and every tap.
  void write_weights(const T* sums, T* dw) const {
    each_vector<T>(s_.O, [&](index o, auto, auto write) {
      transform<typename F::WeightAdjoint, T>(
          [&](int i, int j) {
            const T* at = sums + (i * F::kTile + j) * sum_stride_ + o;
            V<T> sum = load<T>(at);
            for (index slice = 1; slice < slices_; slice++) sum += load<T>(at + slice * kProducts * sum_stride_);
            return sum;
          },
          [&](int i, int j, V<T> v) { write(dw + (i * F::kTaps + j) * s_.C * s_.O + o, v); });
    });
  }

  const Conv2dShape& s_;
  const T *x_, *dy_;
  TileGrid<F::kOut> grid_;
  index panels_, x_tile_, dy_tile_, sum_row_, sum_stride_, slices_, block_tiles_;
};

// db[o] = sum over pixels of dy[pixel, o], in slices of the pixels that are added in order.
template <class T>
void bias_gradient(index pixels, index channels, const T* dy, T* db) {
  constexpr index kSlicePixels = 1024;
  const index slices = max(1, ceil_div(pixels, kSlicePixels));
  Scratch scratch(slices * channels * index(sizeof(T)));
  T* sums = static_cast<T*>(scratch.data());
  parallel(slices, 1 + kFlopsPerThread / (kSlicePixels * channels), [&](index begin, index end) {
    for (index slice = begin; slice < end; slice++) {
      const index first = pixels * slice / slices, last = pixels * (slice + 1) / slices;
      each_vector<T>(channels, [&](index o, auto read, auto write) {
        V<T> sum[4] = {};
        index i = first;
        for (; i + 4 <= last; i += 4) {
          PYDL_UNROLL for (int j = 0; j < 4; j++) sum[j] += read(dy + (i + j) * channels + o);
        }
        for (; i < last; i++) sum[0] += read(dy + i * channels + o);
        write(sums + slice * channels + o, (sum[0] + sum[1]) + (sum[2] + sum[3]));
      });
    }
  });
  for (index o = 0; o < channels; o++) {
    T sum = sums[o];
    for (index slice = 1; slice < slices; slice++) sum += sums[slice * channels + o];
    db[o] = sum;
  }
}

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
