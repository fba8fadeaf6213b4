// Pooling of images.
#pragma once
#include "contract/types.h"

namespace pydl {

// Windows may overhang the image; the part outside does not exist (max ignores it, average does not count it).
struct Pool2dShape {
  index N, H, W, C;
  index KH, KW;
  index OH, OW;
  index stride_h, stride_w;
  index pad_top = 0, pad_left = 0;

  bool few_cells() const { return KH * KW <= 256; }  // argmax indices fit into a byte
};

template <class Storage>
struct Pool2dKernels {
  // argmax[n,oh,ow,c] = kh*KW + kw, the index in its window of the first maximum (a NaN wins over any number): uint8
  // for windows of few cells (few_cells), else int32. It may be null in forward.
  void (*max_forward)(const Pool2dShape&, const Storage* x, Storage* y, void* argmax);
  void (*max_backward)(const Pool2dShape&, const Storage* dy, const void* argmax, Storage* dx);
  void (*avg_forward)(const Pool2dShape&, const Storage* x, Storage* y);
  void (*avg_backward)(const Pool2dShape&, const Storage* dy, Storage* dx);
};

}  // namespace pydl
