// Space to depth: blocks of an image's pixels become the channels of one pixel (docs/kernels/conv2d.md). Blocks of x as
// large as the stride make a strided convolution one of stride 1, which Winograd's algorithm can compute. Blocks of dx
// fill vectors that few channels would leave empty.
#pragma once
#include "kernels/common/parallel.h"
#include "kernels/conv2d/axis.h"
#include "kernels/conv2d/route.h"
#include "kernels/gemm/pack.h"

namespace pydl::PYDL_ISA::conv2d {
using namespace gemm;
namespace {

// Along one axis, block j holds the pixels first + j * size ... of the image; pixels outside the image are zeros.
struct BlockAxis {
  index size, first, count;
};

// An image (N, H, W, C) as blocks (N, rows.count, columns.count, rows.size * columns.size * C), and back.
struct BlockedImage {
  index N, H, W, C;
  BlockAxis rows, columns;

  index channels() const { return rows.size * columns.size * C; }
  index size() const { return N * rows.count * columns.count * channels(); }

  template <class T>
  void pack(const T* image, T* blocks) const {
    each_row([&](index from, index to, bool exists) {
      const auto border = [&](index x) {
        const Inside at = inside(x);
        T* strip = blocks + to + x * channels();
        for (index i = 0; i < at.begin; i++) strip[i] = T(0);
        if (exists && at.begin < at.end)
          copy_rows(image + from + offset(x) + at.begin, 0, 1, at.end - at.begin, strip + at.begin, 0);
        for (index i = exists ? at.end : at.begin; i < length(); i++) strip[i] = T(0);
      };
      const index first = exists ? first_whole() : columns.count, last = exists ? last_whole() : columns.count;
      for (index x = 0; x < first; x++) border(x);
      copy_rows(image + from + offset(first), length(), last - first, length(), blocks + to + first * channels(),
                channels());
      for (index x = last; x < columns.count; x++) border(x);
    });
  }

  template <class T>
  void unpack(const T* blocks, T* image) const {
    each_row([&](index to, index from, bool exists) {
      if (!exists) return;
      const auto border = [&](index x) {
        const Inside at = inside(x);
        if (at.begin < at.end)
          copy_rows(blocks + from + x * channels() + at.begin, 0, 1, at.end - at.begin,
                    image + to + offset(x) + at.begin, 0);
      };
      for (index x = 0; x < first_whole(); x++) border(x);
      copy_rows(blocks + from + first_whole() * channels(), channels(), last_whole() - first_whole(), length(),
                image + to + offset(first_whole()), length());
      for (index x = last_whole(); x < columns.count; x++) border(x);
    });
  }

 private:
  // A strip is one row of pixels of one block: `length` elements, some of which may be outside the image.
  struct Inside {
    index begin, end;
  };
  index length() const { return columns.size * C; }
  index offset(index x) const { return (columns.first + x * columns.size) * C; }  // of a strip in its row of the image
  Inside inside(index x) const {
    const auto clamp = [this](index i) { return max(0, min(i, length())); };
    return {clamp(-offset(x)), clamp(W * C - offset(x))};
  }
  // The range of strips that are completely inside the image.
  index first_whole() const { return min(columns.count, ceil_div(max(0, -columns.first), columns.size)); }
  index last_whole() const {
    const index last = max(0, W - columns.first) / columns.size;
    return max(first_whole(), min(columns.count, last));
  }

  // visit(offset of a row in the image, of its first strip in the blocks, whether the image has that row)
  template <class Visit>
  void each_row(const Visit& visit) const {
    constexpr index kGrain = 1 << 13;  // elements per thread: some microseconds
    parallel(N * rows.count, 1 + kGrain / (1 + columns.count * channels()), [&](index begin, index end) {
      for (index i = begin; i < end; i++)
        for (index j = 0; j < rows.size; j++) {
          const index h = rows.first + i % rows.count * rows.size + j;
          visit((i / rows.count * H + h) * W * C, (i * columns.count * rows.size + j) * length(), h >= 0 && h < H);
        }
    });
  }
};

// ---- forward and backward-weight: x in blocks of a stride, kernels likewise ----------------------------------------

struct StridedBlocks {
  Conv2dShape inner;
  BlockedImage x;

  explicit StridedBlocks(const Conv2dShape& s) : s_(s) {
    inner.N = s.N, inner.O = s.O, inner.OH = s.OH, inner.OW = s.OW;
    inner.KH = ceil_div(s.KH, s.stride_h);
    inner.KW = ceil_div(s.KW, s.stride_w);
    inner.H = s.OH + inner.KH - 1;
    inner.W = s.OW + inner.KW - 1;
    inner.C = s.stride_h * s.stride_w * s.C;
    x = {s.N, s.H, s.W, s.C, {s.stride_h, -s.pad_top, inner.H}, {s.stride_w, -s.pad_left, inner.W}};
  }

  index weights() const { return inner.KH * inner.KW * inner.C * s_.O; }

  template <class T>
  void pack_weights(const T* w, T* blocks) const {
    each_tap([&](index from, bool exists, index to, index size) {
      for (index i = 0; i < size; i++) blocks[to + i] = exists ? w[from + i] : T(0);
    });
  }
  template <class T>
  void unpack_weights(const T* blocks, T* w) const {
    each_tap([&](index to, bool exists, index from, index size) {
      if (exists) copy_rows(blocks + from, 0, 1, size, w + to, 0);
    });
  }

 private:
  // visit(offset in w, whether w has this tap, offset in the blocks, elements)
  template <class Visit>
  void each_tap(const Visit& visit) const {
    const index size = s_.C * s_.O;
    index block = 0;
    for (index i = 0; i < inner.KH; i++)
      for (index j = 0; j < inner.KW; j++)
        for (index h = i * s_.stride_h; h < (i + 1) * s_.stride_h; h++)
          for (index w = j * s_.stride_w; w < (j + 1) * s_.stride_w; w++, block += size)
            visit((h * s_.KW + w) * size, h < s_.KH && w < s_.KW, block, size);
  }

  Conv2dShape s_;
};

// ---- backward-input: dx in blocks, as the outputs of a convolution over dy -----------------------------------------

// Along one axis: a block of dx is `steps` strides long and reads the pixels first ... first + taps - 1 of dy; the next
// block reads those `steps` further on.
struct GradientAxis {
  AxisShape axis;
  index steps, first, taps;

  GradientAxis(const AxisShape& a, index steps_) : axis(a), steps(steps_) {
    first = a.pad + 1 - a.kernel;
    first = first < 0 ? -(-first / a.stride) : ceil_div(first, a.stride);
    taps = max(1, (size() - 1 + a.pad) / a.stride - first + 1);
  }
  index size() const { return steps * axis.stride; }
  index blocks() const { return ceil_div(axis.in, size()); }
  // The tap of w between pixel i of a block and its pixel `tap` of dy; outside [0, kernel) there is none.
  index tap_of(index i, index tap) const { return i + axis.pad - (first + tap) * axis.stride; }
};

struct GradientBlocks {
  GradientAxis rows, columns;
  Conv2dShape inner;
  BlockedImage dx;

  GradientBlocks(const Conv2dShape& s, BlockSteps steps) : rows(rows_of(s), steps.h), columns(columns_of(s), steps.w) {
    inner.N = s.N, inner.H = s.OH, inner.W = s.OW, inner.C = s.O;
    inner.KH = rows.taps, inner.KW = columns.taps;
    inner.OH = rows.blocks(), inner.OW = columns.blocks();
    inner.O = rows.size() * columns.size() * s.C;
    inner.stride_h = steps.h, inner.stride_w = steps.w;
    inner.pad_top = -rows.first, inner.pad_left = -columns.first;
    inner.output_is_read_at_once = true;
    // One step gives stride 1, to which Winograd may apply. More steps mean few channels, for which it does not pay.
    inner.algorithm = steps.h * steps.w == 1 ? ConvAlgorithm::automatic : ConvAlgorithm::direct;
    dx = {s.N, s.H, s.W, s.C, {rows.size(), 0, inner.OH}, {columns.size(), 0, inner.OW}};
  }

  index weights() const { return inner.KH * inner.KW * inner.C * inner.O; }

  template <class T>
  void pack_weights(const T* w, T* blocks) const {
    const index C = dx.C, O = inner.C;
    parallel(inner.KH * inner.KW, 1 + (1 << 13) / (O * inner.O + 1), [&](index begin, index end) {
      for (index t = begin; t < end; t++)
        for (index i = 0; i < rows.size(); i++)
          for (index j = 0; j < columns.size(); j++) {
            const index kh = rows.tap_of(i, t / inner.KW), kw = columns.tap_of(j, t % inner.KW);
            const bool exists = kh >= 0 && kh < rows.axis.kernel && kw >= 0 && kw < columns.axis.kernel;
            const T* from = w + (kh * columns.axis.kernel + kw) * C * O;
            T* to = blocks + t * O * inner.O + (i * columns.size() + j) * C;
            for (index o = 0; o < O; o++)
              for (index c = 0; c < C; c++) to[o * inner.O + c] = exists ? from[c * O + o] : T(0);
          }
    });
  }
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
