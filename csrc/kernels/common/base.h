// What kernels of all families share: ranges, arithmetic of sizes, and the least work of a thread.
#pragma once
#include "contract/types.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index min(index a, index b) { return a < b ? a : b; }
constexpr index max(index a, index b) { return a > b ? a : b; }
constexpr index ceil_div(index a, index b) { return (a + b - 1) / b; }  // a >= 0, b > 0

struct Range {
  index begin, end;
  index size() const { return end - begin; }
  // The i-th of `count` parts; their sizes differ by one at most.
  Range part(index i, index count) const { return {begin + size() * i / count, begin + size() * (i + 1) / count}; }
};

constexpr index kGrain = 16 * 1024;  // elements; fewer are not worth a second thread
constexpr index grain_of_rows(index cols) { return kGrain / (cols + 1) + 1; }

}  // namespace
}  // namespace pydl::PYDL_ISA
