// The tile of a depthwise convolution: one vector of channels, or all of them, of a few neighbouring pixels.
#pragma once
#include "kernels/common/activation.h"
#include "kernels/gemm/tile.h"

namespace pydl::PYDL_ISA::conv2d {
using namespace gemm;
namespace {

// to[i] = v[from[i]]
template <class T>
PYDL_INLINE V<T> permute(V<T> v, VI<T> from) {
#if defined(__clang__)
  V<T> to{};
  for (int i = 0; i < kLanes<T>; i++) to[i] = v[from[i]];
  return to;
#else
  return __builtin_shuffle(v, from);
#endif
}

// Loads the inputs of one vector of outputs. Output channel o reads the first input of its group, at o / outputs per
// group * inputs per group; the other inputs of the group follow it.
template <class T, bool Repeated>
struct ChannelLoad {
  static constexpr bool kRepeated = Repeated;
  index first;  // input channel of the first lane
  int lanes;    // of the inputs
  VI<T> from{};

  ChannelLoad(index o, int width, index outputs, index inputs) : first(o / outputs * inputs), lanes(width) {
    if constexpr (!Repeated) return;
    for (int i = 0; i < kLanes<T>; i++) from[i] = i < width ? int((o + i) / outputs * inputs - first) : 0;
    lanes = int(from[width - 1]) + 1;
  }
  PYDL_INLINE V<T> operator()(const T* x) const {  // x is the pixel's channel `first`
    const V<T> v = load_n(x, lanes);
    if constexpr (!Repeated) return v;
    return permute<T>(v, from);
  }
};

// One vector of output channels of a few neighbouring pixels that read the same taps.
template <class T>
struct DepthwiseTask {
  index rows, row_x, row_w;  // taps, and the strides from one to the next in x and in w
  index columns, column_x, column_w;
  index inputs, input_w;  // of a group, adjacent in x
  const T* x;
  index x_pixel;
  const T* w;
  const T* bias;  // or null
  Activation activation;
  T alpha;
  T* y;
  index y_pixel;
  int lanes;
  bool streamed;  // y is written with non-temporal stores

  PYDL_INLINE V<T> finish(V<T> sum) const {
    if (activation == Activation::linear) return sum;
    return activation == Activation::relu ? Relu::forward<T>(sum, alpha) : activate<T>(activation, alpha, sum);
  }
  PYDL_INLINE void put(T* to, V<T> sum) const {  // a whole vector
    streamed ? stream(to, finish(sum)) : store(to, finish(sum));
  }
};

// Whole: all lanes of the vector exist.
template <class T, int Pixels, bool Whole, class Load>
PYDL_INLINE void depthwise_pixels(const DepthwiseTask<T>& t, const Load& load_x) {
  const V<T> bias = t.bias ? load_n(t.bias, t.lanes) : V<T>{};
  V<T> sum[Pixels];
  PYDL_UNROLL for (int p = 0; p < Pixels; p++) sum[p] = bias;
  for (index i = 0; i < t.rows; i++) {
    const T *x = t.x + i * t.row_x, *w = t.w + i * t.row_w;
    for (index j = 0; j < t.columns; j++, x += t.column_x, w += t.column_w)
      for (index k = 0; k < (Load::kRepeated ? t.inputs : 1); k++) {
        const V<T> weight = Whole ? load(w + k * t.input_w) : load_n(w + k * t.input_w, t.lanes);
        PYDL_UNROLL for (int p = 0; p < Pixels; p++) {
          const T* at = x + k + p * t.x_pixel;
          sum[p] += (Whole && !Load::kRepeated ? load(at) : load_x(at)) * weight;
        }
      }
  }
  PYDL_UNROLL for (int p = 0; p < Pixels; p++) {
    T* to = t.y + p * t.y_pixel;
    Whole ? t.put(to, sum[p]) : store_n(to, t.finish(sum[p]), t.lanes);
  }
}

// Independent sums, so that the multiplications overlap; many where there are registers for them.
constexpr index kFewPixels = 6, kManyPixels = kTileRows >= 12 ? 12 : kFewPixels;
inline index pixels_at_once(index pixels) {
  return pixels >= kManyPixels ? kManyPixels : pixels >= kFewPixels ? kFewPixels : 1;
}
template <class T, int Pixels, class Load>
PYDL_INLINE void depthwise_pixels(const DepthwiseTask<T>& t, const Load& load_x) {
  if (t.lanes == kLanes<T>)
    depthwise_pixels<T, Pixels, true>(t, load_x);
  else
    depthwise_pixels<T, Pixels, false>(t, load_x);
}
template <class T, class Load>
PYDL_INLINE void depthwise_pixels(index pixels, const DepthwiseTask<T>& t, const Load& load_x) {
  if (pixels > kFewPixels) return depthwise_pixels<T, kManyPixels>(t, load_x);
  if (pixels > 1) return depthwise_pixels<T, kFewPixels>(t, load_x);
  depthwise_pixels<T, 1>(t, load_x);
}

// Neighbouring pixels under complete kernel rows of Taps taps: an input that several pixels read is loaded once. For
// all whole vectors of channels with one input per output; sums are added in the order above. Returns the first channel
// that is left.
template <class T, int Pixels, int Taps, int Stride>
[[gnu::noinline]] index depthwise_overlapping(DepthwiseTask<T> t, index channels) {
  index channel = 0;
  for (; channel + kLanes<T> <= channels; channel += kLanes<T>) {
    V<T> sum[Pixels];
    PYDL_UNROLL for (int p = 0; p < Pixels; p++) sum[p] = t.bias ? load(t.bias + channel) : V<T>{};
    for (index i = 0; i < t.rows; i++) {
      const T *x = t.x + i * t.row_x + channel, *w = t.w + i * t.row_w + channel;
      V<T> weight[Taps];
      PYDL_UNROLL for (int j = 0; j < Taps; j++) weight[j] = load(w + j * t.column_w);
      PYDL_UNROLL for (int q = 0; q < Stride * (Pixels - 1) + Taps; q++, x += t.column_x) {
        const V<T> input = load(x);
        PYDL_UNROLL for (int j = 0; j < Taps; j++) {
          const int p = (q - j) / Stride;
          if (q >= j && (q - j) % Stride == 0 && p < Pixels) sum[p] += input * weight[j];
        }
      }
    }
    PYDL_UNROLL for (int p = 0; p < Pixels; p++) t.put(t.y + p * t.y_pixel + channel, sum[p]);
  }
  return channel;
}
template <class T>
using DepthwiseOverlapping = index (*)(DepthwiseTask<T>, index channels);
template <class T, int Pixels, int Stride>
DepthwiseOverlapping<T> depthwise_overlapping(index taps) {
  if (taps == 2) return depthwise_overlapping<T, Pixels, 2, Stride>;
  if (taps == 3) return depthwise_overlapping<T, Pixels, 3, Stride>;
  if (taps == 5) return depthwise_overlapping<T, Pixels, 5, Stride>;
  if (taps == 7) return depthwise_overlapping<T, Pixels, 7, Stride>;
  return nullptr;
}
// Null for what is not compiled: other kernel sizes, dilation, larger strides.
template <class T>
DepthwiseOverlapping<T> depthwise_overlapping(index pixels, const DepthwiseTask<T>& t) {
  if (pixels == 1) return nullptr;
  const bool many = pixels > kFewPixels;
  if (t.x_pixel == t.column_x)
    return many ? depthwise_overlapping<T, kManyPixels, 1>(t.columns)
                : depthwise_overlapping<T, kFewPixels, 1>(t.columns);
  if (t.x_pixel == 2 * t.column_x)
    return many ? depthwise_overlapping<T, kManyPixels, 2>(t.columns)
                : depthwise_overlapping<T, kFewPixels, 2>(t.columns);
  return nullptr;
}

// A single pixel, as at the border: several vectors of its channels at once.
template <class T, int Vectors = 8>
PYDL_INLINE index depthwise_pixel(const DepthwiseTask<T>& t, index channels, index channel = 0) {
  for (; channel + Vectors * kLanes<T> <= channels; channel += Vectors * kLanes<T>) {
    V<T> sum[Vectors];
    PYDL_UNROLL for (int v = 0; v < Vectors; v++) sum[v] = t.bias ? load(t.bias + channel + v * kLanes<T>) : V<T>{};
    for (index i = 0; i < t.rows; i++) {
      const T *x = t.x + i * t.row_x + channel, *w = t.w + i * t.row_w + channel;
      for (index j = 0; j < t.columns; j++, x += t.column_x, w += t.column_w) {
        PYDL_UNROLL for (int v = 0; v < Vectors; v++) sum[v] += load(x + v * kLanes<T>) * load(w + v * kLanes<T>);
      }
    }
    PYDL_UNROLL for (int v = 0; v < Vectors; v++) t.put(t.y + channel + v * kLanes<T>, sum[v]);
  }
  if constexpr (Vectors > 1) return depthwise_pixel<T, Vectors / 2>(t, channels, channel);
  return channel;
}

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
