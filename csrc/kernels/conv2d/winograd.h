// Winograd convolution for 3x3 kernels with stride 1: forward, and the gradient for the input, which is the same
// computation with flipped, transposed weights (docs/kernels/winograd.md).
//
// Blocks of tiles stay in the cache through all three stages: inputs to products, one matrix product per product index
// and panel of output channels, sums to outputs. There are two partitions of the work, with the same bits:
//   many tiles, small weights   each thread has its own blocks; the weights are transformed once, in advance
//   few tiles or large weights  all threads share one large block: they divide its tiles, then the panels of channels,
//                               and each thread transforms the weights of a panel just before it uses them
#pragma once
#include "kernels/conv2d/correlate.h"
#include "kernels/conv2d/winograd_stages.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

constexpr index kMaxTiles = 2 * kTileRows;  // in a thread's own block
constexpr index kPanelChannels = 128;       // channels of weights that are transformed at a time: they stay in L2
constexpr index kMinBlocks = 8;             // enough for all threads

template <class T, class F>
class WinogradCorrelation {
 public:
  static constexpr index kProducts = F::kTile * F::kTile;

  WinogradCorrelation(const Conv2dShape& s, bool backward)
      : c_(s, backward),
        pad_top_(backward ? F::kTaps - 1 - s.pad_top : s.pad_top),
        pad_left_(backward ? F::kTaps - 1 - s.pad_left : s.pad_left),
        grid_(c_.N, c_.out_h, c_.out_w),
        panels_(ceil_div(c_.out_c, kTileCols<T>)) {
    const index tile_bytes = kProducts * (whole_vectors<T>(c_.in_c) + kLanes<T>)*index(sizeof(T));
    index tiles = min(max(kWinogradBlockBytes / tile_bytes / kTileRows, 1) * kTileRows, kMaxTiles);
    shared_ = grid_.count < kMinBlocks * kTileRows || packed_size() * index(sizeof(T)) > kWinogradWeightBytes;
    if (shared_) tiles = max(kWinogradSharedBytes / tile_bytes, kTileRows);
    blocks_ = ceil_div(grid_.count, tiles);
    if (!shared_) blocks_ = ceil_div(blocks_, kMinBlocks / 2) * (kMinBlocks / 2);
  }

  index packed_size() const { return panels_ * panel_size(c_.in_c); }

  void pack(const T* w, T* packed) const {
    const index parts = ceil_div(c_.in_c, kLanes<T>);
    const index grain = 1 + kFlopsPerThread / (4 * kProducts * kTileCols<T> * kLanes<T>);
    parallel(panels_ * parts, grain, [&](index begin, index end) {
      for (index i = begin; i < end; i++) {
        const index first = i % parts * kLanes<T>;
        transform_weights(w, i / parts, first, min(kLanes<T>, c_.in_c - first),
                          packed + i / parts * panel_size(c_.in_c) + first * kTileCols<T>, weight_stride(c_.in_c));
      }
    });
  }

  void run(const T* in, const T* w, const T* packed, const Epilogue<T>& epilogue, T* out) const {
    if (grid_.count == 0) return;
    Scratch scratch(packed || shared_ ? 0 : packed_size() * index(sizeof(T)));
    if (!packed && !shared_) {
      pack(w, static_cast<T*>(scratch.data()));
      packed = static_cast<const T*>(scratch.data());
    }
    parallel(blocks_, shared_ ? blocks_ : 1, [&](index begin, index end) {
      for (index i = begin; i < end; i++)
        run_block(grid_.count * i / blocks_, grid_.count * (i + 1) / blocks_, in, w, packed, epilogue, out);
    });
  }

 private:
  // Weights of `channels` input channels and one panel: [product][channel][kTileCols].
  static index weight_stride(index channels) { return (channels + 1) * kTileCols<T>; }
  static index panel_size(index channels) { return kProducts * weight_stride(channels); }

  // Input channels [first, first + count) of one panel.
  void transform_weights(const T* w, index panel, index first, index count, T* to, index stride) const {
    constexpr index kTapCount = F::kTaps * F::kTaps;
    const ChannelPanel<T> p(panel, c_.out_c);
    const index w_tap = c_.in_c * c_.out_c;
    for (index begin = 0; begin < count; begin += kLanes<T>) {
      const index rows = min(kLanes<T>, count - begin);
      const T* from = w + (first + begin) * c_.out_c + p.begin;
      index tap = w_tap, row = c_.out_c;
      T turned[kTapCount * kLanes<T> * kTileCols<T>];
      if (c_.backward) {  // w is (KH, KW, out_c, in_c): the last tap comes first, and its matrix is transposed
        from = turned, tap = kLanes<T> * kTileCols<T>, row = kTileCols<T>;
        for (index k = 0; k < kTapCount; k++)
          for (index part = 0; part < p.cols; part += kLanes<T>)
            transpose_square(w + (kTapCount - 1 - k) * w_tap + (p.begin + part) * c_.in_c + first + begin, c_.in_c,
                             p.cols - part, rows, turned + k * tap + part, row);
      }
      for (index i = 0; i < rows; i++, from += row) {
        T* products = to + (begin + i) * kTileCols<T>;
        each_vector<T>(p.cols, [&](index o, auto read, auto) {
          transform<typename F::Weight, T>(
              [&](int kh, int kw) { return read(from + (kh * F::kTaps + kw) * tap + o); },
              [&](int a, int b, V<T> v) { store<T>(products + (a * F::kTile + b) * stride + o, v); });
        });
      }
    }
  }

  void run_block(index first, index last, const T* in, const T* w, const T* packed, const Epilogue<T>& epilogue,
                 T* out) const {
    // Products are [product][part of the channels][tile][channel], so that one call of multiply reads contiguous
    // memory.
    const index part = packed ? c_.in_c : min(kPanelChannels, c_.in_c);
    const index tiles = last - first, channels = whole_vectors<T>(c_.in_c);
    const index tile_stride = whole_vectors<T>(part) + kLanes<T>, part_stride = tiles * tile_stride;
    const index stride = ceil_div(c_.in_c, part) * part_stride + kLanes<T>;
    Scratch scratch((kProducts * stride + channels) * index(sizeof(T)));
    T* products = static_cast<T*>(scratch.data());
    T* zeros = products + kProducts * stride;
    for (index i = 0; i < channels; i++) zeros[i] = T(0);
    parallel(tiles, 1 + kFlopsPerThread / (16 * kProducts * c_.in_c), [&](index begin, index end) {
      for (index i = begin; i < end; i++) {
        const auto at = grid_.place(first + i);
        const Pixels<T> image{in + at.n * c_.in_h * c_.in_w * c_.in_c, c_.in_h, c_.in_w, c_.in_c};
        tile_to_products<typename F::Input>(
            image, at.y - pad_top_, at.x - pad_left_, zeros,
            [&](index c) { return products + c / part * part_stride + i * tile_stride + c % part; }, stride);
      }
    });
    const bool streamed = c_.streams(out);
    const index flops = 2 * kProducts * tiles * c_.in_c * kTileCols<T>;
    parallel(panels_, 1 + kFlopsPerThread / flops, [&](index begin, index end) {
      const index sum_stride = (tiles + 1) * kTileCols<T>;
      Scratch room((kProducts * sum_stride + (packed ? 0 : panel_size(part))) * index(sizeof(T)));
      T* sums = static_cast<T*>(room.data());
      for (index panel = begin; panel < end; panel++) {
        for (index c = 0; c < c_.in_c; c += part) {
          const index count = min(part, c_.in_c - c);
          const T* weights = packed ? packed + panel * panel_size(c_.in_c) : sums + kProducts * sum_stride;
          if (!packed) transform_weights(w, panel, c, count, sums + kProducts * sum_stride, weight_stride(part));
          multiply(tiles, count, {products + c / part * part_stride, tile_stride, stride},
                   {weights, kTileCols<T>, weight_stride(part)}, c > 0, {sums, kTileCols<T>, sum_stride},
                   ChannelPanel<T>(panel, c_.out_c).vectors());
        }
        for (index i = 0; i < tiles; i++)
          write_tile(first + i, panel, sums + i * kTileCols<T>, sum_stride, epilogue, out, streamed);
      }
      stream_end();
    });
  }

  // One matrix per product index.
  template <class P>
  struct Matrices {
    P* first;
    index row, stride;
  };

  // Products (tiles x channels) times weights, one panel. Operands beyond L2 (the products of a shared block, or many
  // weights of a private one) are prefetched one tile ahead.
  void multiply(index tiles, index channels, const Matrices<const T>& products, const Matrices<const T>& weights,
                bool accumulate, const Matrices<T>& sums, int vectors) const {
    constexpr index kStep = 16;
    const RowTiles rows(tiles);
    ConvTile<T> task{};
    task.outer.count = 1;
    const bool prefetches = shared_ || packed_size() * index(sizeof(T)) > kWinogradL2WeightBytes;
    if (prefetches && channels % kStep == 0) {
      task.K = kStep;
      task.inner = {channels / kStep, kStep, kStep * weights.row};
      const index size = shared_ ? ceil_div(tiles, rows.count) * products.row : weights.stride / rows.count;
      task.prefetch.lines = ceil_div(size, task.inner.count * kLineSize<T>);
    } else {
      task.K = channels;
      task.inner.count = 1;
    }
    task.a_stride = products.row;
    task.ldc = sums.row;
    task.last = kLanes<T>;
    for (index p = 0; p < kProducts; p++)
      for (index i = 0; i < rows.count; i++) {
        const index tile = rows.begin(i), next = rows.begin(i + 1);
        task.a = products.first + p * products.stride + tile * products.row;
        task.b = weights.first + p * weights.stride;
        task.c = sums.first + p * sums.stride + tile * sums.row;
        task.c_in = accumulate ? task.c : nullptr;
        if (shared_)
          task.prefetch.data = next < tiles ? products.first + p * products.stride + next * products.row
                                            : products.first + (p + 1) * products.stride;
        else
          task.prefetch.data = task.b + weights.stride + i * task.prefetch.lines * task.inner.count * kLineSize<T>;
        kConvTileFunctions<T>.of[next - tile - 1][vectors - 1][false](task);
      }
  }

  void write_tile(index tile, index panel, const T* sums, index sum_stride, const Epilogue<T>& epilogue, T* out,
                  bool streamed) const {
    const auto at = grid_.place(tile);
    const ChannelPanel<T> p(panel, c_.out_c);
    T* to = out + ((at.n * c_.out_h + at.y) * c_.out_w + at.x) * c_.out_c + p.begin;
    products_to_tile<typename F::Output>(sums, sum_stride, p.cols, c_.out_h - at.y, c_.out_w - at.x, to,
                                         c_.out_w * c_.out_c, c_.out_c, streamed, [&](index c) {
                                           const int valid = int(min(kLanes<T>, p.cols - c));
                                           const V<T> bias =
                                               epilogue.bias ? load_n<T>(epilogue.bias + p.begin + c, valid) : V<T>{};
                                           return [&epilogue, bias](V<T> v) {
                                             v += bias;
                                             if (epilogue.activation == Activation::linear) return v;
                                             if (epilogue.activation == Activation::relu)
                                               return Relu::forward<T>(v, epilogue.alpha);
                                             return activate<T>(epilogue.activation, epilogue.alpha, v);
                                           };
                                         });
  }

  Correlation c_;
  index pad_top_, pad_left_;
  TileGrid<F::kOut> grid_;
  index panels_, blocks_;
  bool shared_;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
