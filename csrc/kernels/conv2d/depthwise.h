// Depthwise convolution (groups = C, O a multiple of C): every channel has its own filters, so the lanes of a vector
// are channels, and each tap is one multiplication per pixel. Weights (KH, KW, 1, O) are read in place. Groups of 2 or
// 4 channels, with as many outputs as inputs, are the same with as many multiplications per tap: the channels of
// several groups fill the vector.
#pragma once
#include "kernels/conv2d/correlate.h"
#include "kernels/conv2d/depthwise_tile.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

// Above one only for groups of several channels. With several filters per channel, dx adds their outputs afterwards.
inline index inputs_per_output(const Correlation& c) { return c.in_c == c.out_c ? c.in_group() : 1; }

// One row of a phase: `channels` sums for each pixel, of inputs with channels / multiplier channels.
template <class T, bool Repeated>
void depthwise_row(const Correlation& c, const Axis& row, const Axis& column, index n, index j, index channels,
                   const T* in, const T* w, const Epilogue<T>& epilogue, T* y, index y_pixel, bool streamed) {
  const index inputs = inputs_per_output(c), outputs = channels / (c.in_c / inputs);  // of a group
  const Segment rows = row.segment(j, j + 1);
  DepthwiseTask<T> task{};
  task.activation = epilogue.activation;
  task.alpha = epilogue.alpha;
  task.streamed = streamed;
  task.inputs = inputs;
  task.input_w = channels;
  task.row_x = row.in_dilation * c.in_w * c.in_c;
  task.row_w = row.tap_step * c.columns.kernel * inputs * channels;
  task.column_x = column.in_dilation * c.in_c;
  task.column_w = column.tap_step * inputs * channels;
  task.x_pixel = column.in_stride * c.in_c;
  task.y_pixel = y_pixel;
  const T* x = in + (n * c.in_h + row.input(j, rows.tap_begin)) * c.in_w * c.in_c;
  for (Segment columns{}; columns.end < column.count;) {
    columns = column.segment(columns.end, column.count);
    task.rows = columns.taps() ? rows.taps() : 0;
    task.columns = columns.taps();
    const T* x_segment = x + column.input(0, columns.tap_begin) * c.in_c;
    const T* w_segment = w + ((row.tap_first + rows.tap_begin * row.tap_step) * c.columns.kernel + column.tap_first +
                              columns.tap_begin * column.tap_step) *
                                 inputs * channels;
    const index step = pixels_at_once(columns.size());
    const auto set_task = [&](index channel, index first_input, index i) {
      task.lanes = int(min(channels - channel, kLanes<T>));
      task.bias = epilogue.bias ? epilogue.bias + channel : nullptr;
      task.w = w_segment + channel;
      task.x = x_segment + i * task.x_pixel + first_input;
      task.y = y + i * y_pixel + channel;
    };
    const auto run = [&](index channel, const ChannelLoad<T, Repeated>& load_x, index i) {
      // The last few pixels of a long segment are computed together with some that are done already.
      set_task(channel, load_x.first, min(i, columns.end - step));
      depthwise_pixels(step, task, load_x);
    };
    const auto load_of = [&](index channel) {
      return ChannelLoad<T, Repeated>(channel, int(min(channels - channel, kLanes<T>)), outputs, inputs);
    };
    if constexpr (Repeated) {  // the permutation is prepared once per vector of channels
      for (index channel = 0; channel < channels; channel += kLanes<T>) {
        const auto load_x = load_of(channel);
        for (index i = columns.begin; i < columns.end; i += step) run(channel, load_x, i);
      }
    } else {  // pixel by pixel, in memory order
      const auto overlapping = depthwise_overlapping(step, task);
      // The rows that the next row of outputs reads first; strides may be longer than the image.
      const index next_rows = task.rows && task.columns ? min(row.in_stride, c.in_h) : 0;
      const index next_size = min(step * task.x_pixel, c.in_w * c.in_c);
      for (index i = columns.begin; i < columns.end; i += step) {
        for (index r = 0; r < next_rows; r++)
          prefetch<kIntoL2>(x_segment + i * task.x_pixel + (task.rows + r) * c.in_w * c.in_c, next_size);
        const index first = min(i, columns.end - step);
        set_task(0, 0, first);
        index channel = overlapping ? overlapping(task, channels) : step == 1 ? depthwise_pixel(task, channels) : 0;
        for (; channel < channels; channel += kLanes<T>) run(channel, load_of(channel), i);
      }
    }
  }
}

// to[p][c] = act(bias + sum of the `multiplier` neighbours from[p][c * multiplier ...]).
template <class T>
void add_neighbours(index pixels, index channels, index multiplier, const T* from, const Epilogue<T>& epilogue, T* to,
                    index to_pixel) {
  for (index p = 0; p < pixels; p++, to += to_pixel) {
    for (index c = 0; c < channels; c++) {
      T sum = epilogue.bias ? epilogue.bias[c] : T(0);
      for (index k = 0; k < multiplier; k++) sum += *from++;
      to[c] = sum;
    }
    if (epilogue.activation != Activation::linear)
      activate_rows(epilogue.activation, epilogue.alpha, 1, channels, to, 0);
  }
}

// Forward, and with the axes of the gradient also backward-input: weights are transposed only within groups of several
// channels. In backward-input each channel of dx is the sum of its `multiplier` channels of dy, each convolved
// separately.
template <class T>
void depthwise(const Correlation& c, const T* in, const T* w, const Epilogue<T>& epilogue, T* out) {
  const index channels = max(c.in_c, c.out_c), multiplier = channels / min(c.in_c, c.out_c);
  const index flops = 2 * c.out_w * channels * c.taps() * inputs_per_output(c);
  const bool streamed = !c.output_is_read_at_once && wants_streams(out, c.N * c.out_h * c.out_w * c.out_c, c.out_c);
  c.each_phase([&](const Axis& row, const Axis& column, index) {
    parallel(c.N * row.count, 1 + kFlopsPerThread / flops, [&](index begin, index end) {
      const bool add = c.backward && multiplier > 1;
      Scratch scratch(add ? column.count * channels * index(sizeof(T)) : 0);
      T* sums = static_cast<T*>(scratch.data());
      for (index line = begin; line < end; line++) {
        const index n = line / row.count, j = line % row.count, y_pixel = column.out_step * c.out_c;
        T* y = out + ((n * c.out_h + row.out_first + j * row.out_step) * c.out_w + column.out_first) * c.out_c;
        if (add) {
          depthwise_row<T, false>(c, row, column, n, j, channels, in, w, Epilogue<T>{}, sums, channels, false);
          add_neighbours(column.count, c.out_c, multiplier, sums, epilogue, y, y_pixel);
        } else if (multiplier > 1 || inputs_per_output(c) > 1) {
          depthwise_row<T, true>(c, row, column, n, j, channels, in, w, epilogue, y, y_pixel, streamed);
        } else {
          depthwise_row<T, false>(c, row, column, n, j, channels, in, w, epilogue, y, y_pixel, streamed);
        }
      }
      if (streamed) stream_end();
    });
  });
}

// w (KH, KW, inputs of a group, O) with inputs and outputs of each group exchanged, for backward-input.
template <class T>
void transpose_groups(const Conv2dShape& s, const T* w, T* transposed) {
  const index size = s.C / s.groups;  // of a group, inputs as well as outputs
  for (index tap = 0; tap < s.KH * s.KW; tap++, w += size * s.O, transposed += size * s.O)
    for (index o = 0; o < s.O; o++)
      for (index k = 0; k < size; k++) transposed[o % size * s.O + o / size * size + k] = w[k * s.O + o];
}

// sums[t] += sum over the pixels of x[pixel + t] * dy[pixel] for neighbouring taps, one vector of channels.
template <class T, int Taps, class Load>
PYDL_INLINE void add_taps(index pixels, const T* x, index x_pixel, index x_tap, const Load& load_x, const T* dy,
                          index dy_pixel, int lanes, T* sums, index sums_tap) {
  V<T> sum[2][Taps] = {};  // of even and odd pixels, so that the additions overlap
  index j = 0;
  for (; j + 2 <= pixels; j += 2) {
    PYDL_UNROLL for (int k = 0; k < 2; k++) {
      const V<T> gradient = load_n(dy + (j + k) * dy_pixel, lanes);
      PYDL_UNROLL for (int t = 0; t < Taps; t++) sum[k][t] += load_x(x + (j + k) * x_pixel + t * x_tap) * gradient;
    }
  }
  if (j < pixels) {
    const V<T> gradient = load_n(dy + j * dy_pixel, lanes);
    PYDL_UNROLL for (int t = 0; t < Taps; t++) sum[0][t] += load_x(x + j * x_pixel + t * x_tap) * gradient;
  }
  PYDL_UNROLL for (int t = 0; t < Taps; t++) {
    store_n(sums + t * sums_tap, load_n(sums + t * sums_tap, lanes) + (sum[0][t] + sum[1][t]), lanes);
  }
}

// dw[tap, o] and db[o], row by row of dy. Slices of the rows, which depend on the shape alone, have their own sums,
// which are added in order.
template <class T, bool Repeated>
class DepthwiseWeightGradient {
 public:
  DepthwiseWeightGradient(const Conv2dShape& s, const T* x, const T* dy)
      : s_(s),
        x_(x),
        dy_(dy),
        row_(forward_axis(rows_of(s))),
        column_(forward_axis(columns_of(s))),
        inputs_(s.C / s.groups) {}

  void run(T* dw, T* db) const {
    const index lines = s_.N * s_.OH, weights = s_.KH * s_.KW * inputs_ * s_.O, size = weights + s_.O;
    const index flops = 2 * s_.OW * weights + 1;
    const index slices = max(1, min(kTasks, lines * flops / kFlopsPerThread));
    Scratch scratch(slices * size * index(sizeof(T)));
    T* sums = static_cast<T*>(scratch.data());
    parallel(slices, 1, [&](index begin, index end) {
      for (index slice = begin; slice < end; slice++) {
        T* own = sums + slice * size;
        for (index i = 0; i < size; i++) own[i] = T(0);
        for (index line = lines * slice / slices; line < lines * (slice + 1) / slices; line++)
          add_line(line / s_.OH, line % s_.OH, own, db ? own + weights : nullptr);
      }
    });
    for (index slice = 1; slice < slices; slice++)
      for (index i = 0; i < size; i++) sums[i] += sums[slice * size + i];
    for (index i = 0; i < weights; i++) dw[i] = sums[i];
    if (db)
      for (index i = 0; i < s_.O; i++) db[i] = sums[weights + i];
  }

 private:
  void add_line(index n, index oh, T* dw, T* db) const {
    const T* dy = dy_ + (n * s_.OH + oh) * s_.OW * s_.O;
    const Segment rows = row_.segment(oh, oh + 1);
    const T* last_x = x_ + (n * s_.H + row_.input(oh, rows.tap_end - 1)) * s_.W * s_.C;
    const index next_x = rows.taps() ? min(s_.stride_h, s_.H) * s_.W * s_.C : 0;
    for (index o = 0; o < s_.O; o += kLanes<T>) {
      // The pixels of one vector of channels are far apart, so each vector prefetches its share of the next rows
      // contiguously.
      prefetch_share(dy + s_.OW * s_.O, s_.OW * s_.O, o);
      prefetch_share(last_x + s_.W * s_.C, next_x, o);
      const int lanes = int(min(s_.O - o, kLanes<T>));
      const ChannelLoad<T, Repeated> load_x(o, lanes, s_.O / s_.groups, inputs_);
      if (db) add_taps<T, 1>(s_.OW, dy, 0, 0, [](const T*) { return broadcast(T(1)); }, dy + o, s_.O, lanes, db + o, 0);
      for (Segment columns{}; columns.end < s_.OW;) {
        columns = column_.segment(columns.end, s_.OW);
        for (index kh = rows.tap_begin; kh < rows.tap_end; kh++)
          for (index kw = columns.tap_begin; kw < columns.tap_end;) {
            const T* x =
                x_ + ((n * s_.H + row_.input(oh, kh)) * s_.W + column_.input(columns.begin, kw)) * s_.C + load_x.first;
            const auto add = [&](auto taps) {
              constexpr int kTaps = decltype(taps)::value;
              for (index k = 0; k < inputs_; k++)
                add_taps<T, kTaps>(columns.size(), x + k, s_.stride_w * s_.C, s_.dilation_w * s_.C, load_x,
                                   dy + columns.begin * s_.O + o, s_.O, lanes,
                                   dw + ((kh * s_.KW + kw) * inputs_ + k) * s_.O + o, inputs_ * s_.O);
              kw += kTaps;
            };
            if (columns.tap_end - kw >= 3)
              add(Constant<3>{});
            else
              add(Constant<1>{});
          }
      }
    }
  }

  // Prefetches the share of `size` elements that belongs to the vector of channels at o.
  void prefetch_share(const T* from, index size, index o) const {
    const index begin = size * o / s_.O;
    prefetch<kIntoL2>(from + begin, size * min(o + kLanes<T>, s_.O) / s_.O - begin);
  }

  template <int Value>
  struct Constant {
    static constexpr int value = Value;
  };

  const Conv2dShape& s_;
  const T *x_, *dy_;
  Axis row_, column_;
  index inputs_;  // of a group
};

template <class T>
void depthwise_backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw, T* db) {
  if (s.O > s.groups)
    DepthwiseWeightGradient<T, true>(s, x, dy).run(dw, db);
  else
    DepthwiseWeightGradient<T, false>(s, x, dy).run(dw, db);
}

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
