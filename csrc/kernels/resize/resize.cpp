// Images enlarged by whole factors. On each axis an output pixel is a weighted mean of two neighbouring input pixels,
// so rows and columns each give a position and a weight; `nearest` copies one pixel.
#include "kernels/common/parallel.h"
#include "kernels/common/rows.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace resize {
namespace {

// Output pixel i of an axis is pixel `first` of the input times (1 - share), plus its right neighbour times share.
template <class T>
struct Taps {
  index size, factor;
  bool bilinear;

  // Centres of pixels map to centres: output i is at (i + 1/2) / factor - 1/2, clamped at the edges.
  PYDL_INLINE void at(index i, index& first, T& share) const {
    first = i / factor;
    share = T(0);
    if (!bilinear) return;
    const index twice = 2 * (i % factor) + 1 - factor;  // distance from the centre of pixel `first`, in 1 / (2 factor)
    const bool left = twice < 0;
    if (left ? first == 0 : first == size - 1) return;
    first -= left;
    share = left ? T(2 * factor + twice) / T(2 * factor) : T(twice) / T(2 * factor);
  }
};

template <class T>
void resize2d_forward(const Resize2dShape& s, const T* x, T* y) {
  const Taps<T> vertical{s.H, s.factor_h, s.bilinear}, horizontal{s.W, s.factor_w, s.bilinear};
  const index OH = s.H * s.factor_h, OW = s.W * s.factor_w, C = s.C;
  parallel(s.N * OH, grain_of_rows(OW * C), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      index h, w;
      T down, right;
      vertical.at(r % OH, h, down);
      const T* top = x + ((r / OH) * s.H + h) * s.W * C;
      const T* bottom = down == T(0) ? top : top + s.W * C;
      for (index ow = 0; ow < OW; ow++) {
        horizontal.at(ow, w, right);
        T* to = y + (r * OW + ow) * C;
        if (down == T(0) && right == T(0)) {
          __builtin_memcpy(to, top + w * C, std::size_t(C) * sizeof(T));
          continue;
        }
        const T *a = top + w * C, *b = right == T(0) ? a : a + C;
        const T *c = bottom + w * C, *d = right == T(0) ? c : c + C;
        map_row<T>(C, to, [=](auto at) {
          const V<T> upper = at(a) * (1 - right) + at(b) * right, lower = at(c) * (1 - right) + at(d) * right;
          return upper * (1 - down) + lower * down;
        });
      }
    }
  });
}

// dx gathers from the outputs that its pixel contributed to: from its left neighbour's to its right neighbour's.
template <class T>
void resize2d_backward(const Resize2dShape& s, const T* dy, T* dx) {
  const Taps<T> vertical{s.H, s.factor_h, s.bilinear}, horizontal{s.W, s.factor_w, s.bilinear};
  const index OH = s.H * s.factor_h, OW = s.W * s.factor_w, C = s.C;
  auto share_of = [](const Taps<T>& taps, index output, index pixel) {
    index first;
    T share;
    taps.at(output, first, share);
    return first == pixel ? 1 - share : first + 1 == pixel ? share : T(0);
  };
  parallel(s.N * s.H, grain_of_rows(s.factor_h * OW * C), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const index h = r % s.H, reach_h = s.bilinear ? s.factor_h : 0, reach_w = s.bilinear ? s.factor_w : 0;
      const index h_begin = h * s.factor_h - reach_h < 0 ? 0 : h * s.factor_h - reach_h;
      const index h_end = (h + 1) * s.factor_h + reach_h < OH ? (h + 1) * s.factor_h + reach_h : OH;
      for (index w = 0; w < s.W; w++) {
        const index w_begin = w * s.factor_w - reach_w < 0 ? 0 : w * s.factor_w - reach_w;
        const index w_end = (w + 1) * s.factor_w + reach_w < OW ? (w + 1) * s.factor_w + reach_w : OW;
        T* to = dx + (r * s.W + w) * C;
        for (index i = 0; i < C; i++) to[i] = T(0);
        for (index oh = h_begin; oh < h_end; oh++) {
          const T down = share_of(vertical, oh, h);
          if (down == T(0)) continue;
          for (index ow = w_begin; ow < w_end; ow++) {
            const T weight = down * share_of(horizontal, ow, w);
            if (weight == T(0)) continue;
            const T* from = dy + (((r / s.H) * OH + oh) * OW + ow) * C;
            map_row<T>(C, to, [=](auto at) { return at(to) + at(from) * weight; });
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace resize

template <class T>
void fill_resize(ResizeKernels<T>& t) {
  t.forward = resize::resize2d_forward<T>;
  t.backward = resize::resize2d_backward<T>;
}
template void fill_resize(ResizeKernels<float>&);
template void fill_resize(ResizeKernels<double>&);

}  // namespace pydl::PYDL_ISA
