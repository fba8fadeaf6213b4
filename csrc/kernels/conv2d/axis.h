// Which input positions the taps of a convolution read, one axis at a time; rows and columns are treated alike.
//
// An axis maps output j and tap t to input in_first + j * in_stride + t * in_dilation; taps outside [0, in_size) read
// padding and are skipped. A segment is a range of outputs that read the same taps: the interior of the image is one
// long segment, and the border has short ones. So no image is ever padded or copied.
//
// The gradient for the input is a convolution of the same form. With a stride s, its outputs fall into s phases (output
// position modulo s): each phase reads its own taps, and neighbouring outputs of a phase read neighbours in dy.
#pragma once
#include "contract/conv2d.h"
#include "kernels/common/base.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

constexpr index greatest_common_divisor(index a, index b) {
  while (b) {
    const index rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
// i in [0, n) with a * i % n == 1 % n, for a and n without a common divisor (Euclid's algorithm).
constexpr index inverse_modulo(index a, index n) {
  index i = 0, next = 1, m = n, rest = a % n;
  while (rest) {
    const index times = m / rest;
    const index after = i - times * next, left = m - times * rest;
    i = next, next = after;
    m = rest, rest = left;
  }
  return i < 0 ? i + n : i % n;
}

// Outputs [begin, end) that all read the taps [tap_begin, tap_end).
struct Segment {
  index begin, end;
  index tap_begin, tap_end;
  index size() const { return end - begin; }
  index taps() const { return tap_end - tap_begin; }
};

struct Axis {
  index count;                // outputs of this phase: j = 0 ... count - 1
  index out_first, out_step;  // output j is written to position out_first + j * out_step
  index taps;                 // taps of this phase, in the order of increasing input positions
  index tap_first, tap_step;  // tap t has the index tap_first + t * tap_step in the kernel
  index in_first, in_stride, in_dilation, in_size;

  index input(index j, index t) const { return in_first + j * in_stride + t * in_dilation; }

  // The longest segment that begins at output j and ends at `end` or before.
  Segment segment(index j, index end) const {
    Segment r = taps_of(j);
    r.begin = j;
    if (r.taps() == 0 && taps == 0) {
      r.end = end;
    } else if (r.taps() == taps) {
      r.end = min(end, (in_size - 1 - input(0, taps - 1)) / in_stride + 1);
    } else {
      for (r.end = j + 1; r.end < end; r.end++) {
        Segment next = taps_of(r.end);
        if (next.tap_begin != r.tap_begin || next.tap_end != r.tap_end) break;
      }
    }
    return r;
  }

  // All outputs that read tap t, as a segment of this one tap.
  Segment outputs_of(index t) const {
    index first = input(0, t);
    index begin = first >= 0 ? 0 : ceil_div(-first, in_stride);
    index end = first >= in_size ? 0 : min(count, ceil_div(in_size - first, in_stride));
    return {begin, max(begin, end), t, t + 1};
  }

 private:
  Segment taps_of(index j) const {
    index first = input(j, 0);
    index begin = first >= 0 ? 0 : ceil_div(-first, in_dilation);
    index end = first >= in_size ? 0 : min(taps, ceil_div(in_size - first, in_dilation));
    if (begin >= end) begin = end = 0;
    return {j, j + 1, begin, end};
  }
};

// One of the two axes of a Conv2dShape.
struct AxisShape {
  index in, out, kernel, stride, pad, dilation;
};
inline AxisShape rows_of(const Conv2dShape& s) { return {s.H, s.OH, s.KH, s.stride_h, s.pad_top, s.dilation_h}; }
inline AxisShape columns_of(const Conv2dShape& s) { return {s.W, s.OW, s.KW, s.stride_w, s.pad_left, s.dilation_w}; }

inline Axis forward_axis(const AxisShape& s) {
  return {s.out, 0, 1, s.kernel, 0, 1, -s.pad, s.stride, s.dilation, s.in};
}

// x position p = phase + j * stride gets its gradient from dy position (p + pad - k * dilation) / stride, for the taps
// k that divide evenly: every stride / gcd(stride, dilation)-th. In reverse order, so that positions in dy increase.
inline Axis backward_axis(const AxisShape& s, index phase) {
  const index common = greatest_common_divisor(s.stride, s.dilation), step = s.stride / common;
  // The first tap of the phase: first * dilation == phase + pad, modulo stride.
  const index place = phase + s.pad;
  const index first = place / common % step * inverse_modulo(s.dilation / common % step, step) % step;
  const bool any = place % common == 0 && first < s.kernel;
  const index taps = any ? (s.kernel - 1 - first) / step + 1 : 0, last = first + (taps - 1) * step;
  return {(s.in - 1 - phase) / s.stride + 1,
          phase,
          s.stride,
          taps,
          last,
          -step,
          any ? (phase + s.pad - last * s.dilation) / s.stride : 0,
          1,
          s.dilation / common,
          s.out};
}
inline index backward_phases(const AxisShape& s) { return min(s.stride, s.in); }

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
