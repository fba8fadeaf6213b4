// Depthwise convolution (groups = C = O): every channel has its own filter, so channels fill the vector and each tap is
// one multiplication per pixel. Weights (KH, KW, 1, C) are read in place.
#pragma once
#include "activation.h"
#include "conv2d_correlate.h"

namespace pydl::PYDL_ISA {
namespace {

// One vector of channels of a few neighbouring pixels that see the same taps.
template <class T>
struct DepthwiseTask {
  index rows, row_x, row_w;  // taps, and the steps from one to the next in x and in w
  index columns, column_x, column_w;
  const T* x;
  index x_pixel;
  const T* w;
  T* y;
  index y_pixel;
  int lanes;
};

template <class T, int Pixels>
PYDL_INLINE void depthwise_pixels(const DepthwiseTask<T>& t, V<T> bias, Activation activation, T alpha) {
  V<T> sum[Pixels];
  PYDL_UNROLL for (int p = 0; p < Pixels; p++) sum[p] = bias;
  for (index i = 0; i < t.rows; i++) {
    const T *x = t.x + i * t.row_x, *w = t.w + i * t.row_w;
    for (index j = 0; j < t.columns; j++, x += t.column_x, w += t.column_w) {
      const V<T> weight = load_n(w, t.lanes);
      PYDL_UNROLL for (int p = 0; p < Pixels; p++) sum[p] += load_n(x + p * t.x_pixel, t.lanes) * weight;
    }
  }
  if (activation != Activation::linear)
    PYDL_UNROLL for (int p = 0; p < Pixels; p++) sum[p] =
        activation == Activation::relu ? Relu::forward<T>(sum[p], alpha) : activate<T>(activation, alpha, sum[p]);
  PYDL_UNROLL for (int p = 0; p < Pixels; p++) store_n(t.y + p * t.y_pixel, sum[p], t.lanes);
}

// Forward, and with the axes of the gradient also backward-input: neither needs transposed weights here.
template <class T>
void depthwise(const Correlation& c, const T* in, const T* w, const Epilogue<T>& epilogue, T* out) {
  constexpr index kPixels = 6;  // independent sums, so that the multiplications overlap
  const index C = c.in_c, flops = 2 * c.out_w * C * c.taps();
  c.each_phase([&](const Axis& row, const Axis& column, index) {
    DepthwiseTask<T> phase{};
    phase.row_x = row.in_dilation * c.in_w * C;
    phase.row_w = row.tap_step * c.columns.kernel * C;
    phase.column_x = column.in_dilation * C;
    phase.column_w = column.tap_step * C;
    phase.x_pixel = column.in_stride * C;
    phase.y_pixel = column.out_step * C;
    parallel(c.N * row.count, 1 + kFlopsPerThread / flops, [&](index begin, index end) {
      for (index line = begin; line < end; line++) {
        const index n = line / row.count, j = line % row.count;
        const Run rows = row.run(j, j + 1);
        const T* x = in + (n * c.in_h + row.input(j, rows.tap_begin)) * c.in_w * C;
        T* y = out + ((n * c.out_h + row.out_first + j * row.out_step) * c.out_w + column.out_first) * C;
        for (Run columns{}; columns.end < column.count;) {
          columns = column.run(columns.end, column.count);
          DepthwiseTask<T> task = phase;
          task.rows = columns.taps() ? rows.taps() : 0;
          task.columns = columns.taps();
          const T* x_run = x + column.input(0, columns.tap_begin) * C;
          const T* w_run = w + ((row.tap_first + rows.tap_begin * row.tap_step) * c.columns.kernel + column.tap_first +
                                columns.tap_begin * column.tap_step) *
                                   C;
          const bool wide = columns.size() >= kPixels;
          for (index i = columns.begin; i < columns.end; i += wide ? kPixels : 1) {
            // The last few pixels of a long run are computed together with some that are done.
            const index first = wide ? smaller(i, columns.end - kPixels) : i;
            for (index channel = 0; channel < C; channel += kLanes<T>) {
              task.lanes = int(smaller(C - channel, kLanes<T>));
              task.x = x_run + first * task.x_pixel + channel;
              task.w = w_run + channel;
              task.y = y + first * task.y_pixel + channel;
              const V<T> bias = epilogue.bias ? load_n(epilogue.bias + channel, task.lanes) : V<T>{};
              if (wide)
                depthwise_pixels<T, kPixels>(task, bias, epilogue.activation, epilogue.alpha);
              else
                depthwise_pixels<T, 1>(task, bias, epilogue.activation, epilogue.alpha);
            }
          }
        }
      }
    });
  });
}

// sum over i < n of a[i * a_step] * b[i * b_step], a vector of channels at a time; b alone without a.
template <class T>
PYDL_INLINE V<T> sum_pixels(index n, const T* a, index a_step, const T* b, index b_step, int lanes) {
  V<T> sum[4] = {};
  auto term = [&](index i) {
    const V<T> value = load_n(b + i * b_step, lanes);
    return a ? value * load_n(a + i * a_step, lanes) : value;
  };
  index i = 0;
  for (; i + 4 <= n; i += 4) PYDL_UNROLL for (int k = 0; k < 4; k++) sum[k] += term(i + k);
  for (; i < n; i++) sum[0] += term(i);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// dw[tap, c] and db[c]: every vector of channels is summed over the images in order, by one thread.
template <class T>
void depthwise_backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw, T* db) {
  const Axis row = forward_axis(rows_of(s)), column = forward_axis(columns_of(s));
  const index taps = s.KH * s.KW, pixels = s.OH * s.OW;
  for (index i = 0; i < taps * s.C; i++) dw[i] = T(0);
  if (db)
    for (index i = 0; i < s.C; i++) db[i] = T(0);
  parallel(ceil_div(s.C, kLanes<T>), 1 + kFlopsPerThread / (2 * s.N * pixels * taps * kLanes<T> + 1),
           [&](index begin, index end) {
             for (index vector = begin; vector < end; vector++)
               for (index n = 0; n < s.N; n++) {  // one image's channels stay in the cache while the taps pass by
                 const index channel = vector * kLanes<T>;
                 const int lanes = int(smaller(s.C - channel, kLanes<T>));
                 const T* image = dy + n * pixels * s.C + channel;
                 auto add = [&](T* to, V<T> sum) { store_n(to, load_n(to, lanes) + sum, lanes); };
                 if (db) add(db + channel, sum_pixels<T>(pixels, nullptr, 0, image, s.C, lanes));
                 for (index tap = 0; tap < taps; tap++) {
                   const Run rows = row.outputs_of(tap / s.KW), columns = column.outputs_of(tap % s.KW);
                   V<T> sum{};
                   for (index i = rows.begin; i < rows.end; i++)
                     sum += sum_pixels(columns.size(),
                                       x +
                                           ((n * s.H + row.input(i, rows.tap_begin)) * s.W +
                                            column.input(columns.begin, columns.tap_begin)) *
                                               s.C +
                                           channel,
                                       s.stride_w * s.C, image + (i * s.OW + columns.begin) * s.C, s.C, lanes);
                   add(dw + tap * s.C + channel, sum);
                 }
               }
           });
}

}  // namespace
}  // namespace pydl::PYDL_ISA
