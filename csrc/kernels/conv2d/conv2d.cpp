// Runs each convolution by the algorithm that route.h chose.
#include "kernels/conv2d/backward_weight.h"
#include "kernels/conv2d/blocks.h"
#include "kernels/conv2d/depthwise.h"
#include "kernels/conv2d/route.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace conv2d {
namespace {

// A 1x1 kernel that visits every pixel, and a kernel as large as its image, are matrix products: pixels (images) x
// channels. Written as a convolution over one column of pixels, so that tiles and blocks do not end with each image.
Conv2dShape flattened(const Conv2dShape& s) {
  // Padding may be negative (blocks.h), and a dilated kernel as large as its image reads beyond it.
  const bool plain = s.groups == 1 && s.pad_top == 0 && s.pad_left == 0;
  const bool every_pixel = s.KH * s.KW == 1 && s.stride_h * s.stride_w == 1 && s.OH == s.H && s.OW == s.W;
  const bool whole_image = s.KH == s.H && s.KW == s.W && s.OH * s.OW == 1 && (s.KH == 1 || s.dilation_h == 1) &&
                           (s.KW == 1 || s.dilation_w == 1);
  if (!plain || !(every_pixel || whole_image)) return s;
  Conv2dShape flat{};
  flat.N = flat.W = flat.OW = flat.KH = flat.KW = 1;
  flat.H = flat.OH = s.N * s.OH * s.OW;
  flat.C = s.KH * s.KW * s.C;
  flat.O = s.O;
  return flat;
}

constexpr bool reads_weights_in_place(ConvAlgorithm a) {  // depthwise.h
  return a == ConvAlgorithm::depthwise || a == ConvAlgorithm::grouped;
}

template <class T>
index packed_size(const Conv2dShape& s, ConvDirection direction) {
  const ConvAlgorithm algorithm = choose_algorithm(s, direction);
  const bool backward = direction == ConvDirection::backward_input;
  if (is_winograd(algorithm)) return winograd_packed_size<T>(algorithm, s, backward);
  if (algorithm == ConvAlgorithm::grouped && backward) return s.KH * s.KW * s.C / s.groups * s.O;
  if (reads_weights_in_place(algorithm)) return 0;
  if (algorithm == ConvAlgorithm::implicit_gemm) return packed_weights_size<T>(Correlation(flattened(s), backward));
  return packed_size<T>(backward ? GradientBlocks(s, gradient_steps(s)).inner : StridedBlocks(s).inner,
                        ConvDirection::forward);
}

template <class T>
void pack(const Conv2dShape& s, ConvDirection direction, const T* w, T* packed) {
  const ConvAlgorithm algorithm = choose_algorithm(s, direction);
  const bool backward = direction == ConvDirection::backward_input;
  if (is_winograd(algorithm)) return winograd_pack(algorithm, s, backward, w, packed);
  if (algorithm == ConvAlgorithm::grouped) return transpose_groups(s, w, packed);
  if (algorithm == ConvAlgorithm::implicit_gemm) return pack_weights(Correlation(flattened(s), backward), w, packed);
  const auto pack_blocks = [&](const auto& blocks) {  // packs the weights of the convolution over blocks
    Scratch scratch(blocks.weights() * index(sizeof(T)));
    T* weights = static_cast<T*>(scratch.data());
    blocks.pack_weights(w, weights);
    pack<T>(blocks.inner, ConvDirection::forward, weights, packed);
  };
  backward ? pack_blocks(GradientBlocks(s, gradient_steps(s))) : pack_blocks(StridedBlocks(s));
}

// The epilogue of a convolution whose columns are several pixels of `channels` channels each: the bias, once per pixel.
template <class T>
class RepeatedEpilogue {
 public:
  RepeatedEpilogue(const Epilogue<T>& epilogue, index channels, index columns)
      : repeats_(epilogue.bias && channels != columns), bias_(repeats_ ? columns * index(sizeof(T)) : 0) {
    epilogue_ = epilogue;
    if (!repeats_) return;
    T* bias = static_cast<T*>(bias_.data());
    for (index i = 0; i < columns; i += channels) copy_rows(epilogue.bias, 0, 1, channels, bias + i, 0);
    epilogue_.bias = bias;
  }
  operator const Epilogue<T>&() const { return epilogue_; }

 private:
  bool repeats_;
  Scratch bias_;
  Epilogue<T> epilogue_;
};

template <class T>
void implicit_gemm(const Correlation& c, const T* in, const T* w, const T* packed, const Epilogue<T>& epilogue,
                   T* out) {
  if (c.N == 0 || c.out_h == 0) return;
  Scratch scratch(packed ? 0 : packed_weights_size<T>(c) * index(sizeof(T)));
  if (!packed) {
    pack_weights(c, w, static_cast<T*>(scratch.data()));
    packed = static_cast<const T*>(scratch.data());
  }
  correlate(c, in, packed, epilogue, out);
}

template <class T>
void forward(const Conv2dShape& s, const T* x, const T* w, const T* packed, const Epilogue<T>& epilogue, T* y) {
  const ConvAlgorithm algorithm = choose_algorithm(s, ConvDirection::forward);
  if (is_winograd(algorithm)) return winograd_forward(algorithm, s, x, w, packed, epilogue, y);
  if (reads_weights_in_place(algorithm)) return depthwise(Correlation(s, false), x, w, epilogue, y);
  if (algorithm == ConvAlgorithm::implicit_gemm)
    return implicit_gemm(Correlation(flattened(s), false), x, w, packed, epilogue, y);
  const StridedBlocks blocks(s);
  Scratch scratch((blocks.x.size() + (packed ? 0 : blocks.weights())) * index(sizeof(T)));
  T *pixels = static_cast<T*>(scratch.data()), *weights = pixels + blocks.x.size();
  blocks.x.pack(x, pixels);
  if (!packed) blocks.pack_weights(w, weights);
  forward<T>(blocks.inner, pixels, weights, packed, epilogue, y);
}

template <class T>
void backward_input(const Conv2dShape& s, const T* dy, const T* w, const T* packed, const Epilogue<T>& epilogue,
                    T* dx) {
  const ConvAlgorithm algorithm = choose_algorithm(s, ConvDirection::backward_input);
  if (is_winograd(algorithm)) return winograd_backward_input(algorithm, s, dy, w, packed, epilogue, dx);
  if (algorithm == ConvAlgorithm::depthwise) return depthwise(Correlation(s, true), dy, w, epilogue, dx);
  if (algorithm == ConvAlgorithm::grouped) {
    Scratch scratch(packed ? 0 : packed_size<T>(s, ConvDirection::backward_input) * index(sizeof(T)));
    T* transposed = static_cast<T*>(scratch.data());
    if (!packed) transpose_groups(s, w, transposed);
    return depthwise<T>(Correlation(s, true), dy, packed ? packed : transposed, epilogue, dx);
  }
  if (algorithm == ConvAlgorithm::implicit_gemm) {
    const Correlation flat(flattened(s), true);
    return implicit_gemm<T>(flat, dy, w, packed, RepeatedEpilogue<T>(epilogue, s.C, flat.out_c), dx);
  }
  const GradientBlocks blocks(s, gradient_steps(s));
  Scratch scratch((blocks.dx.size() + (packed ? 0 : blocks.weights())) * index(sizeof(T)));
  T *pixels = static_cast<T*>(scratch.data()), *weights = pixels + blocks.dx.size();
  if (!packed) blocks.pack_weights(w, weights);
  forward<T>(blocks.inner, dy, weights, packed, RepeatedEpilogue<T>(epilogue, s.C, blocks.inner.O), pixels);
  blocks.dx.unpack(pixels, dx);
}

template <class T>
void backward_weight(const Conv2dShape& s, const T* x, const T* dy, T* dw, T* db) {
  if (s.N == 0) {  // an empty batch, whose images may have any size
    for (index i = 0; i < s.KH * s.KW * s.C / s.groups * s.O; i++) dw[i] = T(0);
    for (index o = 0; db && o < s.O; o++) db[o] = T(0);
    return;
  }
  const ConvAlgorithm algorithm = choose_algorithm(s, ConvDirection::backward_weight);
  if (is_winograd(algorithm)) return winograd_backward_weight(algorithm, s, x, dy, dw, db);
  if (reads_weights_in_place(algorithm)) return depthwise_backward_weight(s, x, dy, dw, db);
  if (algorithm == ConvAlgorithm::implicit_gemm) return WeightGradient<T>(s, x, dy, dw, db).run();
  const StridedBlocks blocks(s);
  Scratch scratch((blocks.x.size() + blocks.weights()) * index(sizeof(T)));
  T *pixels = static_cast<T*>(scratch.data()), *weights = pixels + blocks.x.size();
  blocks.x.pack(x, pixels);
  backward_weight(blocks.inner, pixels, dy, weights, db);
  blocks.unpack_weights(weights, dw);
}

}  // namespace
}  // namespace conv2d

template <class T>
void fill_conv2d(Conv2dKernels<T>& t) {
  t.forward = conv2d::forward<T>;
  t.packed_size = conv2d::packed_size<T>;
  t.pack = conv2d::pack<T>;
  t.backward_input = conv2d::backward_input<T>;
  t.backward_weight = conv2d::backward_weight<T>;
  t.algorithm = conv2d::choose_algorithm;
}
template void fill_conv2d(Conv2dKernels<float>&);
template void fill_conv2d(Conv2dKernels<double>&);

}  // namespace pydl::PYDL_ISA
