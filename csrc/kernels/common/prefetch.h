// Software prefetch: what a kernel will read next is loaded into a cache while the kernel computes.
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr int kIntoL1 = 3, kIntoL2 = 2;

// Prefetches the cache lines of the n elements from p on.
template <int kCache, class T>
PYDL_INLINE void prefetch(const T* p, index n = 1) {
  for (index i = 0; i < n; i += kLineSize<T>) __builtin_prefetch(p + i, 0, kCache);
}
template <class T>
PYDL_INLINE void prefetch_for_writing(const T* p) {
  __builtin_prefetch(p, 1);
}

// What a tile prefetches into L2 while it multiplies: `rows` rows of `lines` cache lines, `stride` elements apart. It
// does so a few lines per step, because many prefetches at once delay the tile's own loads.
template <class T>
struct Prefetcher {
  const T* data = nullptr;
  index rows = 0, stride = 0, lines = 0;
  Prefetcher part(index i, index count) const {  // the i-th of `count`
    const index begin = rows * i / count;
    return {data + begin * stride, rows * (i + 1) / count - begin, stride, lines};
  }
};

// Blocks of memory that tiles prefetch one after the other. A prefetch of what is in L2 already only costs time.
template <class T>
class PrefetchQueue {
 public:
  struct Lines {
    const T* first;
    index count;
  };

  void add(const T* block, index size) {
    if (size > 0) blocks_[count_++] = {block, size / kLineSize<T>};
  }
  // Takes up to `most` lines that no tile has prefetched yet.
  PYDL_INLINE Lines take(index most) {
    if (at_ == count_) return {nullptr, 0};
    Lines& block = blocks_[at_];
    const Lines taken{block.first, block.count < most ? block.count : most};
    block.first += taken.count * kLineSize<T>;
    block.count -= taken.count;
    if (block.count == 0) at_++;
    return taken;
  }

 private:
  static constexpr int kBlocks = 3;  // operands, gates and states of a step
  Lines blocks_[kBlocks];
  int at_ = 0, count_ = 0;
};

}  // namespace
}  // namespace pydl::PYDL_ISA
