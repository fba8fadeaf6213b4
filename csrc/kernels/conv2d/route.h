// Which algorithm a convolution takes.
#pragma once
#include "contract/conv2d.h"

namespace pydl::PYDL_ISA::conv2d {

// Depends on the shape alone, never on the number of threads.
ConvAlgorithm choose_algorithm(const Conv2dShape& s, ConvDirection direction);

// backward-input by blocks (blocks.h): how many strides of dx a block spans.
struct BlockSteps {
  index h, w;
};
BlockSteps gradient_steps(const Conv2dShape& s);

constexpr bool is_winograd(ConvAlgorithm a) {
  return a == ConvAlgorithm::winograd_4x4 || a == ConvAlgorithm::winograd_5x5;
}

// In winograd.cpp; `packed` as in contract/conv2d.h.
template <class T>
index winograd_packed_size(ConvAlgorithm, const Conv2dShape&, bool backward);
template <class T>
void winograd_pack(ConvAlgorithm, const Conv2dShape&, bool backward, const T* w, T* packed);
template <class T>
void winograd_forward(ConvAlgorithm, const Conv2dShape&, const T* x, const T* w, const T* packed, const Epilogue<T>&,
                      T* y);
template <class T>
void winograd_backward_input(ConvAlgorithm, const Conv2dShape&, const T* dy, const T* w, const T* packed,
                             const Epilogue<T>&, T* dx);
template <class T>
void winograd_backward_weight(ConvAlgorithm, const Conv2dShape&, const T* x, const T* dy, T* dw, T* db);

}  // namespace pydl::PYDL_ISA::conv2d
