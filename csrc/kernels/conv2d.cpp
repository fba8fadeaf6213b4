#include "parallel.h"
#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

// Calls visit(output pixel, input pixel, tap) for every tap that lies inside the image; all three are row numbers.
template <class Visit>
void each_tap(const Conv2dShape& s, index n, const Visit& visit) {
  for (index oh = 0; oh < s.OH; oh++)
    for (index ow = 0; ow < s.OW; ow++)
      for (index kh = 0; kh < s.KH; kh++)
        for (index kw = 0; kw < s.KW; kw++) {
          index h = oh * s.stride_h - s.pad_top + kh * s.dilation_h;
          index w = ow * s.stride_w - s.pad_left + kw * s.dilation_w;
          if (h < 0 || h >= s.H || w < 0 || w >= s.W) continue;
          visit((n * s.OH + oh) * s.OW + ow, (n * s.H + h) * s.W + w, kh * s.KW + kw);
        }
}

template <class T>
T activate(const Epilogue<T>& e, T v) {
  if (e.activation == Activation::relu) return v < 0 ? T(0) : v;
  return v;
}

template <class T>
void forward(const Conv2dShape& s, const T* x, const T* w, const T*, const Epilogue<T>& epilogue, T* y) {
  index c_group = s.C / s.groups, o_group = s.O / s.groups, image = s.OH * s.OW * s.O;
  parallel(s.N, 1, [&](index begin, index end) {
    for (index n = begin; n < end; n++) {
      for (index i = n * image; i < (n + 1) * image; i++) y[i] = epilogue.bias ? epilogue.bias[i % s.O] : T(0);
      each_tap(s, n, [&](index out, index in, index tap) {
        for (index c = 0; c < s.C; c++)
          for (index o = c / c_group * o_group, last = o + o_group; o < last; o++)
            y[out * s.O + o] += x[in * s.C + c] * w[(tap * c_group + c % c_group) * s.O + o];
      });
      for (index i = n * image; i < (n + 1) * image; i++) y[i] = activate(epilogue, y[i]);
    }
  });
}

template <class T>
index packed_size(const Conv2dShape&) {
  return 0;
}
template <class T>
void pack(const Conv2dShape&, const T*, T*) {}

template <class T>
void backward_input(const Conv2dShape& s, const T* dy, const T* w, T* dx) {
  index c_group = s.C / s.groups, o_group = s.O / s.groups, image = s.H * s.W * s.C;
  parallel(s.N, 1, [&](index begin, index end) {
    for (index n = begin; n < end; n++) {
      for (index i = n * image; i < (n + 1) * image; i++) dx[i] = T(0);
      each_tap(s, n, [&](index out, index in, index tap) {
        for (index c = 0; c < s.C; c++)
          for (index o = c / c_group * o_group, last = o + o_group; o < last; o++)
            dx[in * s.C + c] += dy[out * s.O + o] * w[(tap * c_group + c % c_group) * s.O + o];
      });
    }
  });
}

template <class T>
void backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw, T* db) {
  index c_group = s.C / s.groups, o_group = s.O / s.groups, pixels = s.N * s.OH * s.OW;
  for (index i = 0; i < s.KH * s.KW * c_group * s.O; i++) dw[i] = T(0);
  for (index n = 0; n < s.N; n++)
    each_tap(s, n, [&](index out, index in, index tap) {
      for (index c = 0; c < s.C; c++)
        for (index o = c / c_group * o_group, last = o + o_group; o < last; o++)
          dw[(tap * c_group + c % c_group) * s.O + o] += x[in * s.C + c] * dy[out * s.O + o];
    });
  if (!db) return;
  for (index o = 0; o < s.O; o++) db[o] = T(0);
  for (index i = 0; i < pixels * s.O; i++) db[i % s.O] += dy[i];
}

}  // namespace

template <class T>
void fill_conv2d(KernelTable<T>& t) {
  t.conv2d_forward = forward<T>;
  t.conv2d_packed_size = packed_size<T>;
  t.conv2d_pack = pack<T>;
  t.conv2d_backward_input = backward_input<T>;
  t.conv2d_backward_weight = backward_weight<T>;
}
template void fill_conv2d(KernelTable<float>&);
template void fill_conv2d(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
