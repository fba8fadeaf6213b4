// Convolutions of images.
#pragma once
#include "contract/types.h"

namespace pydl {

// How a convolution is computed. A shape requests `automatic` (the fastest that fits), `direct` (a fast one of those
// that only add up products), or one of the others, which fall back to direct where they do not fit. Winograd's have
// tiles of 4 x 4 or 5 x 5 outputs; space_to_depth makes blocks of x's pixels its channels and leaves the rest to
// another algorithm; grouped is depthwise with small groups.
enum class ConvAlgorithm : int {
  automatic,
  direct,
  implicit_gemm,
  depthwise,
  winograd_4x4,
  winograd_5x5,
  space_to_depth,
  grouped
};
enum class ConvDirection : int { forward, backward_input, backward_weight };

// y[n,oh,ow,o] = sum over kh,kw,c of x[n, oh*stride_h - pad_top + kh*dilation_h, ..., c] * w[kh,kw,c,o]
// Padding below and to the right is implied by OH and OW. Taps outside the image are zero.
struct Conv2dShape {
  index N, H, W, C;
  index KH, KW, O;
  index OH, OW;
  index stride_h = 1, stride_w = 1;
  index pad_top = 0, pad_left = 0;
  index dilation_h = 1, dilation_w = 1;
  index groups = 1;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
  bool output_is_read_at_once = false;  // by the calling kernel, so it should stay in the caches
};

template <class Storage>
struct Conv2dKernels {
  // `packed` is null, or what pack made from w for the same shape. db may be null.
  void (*forward)(const Conv2dShape&, const Storage* x, const Storage* w, const Storage* packed,
                  const Epilogue<Storage>&, Storage* y);
  index (*packed_size)(const Conv2dShape&, ConvDirection);  // in elements; not for backward_weight
  void (*pack)(const Conv2dShape&, ConvDirection, const Storage* w, Storage* packed);
  // The epilogue is for the transposed convolution, which is this function as a layer of its own.
  void (*backward_input)(const Conv2dShape&, const Storage* dy, const Storage* w, const Storage* packed,
                         const Epilogue<Storage>&, Storage* dx);
  void (*backward_weight)(const Conv2dShape&, const Storage* x, const Storage* dy, Storage* dw, Storage* db);

  ConvAlgorithm (*algorithm)(const Conv2dShape&, ConvDirection);  // what these functions use for a shape
};

}  // namespace pydl
