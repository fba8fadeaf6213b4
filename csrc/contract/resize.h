// Images enlarged by whole factors.
#pragma once
#include "contract/types.h"

namespace pydl {

// y has factor_h rows and factor_w columns for each of x. Bilinear: centres of pixels map to centres, clamped at the
// edges; otherwise the nearest pixel.
struct Resize2dShape {
  index N, H, W, C;
  index factor_h, factor_w;
  bool bilinear;
};

template <class Storage>
struct ResizeKernels {
  void (*forward)(const Resize2dShape&, const Storage* x, Storage* y);
  void (*backward)(const Resize2dShape&, const Storage* dy, Storage* dx);
};

}  // namespace pydl
