// Depthwise convolution (groups = C = O): every channel has its own filter, so channels fill the vector and each tap is
// one multiplication per pixel. Weights (KH, KW, 1, C) are read in place.
#pragma once
#include "activation.h"
#include "conv2d_correlate.h"

namespace pydl::PYDL_ISA {
namespace {

// Forward, and with the axes of the gradient also backward-input: neither needs transposed weights here.
template <class T>
void depthwise(const Correlation& c, const T* in, const T* w, const Epilogue<T>& epilogue, T* out) {
  constexpr int kPixels = 4;  // independent sums, so that the multiplications overlap
  const index C = c.in_c, flops = 2 * c.out_w * C * c.taps();
  c.each_phase([&](const Axis& row, const Axis& column, index) {
    parallel(c.N * row.count, 1 + kFlopsPerThread / flops, [&](index begin, index end) {
      for (index line = begin; line < end; line++) {
        const index n = line / row.count, j = line % row.count;
        const Run rows = row.run(j, j + 1);
        const T* image = in + n * c.in_h * c.in_w * C;
        T* y = out + ((n * c.out_h + row.out_first + j * row.out_step) * c.out_w + column.out_first) * C;
        for (index i = 0; i < column.count;) {
          Run columns = column.run(i, column.count);
          // Several pixels at a time, the last ones singly.
          const index pixels = columns.size() >= kPixels ? kPixels : 1;
          i += pixels;
          for (index channel = 0; channel < C; channel += kLanes<T>) {
            const int lanes = int(smaller(C - channel, kLanes<T>));
            V<T> bias = epilogue.bias ? load_n(epilogue.bias + channel, lanes) : V<T>{};
            V<T> sum[kPixels] = {bias, bias, bias, bias};
            for (index kh = rows.tap_begin; kh < rows.tap_end; kh++)
              for (index kw = columns.tap_begin; kw < columns.tap_end; kw++) {
                const index tap =
                    (row.tap_first + kh * row.tap_step) * c.columns.kernel + column.tap_first + kw * column.tap_step;
                const V<T> weight = load_n(w + tap * C + channel, lanes);
                const T* x = image + (row.input(j, kh) * c.in_w + column.input(columns.begin, kw)) * C + channel;
                const index step = column.in_stride * C;
                if (pixels == kPixels)
                  PYDL_UNROLL for (int p = 0; p < kPixels; p++) sum[p] += load_n(x + p * step, lanes) * weight;
                else
                  sum[0] += load_n(x, lanes) * weight;
              }
            for (index p = 0; p < pixels; p++)
              store_n(y + (columns.begin + p) * column.out_step * C + channel,
                      activate<T>(epilogue.activation, epilogue.alpha, sum[p]), lanes);
          }
        }
      }
    });
  });
}

// dw[tap, c]: every vector of channels is summed over the images in order, by one thread.
template <class T>
void depthwise_backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw) {
  const Axis row = forward_axis(rows_of(s)), column = forward_axis(columns_of(s));
  const index vectors = ceil_div(s.C, kLanes<T>), flops = 2 * s.N * s.OH * s.OW * s.KH * s.KW * kLanes<T>;
  parallel(vectors * s.KH * s.KW, 1 + kFlopsPerThread * s.KH * s.KW / (flops + 1), [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      const index tap = unit % (s.KH * s.KW), channel = unit / (s.KH * s.KW) * kLanes<T>;
      const int lanes = int(smaller(s.C - channel, kLanes<T>));
      const Run rows = row.outputs_of(tap / s.KW), columns = column.outputs_of(tap % s.KW);
      V<T> sum[4] = {};
      for (index n = 0; n < s.N; n++)
        for (index i = rows.begin; i < rows.end; i++) {
          const T* a =
              x + ((n * s.H + row.input(i, rows.tap_begin)) * s.W + column.input(0, columns.tap_begin)) * s.C + channel;
          const T* b = dy + (n * s.OH + i) * s.OW * s.C + channel;
          const index step = s.stride_w * s.C;
          index j = columns.begin;
          for (; j + 4 <= columns.end; j += 4)
            PYDL_UNROLL for (int k = 0; k < 4; k++) sum[k] +=
                load_n(a + (j + k) * step, lanes) * load_n(b + (j + k) * s.C, lanes);
          for (; j < columns.end; j++) sum[0] += load_n(a + j * step, lanes) * load_n(b + j * s.C, lanes);
        }
      store_n(dw + tap * s.C + channel, (sum[0] + sum[1]) + (sum[2] + sum[3]), lanes);
    }
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA
