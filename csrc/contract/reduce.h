// Reductions of one axis.
#pragma once
#include "contract/types.h"

namespace pydl {

enum class ReduceOp : int { sum, mean, max, min };

template <class Storage>
struct ReduceKernels {
  // x is (outer, axis, inner), y is (outer, inner).
  void (*reduce)(ReduceOp, index outer, index axis, index inner, const Storage* x, Storage* y);
  void (*argmax)(index outer, index axis, index inner, const Storage* x, std::int32_t* y);
};

}  // namespace pydl
