// How exact convolutions must be: one setting of the process.
//   default   fast algorithms with a larger, bounded error are allowed (docs/kernels/winograd.md)
//   strict    sums of products only
#pragma once
#include "contract/conv2d.h"

namespace pydl {

const char* precision();               // at first: PYDL_PRECISION, else "default"
void set_precision(const char* name);  // throws std::invalid_argument

// What Conv2dShape::algorithm requests now: the forced algorithm (for tests and measurements), else what the precision
// allows. Changes only inside BetweenKernels (parallel.h), so that packed weights and the steps that read them agree.
ConvAlgorithm conv2d_requested();
void force_conv2d(ConvAlgorithm algorithm);  // `automatic` forces nothing

const char* conv2d_algorithm_name(ConvAlgorithm algorithm);
ConvAlgorithm conv2d_algorithm_of(const char* name);  // throws std::invalid_argument

}  // namespace pydl
