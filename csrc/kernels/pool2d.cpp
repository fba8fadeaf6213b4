// Pooling with channels last: vectors run over channels. Forward gathers each window. Backward adds the gradient of
// each window to its cells, in the order of the windows; threads share rows of windows, or images where such rows
// overlap.
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
#if defined(__AVX2__)
    if constexpr (sizeof(T) == 4) return VI<T>(load_n<T>(reinterpret_cast<const T*>(p), n));
#endif
    VI<T> v{};
    for (int i = 0; i < n; i++) v[i] = p[i];
    return v;
  }
  void store(std::int32_t* p, VI<T> v) const {
#if defined(__AVX2__)
    if constexpr (sizeof(T) == 4) return store_n<T>(reinterpret_cast<T*>(p), V<T>(v), n);
#endif
    for (int i = 0; i < n; i++) p[i] = std::int32_t(v[i]);
  }
};

template <class T>
PYDL_INLINE VI<T> cell(index number) {  // H * W fits in int32: the binding checks it
  return VI<T>{} + std::int32_t(number);
}

// body(lanes, first channel) for vectors that cover all channels.
template <class T, class Body>
PYDL_INLINE void each_vector(index C, const Body& body) {
  index c = 0;
  for (; c + kLanes<T> <= C; c += kLanes<T>) body(AllLanes<T>{}, c);
  if (c < C) body(FirstLanes<T>{int(C - c)}, c);
}

// body(image, output pixel, rows, columns) for every window.
template <class T, class Body>
void each_window(const Pool2dShape& s, const Body& body) {
  const index row_bytes = s.OW * s.KH * s.KW * s.C * index(sizeof(T));
  parallel(s.N * s.OH, kGrainBytes / (row_bytes + 1) + 1, [&](index begin, index end) {
    for (index row = begin; row < end; row++) {
      const Range h = inside(row % s.OH, s.stride_h, s.pad_top, s.KH, s.H);
      for (index ow = 0; ow < s.OW; ow++)
        body(row / s.OH, row * s.OW + ow, h, inside(ow, s.stride_w, s.pad_left, s.KW, s.W));
    }
  });
}

// Rows by columns of the image, as body's range of elements.
template <class T>
void zero(const Pool2dShape& s, T* image, Range h, Range w) {
  for (index ih = h.begin; ih < h.end; ih++)
    for (index i = (ih * s.W + w.begin) * s.C; i < (ih * s.W + w.end) * s.C; i++) image[i] = T(0);
}

// How a gradient gets to its cell: windows that do not overlap write to it, others add.
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

// Calls body(Write or Add, image of dx, output pixel, rows, columns) for every window, after zeroing what it adds to
// and what no window covers.
template <class T, class Way, class Body>
void scatter(const Pool2dShape& s, T* dx, Way way, const Body& body) {
  constexpr bool kWrite = __is_same(Way, Write);
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
        index left = 0;  // of what is neither written nor zero yet
        for (index ow = 0; ow < s.OW; ow++) {
          const Range w = inside(ow, s.stride_w, s.pad_left, s.KW, s.W);
          if (kWrite && left < w.begin) zero(s, image, h, {left, w.begin});
          left = w.end;
          body(way, image, (n * s.OH + oh) * s.OW + ow, h, w);
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

// Brings share_of(lanes, channel)(pixel) to every vector of every cell of a window. Many cells are taken in the order
// in which they lie in memory, few in that which reads dy once.
template <class T, class Way, class Share>
PYDL_INLINE void spread(Way way, const Pool2dShape& s, T* image, Range h, Range w, const Share& share_of) {
  constexpr index kMany = 16;
  if (__is_same(Way, Write) && h.size() * w.size() > kMany) {
    for (index ih = h.begin; ih < h.end; ih++)
      for (index pixel = ih * s.W + w.begin; pixel < ih * s.W + w.end; pixel++)
        each_vector<T>(s.C, [&](auto lanes, index c) __attribute__((always_inline)) {
          way.template put<T>(lanes, image + pixel * s.C + c, share_of(lanes, c)(pixel));
        });
  } else {
    each_vector<T>(s.C, [&](auto lanes, index c) __attribute__((always_inline)) {
      const auto share = share_of(lanes, c);
      for (index ih = h.begin; ih < h.end; ih++)
        for (index pixel = ih * s.W + w.begin; pixel < ih * s.W + w.end; pixel++)
          way.template put<T>(lanes, image + pixel * s.C + c, share(pixel));
    });
  }
}

template <class T>
void max_forward(const Pool2dShape& s, const T* x, T* y, std::int32_t* argmax) {
  each_window<T>(s, [&](index n, index out, Range h, Range w) {
    each_vector<T>(s.C, [&](auto lanes, index c) {
      V<T> best = lanes.load(x + ((n * s.H + h.begin) * s.W + w.begin) * s.C + c);
      VI<T> at = cell<T>(h.begin * s.W + w.begin);
      for (index ih = h.begin; ih < h.end; ih++)
        for (index iw = w.begin + (ih == h.begin); iw < w.end; iw++) {
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
  if (s.C < kLanes<T>)  // then scalars, each to the one cell where it belongs, are faster
    return scatter(s, dx, Add{}, [=](Add, T* image, index out, Range, Range) {
      for (index c = 0; c < s.C; c++) {
        index at = argmax[out * s.C + c];
        if (at >= 0 && at < s.H * s.W) image[at * s.C + c] += dy[out * s.C + c];  // callers may pass any argmax
      }
    });
  scatter_windows(s, dx, [=](auto way, T* image, index out, Range h, Range w) {
    spread(way, s, image, h, w, [=](auto lanes, index c) {
      const VI<T> at = lanes.load(argmax + out * s.C + c);
      const V<T> gradient = lanes.load(dy + out * s.C + c);
      return [=](index pixel) { return select<T>(at == cell<T>(pixel), gradient, V<T>{}); };
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
  scatter_windows(s, dx, [=](auto way, T* image, index out, Range h, Range w) {
    const T scale = T(1) / T(h.size() * w.size());
    spread(way, s, image, h, w, [=](auto lanes, index c) {
      const V<T> share = lanes.load(dy + out * s.C + c) * scale;
      return [=](index) { return share; };
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
