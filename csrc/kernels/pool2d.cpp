// Pooling with channels last: vectors run over channels. Forward gathers each window; backward gathers, for each input
// pixel, the windows that cover it. Every output is written once, so there is nothing to add up between threads.
#include "parallel.h"
#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index kGrainBytes = 32 * 1024;  // less work than this is not worth a second thread

struct Range {
  index begin, end;
  index size() const { return end - begin; }
};

// The input rows (or columns) under window o that lie inside the image.
Range inside(index o, index stride, index pad, index window, index size) {
  index begin = o * stride - pad, end = begin + window;
  return {begin < 0 ? 0 : begin, end > size ? size : end};
}

// The windows that cover input row (or column) i.
Range covering(index i, index stride, index pad, index window, index count) {
  index begin = (i + pad - window + stride) / stride, end = (i + pad) / stride + 1;
  return {i + pad < window ? 0 : begin, end > count ? count : end};
}

// An argmax is int32, but a comparison of doubles has lanes of 64 bits.
template <class T>
struct Int32Of;
template <>
struct Int32Of<float> {
  typedef std::int32_t type __attribute__((vector_size(kVectorBytes)));
};
template <>
struct Int32Of<double> {
  typedef std::int32_t type __attribute__((vector_size(kVectorBytes / 2)));
};

// How to read and write one vector of channels: all its lanes, or the first n.
template <class T>
struct AllLanes {
  static V<T> load(const T* p) { return pydl::PYDL_ISA::load<T>(p); }
  static void store(T* p, V<T> v) { pydl::PYDL_ISA::store<T>(p, v); }
  static VI<T> load(const std::int32_t* p) {
    typename Int32Of<T>::type v;
    __builtin_memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, VI<T>);
  }
  static void store(std::int32_t* p, VI<T> v) {
    auto narrow = __builtin_convertvector(v, typename Int32Of<T>::type);
    __builtin_memcpy(p, &narrow, sizeof narrow);
  }
};

template <class T>
struct FirstLanes {
  int n;
  V<T> load(const T* p) const { return load_n<T>(p, n); }
  void store(T* p, V<T> v) const { store_n<T>(p, v, n); }
  VI<T> load(const std::int32_t* p) const {
    VI<T> v{};
    for (int i = 0; i < n; i++) v[i] = p[i];
    return v;
  }
  void store(std::int32_t* p, VI<T> v) const {
    for (int i = 0; i < n; i++) p[i] = std::int32_t(v[i]);
  }
};

template <class T>
PYDL_INLINE VI<T> cell(index number) {  // H * W fits in int32: the binding checks it
  return VI<T>{} + std::int32_t(number);
}

// body(lanes, first channel) for vectors that cover all channels; the last one overlaps the one before.
template <class T, class Body>
PYDL_INLINE void each_vector(index C, const Body& body) {
  constexpr index L = kLanes<T>;
  if (C < L) return body(FirstLanes<T>{int(C)}, index(0));
  for (index c = 0; c < C - L; c += L) body(AllLanes<T>{}, c);
  body(AllLanes<T>{}, C - L);
}

// body(image, output pixel, rows, columns) for every window.
template <class T, class Body>
void each_window(const Pool2dShape& s, const Body& body) {
  index row_bytes = s.OW * s.KH * s.KW * s.C * index(sizeof(T));
  parallel(s.N * s.OH, kGrainBytes / (row_bytes + 1) + 1, [&](index begin, index end) {
    for (index row = begin; row < end; row++) {
      Range h = inside(row % s.OH, s.stride_h, s.pad_top, s.KH, s.H);
      for (index ow = 0; ow < s.OW; ow++)
        body(row / s.OH, row * s.OW + ow, h, inside(ow, s.stride_w, s.pad_left, s.KW, s.W));
    }
  });
}

// body(n, h, w, rows of windows, columns of windows) for every input pixel.
template <class T, class Body>
void each_pixel(const Pool2dShape& s, const Body& body) {
  index row_bytes = s.W * s.C * index(sizeof(T));
  parallel(s.N * s.H, kGrainBytes / (row_bytes + 1) + 1, [&](index begin, index end) {
    for (index row = begin; row < end; row++) {
      Range oh = covering(row % s.H, s.stride_h, s.pad_top, s.KH, s.OH);
      for (index w = 0; w < s.W; w++)
        body(row / s.H, row % s.H, w, oh, covering(w, s.stride_w, s.pad_left, s.KW, s.OW));
    }
  });
}

template <class T>
void max_forward(const Pool2dShape& s, const T* x, T* y, std::int32_t* argmax) {
  each_window<T>(s, [&](index n, index out, Range h, Range w) {
    each_vector<T>(s.C, [&](auto lanes, index c) {
      V<T> best = broadcast(-T(__builtin_inf()));
      VI<T> at = cell<T>(h.begin * s.W + w.begin);
      for (index ih = h.begin; ih < h.end; ih++)
        for (index iw = w.begin; iw < w.end; iw++) {
          V<T> v = lanes.load(x + ((n * s.H + ih) * s.W + iw) * s.C + c);
          VI<T> better = ~(v <= best) & (best == best);  // greater, or the first NaN
          best = better ? v : best;
          at = better ? cell<T>(ih * s.W + iw) : at;
        }
      lanes.store(y + out * s.C + c, best);
      if (argmax) lanes.store(argmax + out * s.C + c, at);
    });
  });
}

template <class T>
void max_backward(const Pool2dShape& s, const T* dy, const std::int32_t* argmax, T* dx) {
  each_pixel<T>(s, [&](index n, index h, index w, Range oh, Range ow) {
    each_vector<T>(s.C, [&](auto lanes, index c) {
      V<T> sum{};
      VI<T> here = cell<T>(h * s.W + w);
      for (index i = oh.begin; i < oh.end; i++)
        for (index j = ow.begin; j < ow.end; j++) {
          index out = ((n * s.OH + i) * s.OW + j) * s.C + c;
          sum += lanes.load(argmax + out) == here ? lanes.load(dy + out) : V<T>{};
        }
      lanes.store(dx + ((n * s.H + h) * s.W + w) * s.C + c, sum);
    });
  });
}

template <class T>
void avg_forward(const Pool2dShape& s, const T* x, T* y) {
  each_window<T>(s, [&](index n, index out, Range h, Range w) {
    T scale = T(1) / T(h.size() * w.size());
    each_vector<T>(s.C, [&](auto lanes, index c) {
      V<T> sum{};
      for (index ih = h.begin; ih < h.end; ih++) {
        V<T> row{};  // by rows, so that the error grows with KH + KW, not KH * KW
        for (index iw = w.begin; iw < w.end; iw++) row += lanes.load(x + ((n * s.H + ih) * s.W + iw) * s.C + c);
        sum += row;
      }
      lanes.store(y + out * s.C + c, sum * scale);
    });
  });
}

template <class T>
void avg_backward(const Pool2dShape& s, const T* dy, T* dx) {
  each_pixel<T>(s, [&](index n, index h, index w, Range oh, Range ow) {
    each_vector<T>(s.C, [&](auto lanes, index c) {
      V<T> sum{};
      for (index i = oh.begin; i < oh.end; i++) {
        index rows = inside(i, s.stride_h, s.pad_top, s.KH, s.H).size();
        for (index j = ow.begin; j < ow.end; j++) {
          T scale = T(1) / T(rows * inside(j, s.stride_w, s.pad_left, s.KW, s.W).size());
          sum += lanes.load(dy + ((n * s.OH + i) * s.OW + j) * s.C + c) * scale;
        }
      }
      lanes.store(dx + ((n * s.H + h) * s.W + w) * s.C + c, sum);
    });
  });
}

}  // namespace

template <class T>
void fill_pool2d(KernelTable<T>& t) {
  t.max_pool2d_forward = max_forward<T>;
  t.max_pool2d_backward = max_backward<T>;
  t.avg_pool2d_forward = avg_forward<T>;
  t.avg_pool2d_backward = avg_backward<T>;
}
template void fill_pool2d(KernelTable<float>&);
template void fill_pool2d(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
