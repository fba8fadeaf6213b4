// Pooling with channels last: vectors run over channels. Forward gathers each window. Backward adds the gradient of
// each window to its cells, in the order of the windows; threads share rows of windows, or images where rows of windows
// overlap.
#include "kernels/common/base.h"
#include "kernels/common/parallel.h"
#include "kernels/common/prefetch.h"
#include "kernels/pool2d/lanes.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace pool2d {
namespace {

constexpr index kGrainBytes = 32 * 1024;  // less work does not amortise a second thread

// The input rows (or columns) under window o that lie inside the image.
Range inside(index o, index stride, index pad, index window, index size) {
  index begin = o * stride - pad, end = begin + window;
  return {max(begin, 0), min(end, size)};
}

// The cells of a window that lie inside the image.
template <class T>
struct Cells {
  const T* first;
  index row, pixel;                // strides between its rows and between its pixels
  index rows, cols;                // how many of them are inside the image
  index first_index, window_cols;  // argmax index of the first cell, and columns of the whole window

  Cells(const Pool2dShape& s, const T* x, index n, index top, index left, Range h, Range w)
      : first(x + ((n * s.H + h.begin) * s.W + w.begin) * s.C),
        row(s.W * s.C),
        pixel(s.C),
        rows(h.size()),
        cols(w.size()),
        first_index((h.begin - top) * s.KW + w.begin - left),
        window_cols(s.KW) {}
};

// body(output pixel, cells) for every window. If x is beyond L2 and pixels are wide, prefetches the cells of a later
// window: each row of a window is a stream, and these are too many for the hardware prefetcher.
template <class T, class Body>
void each_window(const Pool2dShape& s, const T* x, const Body& body) {
  constexpr index kPrefetchDistance = 4, kWidePixel = 4 * kLanes<T>;
  const bool prefetches = s.C >= kWidePixel && s.N * s.H * s.W * s.C * index(sizeof(T)) >= kBeyondL2Bytes;
  const index step = s.C * min(s.stride_w, s.W), cells = min(s.KH, s.H) * min(s.KW, s.W);
  const index row_bytes = s.OW * cells * s.C * index(sizeof(T));
  parallel(s.N * s.OH, kGrainBytes / (row_bytes + 1) + 1, [&](index begin, index end) {
    for (index row = begin; row < end; row++) {
      const index n = row / s.OH, oh = row % s.OH;
      const Range h = inside(oh, s.stride_h, s.pad_top, s.KH, s.H);
      for (index ow = 0; ow < s.OW; ow++) {
        const Range w = inside(ow, s.stride_w, s.pad_left, s.KW, s.W);
        const Cells<T> cells(s, x, n, oh * s.stride_h - s.pad_top, ow * s.stride_w - s.pad_left, h, w);
        for (index i = 0; prefetches && i < cells.rows; i++)
          prefetch<kIntoL1>(cells.first + i * cells.row + kPrefetchDistance * step, step);
        body(row * s.OW + ow, cells);
      }
    }
    stream_end();
  });
}

// body with rows and columns as constants where windows are small and complete, so that loops unroll.
template <int N>
struct Constant {
  constexpr operator index() const { return N; }
};
template <class T, class Body>
PYDL_INLINE void with_small(const Cells<T>& cells, const Body& body) {
  if (cells.rows == 2 && cells.cols == 2) return body(Constant<2>{}, Constant<2>{});
  if (cells.rows == 3 && cells.cols == 3) return body(Constant<3>{}, Constant<3>{});
  body(cells.rows, cells.cols);
}

// Zeros rows `h` by columns `w` of one image.
template <class T>
void zero(const Pool2dShape& s, T* image, Range h, Range w) {
  for (index ih = h.begin; ih < h.end; ih++)
    for (index i = (ih * s.W + w.begin) * s.C; i < (ih * s.W + w.end) * s.C; i++) image[i] = T(0);
}

// How a gradient reaches its cell: windows that do not overlap write it, others add it.
struct Write {
  template <class T, class Lanes>
  static PYDL_INLINE void put(const Lanes& lanes, T* p, V<T> v) {
    lanes.store(p, v);
  }
};
struct Add {
  template <class T, class Lanes>
  static PYDL_INLINE void put(const Lanes& lanes, T* p, V<T> v) {
    lanes.store(p, lanes.load(p) + v);
  }
};

// body(Write or Add, output pixel, cells of dx) for every window. Zeros in the same pass what it adds to, and what no
// window covers.
template <class T, class Policy, class Body>
void scatter(const Pool2dShape& s, T* dx, Policy policy, const Body& body) {
  constexpr bool kWrite = __is_same(Policy, Write);
  const index bands = s.stride_h >= s.KH ? s.OH : 1, band = s.OH / bands;
  const index band_bytes = s.H * s.W * s.C * index(sizeof(T)) / bands;
  parallel(s.N * bands, kGrainBytes / (band_bytes + 1) + 1, [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      const index n = unit / bands, first = unit % bands * band;
      T* image = dx + n * s.H * s.W * s.C;
      index done = first == 0 ? 0 : inside(first - 1, s.stride_h, s.pad_top, s.KH, s.H).end;
      for (index oh = first; oh < first + band; oh++) {
        const Range h = inside(oh, s.stride_h, s.pad_top, s.KH, s.H);
        zero(s, image, {done, kWrite ? h.begin : h.end}, {0, s.W});
        done = h.end;
        index left = 0;  // columns before it are written or zeroed
        for (index ow = 0; ow < s.OW; ow++) {
          const Range w = inside(ow, s.stride_w, s.pad_left, s.KW, s.W);
          if (kWrite && left < w.begin) zero(s, image, h, {left, w.begin});
          left = w.end;
          body(policy, (n * s.OH + oh) * s.OW + ow,
               Cells<T>(s, dx, n, oh * s.stride_h - s.pad_top, ow * s.stride_w - s.pad_left, h, w));
        }
        if (kWrite) zero(s, image, h, {left, s.W});
        if (oh == s.OH - 1) zero(s, image, {done, s.H}, {0, s.W});
      }
    }
  });
}

template <class T, class Body>
void scatter_windows(const Pool2dShape& s, T* dx, const Body& body) {
  if ((s.OH == 1 || s.stride_h >= s.KH) && (s.OW == 1 || s.stride_w >= s.KW))
    scatter(s, dx, Write{}, body);
  else
    scatter(s, dx, Add{}, body);
}

// Puts share_of(lanes, channel)(index of the cell) into every vector of every cell of a window. Large windows are
// written in memory order, small ones in the order that reads dy once.
template <class T, class Policy, class Share>
PYDL_INLINE void spread(Policy policy, const Cells<T>& cells, const Share& share_of) {
  constexpr index kMany = 16;
  T* const first = const_cast<T*>(cells.first);  // of dx
  if (__is_same(Policy, Write) && cells.rows * cells.cols > kMany) {
    for (index i = 0; i < cells.rows; i++)
      for (index j = 0; j < cells.cols; j++)
        each_vector<T>(cells.pixel, [&](auto lanes, index c) __attribute__((always_inline)) {
          policy.template put<T>(lanes, first + i * cells.row + j * cells.pixel + c,
                                 share_of(lanes, c)(cells.first_index + i * cells.window_cols + j));
        });
    return;
  }
  with_small(cells, [&](auto rows, auto cols) __attribute__((always_inline)) {
    each_vector<T>(cells.pixel, [&](auto lanes, index c) __attribute__((always_inline)) {
      const auto share = share_of(lanes, c);
      for (index i = 0; i < rows; i++)
        for (index j = 0; j < cols; j++)
          policy.template put<T>(lanes, first + i * cells.row + j * cells.pixel + c,
                                 share(cells.first_index + i * cells.window_cols + j));
    });
  });
}

template <class T>
PYDL_INLINE VI<T> index_lanes(index i) {
  return VI<T>{} + std::int32_t(i);
}

// The maximum and its index, for any cells: the first NaN wins.
template <class T, class Lanes>
__attribute__((noinline)) void maximum_with_nan(const Lanes& lanes, const Cells<T>& cells, index c, V<T>& best,
                                                VI<T>& at) {
  best = lanes.load(cells.first + c);
  at = index_lanes<T>(cells.first_index);
  for (index i = 0; i < cells.rows; i++)
    for (index j = i == 0; j < cells.cols; j++) {
      const V<T> v = lanes.load(cells.first + i * cells.row + j * cells.pixel + c);
      const VI<T> better = ~(v <= best) & (best == best);  // greater, or the first NaN
      best = better ? v : best;
      at = better ? index_lanes<T>(cells.first_index + i * cells.window_cols + j) : at;
    }
}

// Without an argmax (Index is void) computes only the maximum.
template <class T, class Index, bool kStream>
void max_forward_as(const Pool2dShape& s, const T* x, T* y, Index* argmax) {
  constexpr bool kWantsIndices = !__is_same(Index, void);
  each_window<T>(s, x, [&](index out, const Cells<T>& cells) __attribute__((always_inline)) {
    with_small(cells, [&](auto rows, auto cols) __attribute__((always_inline)) {
      each_vector<T, kStream>(s.C, [&](auto lanes, index c) __attribute__((always_inline)) {
        const T* first = cells.first + c;
        V<T> best = lanes.load(first), sum = best;
        VI<T> at = index_lanes<T>(cells.first_index);
        for (index i = 0; i < rows; i++)
          for (index j = i == 0; j < cols; j++) {
            V<T> v = lanes.load(first + i * cells.row + j * cells.pixel);
            keep_in_register(v);  // loaded once, not for each use: x may begin inside a cache line
            const VI<T> better = v > best;
            best = better ? v : best;
            if constexpr (kWantsIndices)
              at = better ? index_lanes<T>(cells.first_index + i * cells.window_cols + j) : at;
            sum += v;
          }
        // The sum is NaN if any cell is: cheaper than a comparison per cell.
        if (__builtin_expect(any<T>(sum != sum), 0)) maximum_with_nan(lanes, cells, c, best, at);
        lanes.store(y + out * s.C + c, best);
        if constexpr (kWantsIndices) lanes.store(argmax + out * s.C + c, at);
      });
    });
  });
}

template <class T, class Index>
void max_backward_as(const Pool2dShape& s, const T* dy, const Index* argmax, T* dx) {
  if (s.C < kLanes<T>)  // with few channels, scalars are faster: each is added to its one cell
    return scatter(s, dx, Add{}, [=](Add, index out, const Cells<T>& cells) {
      T* const origin = const_cast<T*>(cells.first);
      for (index c = 0; c < s.C; c++) {
        const index at = index(argmax[out * s.C + c]) - cells.first_index, i = at / s.KW, j = at % s.KW;
        if (at >= 0 && i < cells.rows && j < cells.cols)  // callers may pass any argmax
          origin[i * cells.row + j * cells.pixel + c] += dy[out * s.C + c];
      }
    });
  scatter_windows(s, dx, [=](auto policy, index out, const Cells<T>& cells) __attribute__((always_inline)) {
    spread(policy, cells, [=](auto lanes, index c) __attribute__((always_inline)) {
      const VI<T> at = lanes.load(argmax + out * s.C + c);
      const V<T> gradient = lanes.load(dy + out * s.C + c);
      return [=](index i)
                 __attribute__((always_inline)) { return select<T>(at == index_lanes<T>(i), gradient, V<T>{}); };
    });
  });
}

template <class T>
void max_forward(const Pool2dShape& s, const T* x, T* y, void* argmax) {
  const bool stream = wants_streams(y, s.N * s.OH * s.OW * s.C, s.C);
  if (!argmax)
    return stream ? max_forward_as<T, void, true>(s, x, y, nullptr) : max_forward_as<T, void, false>(s, x, y, nullptr);
  if (s.few_cells()) {
    auto* indices = static_cast<std::uint8_t*>(argmax);
    return stream ? max_forward_as<T, std::uint8_t, true>(s, x, y, indices)
                  : max_forward_as<T, std::uint8_t, false>(s, x, y, indices);
  }
  max_forward_as<T, std::int32_t, false>(s, x, y, static_cast<std::int32_t*>(argmax));
}

template <class T>
void max_backward(const Pool2dShape& s, const T* dy, const void* argmax, T* dx) {
  if (s.few_cells()) return max_backward_as(s, dy, static_cast<const std::uint8_t*>(argmax), dx);
  max_backward_as(s, dy, static_cast<const std::int32_t*>(argmax), dx);
}

template <class T, bool kStream>
void avg_forward_as(const Pool2dShape& s, const T* x, T* y) {
  each_window<T>(s, x, [&](index out, const Cells<T>& cells) __attribute__((always_inline)) {
    const T scale = T(1) / T(cells.rows * cells.cols);
    with_small(cells, [&](auto rows, auto cols) __attribute__((always_inline)) {
      each_vector<T, kStream>(s.C, [&](auto lanes, index c) __attribute__((always_inline)) {
        V<T> sum{};
        for (index i = 0; i < rows; i++) {
          V<T> row{};  // by rows, so that the error grows with KH + KW, not KH * KW
          for (index j = 0; j < cols; j++) row += lanes.load(cells.first + i * cells.row + j * cells.pixel + c);
          sum += row;
        }
        lanes.store(y + out * s.C + c, sum * scale);
      });
    });
  });
}

template <class T>
void avg_forward(const Pool2dShape& s, const T* x, T* y) {
  const bool stream = wants_streams(y, s.N * s.OH * s.OW * s.C, s.C);
  stream ? avg_forward_as<T, true>(s, x, y) : avg_forward_as<T, false>(s, x, y);
}

template <class T>
void avg_backward(const Pool2dShape& s, const T* dy, T* dx) {
  scatter_windows(s, dx, [=](auto policy, index out, const Cells<T>& cells) __attribute__((always_inline)) {
    const T scale = T(1) / T(cells.rows * cells.cols);
    spread(policy, cells, [=](auto lanes, index c) __attribute__((always_inline)) {
      const V<T> share = lanes.load(dy + out * s.C + c) * scale;
      return [=](index) __attribute__((always_inline)) { return share; };
    });
  });
}

}  // namespace
}  // namespace pool2d

template <class T>
void fill_pool2d(Pool2dKernels<T>& t) {
  t.max_forward = pool2d::max_forward<T>;
  t.max_backward = pool2d::max_backward<T>;
  t.avg_forward = pool2d::avg_forward<T>;
  t.avg_backward = pool2d::avg_backward<T>;
}
template void fill_pool2d(Pool2dKernels<float>&);
template void fill_pool2d(Pool2dKernels<double>&);

}  // namespace pydl::PYDL_ISA
