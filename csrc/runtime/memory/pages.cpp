#include "runtime/memory/pages.h"

#include <sys/mman.h>

#include <cstdlib>
#include <limits>
#include <new>

namespace pydl {
namespace {

// One page fault per 4 KB of fresh memory costs more than most kernels: 19 ms for 51 MB, against 3 ms on 2 MB pages.
constexpr index kHugePage = index(2) << 20;
constexpr index kPage = index(64) << 10;  // the largest ordinary page of any target

index round_up(index bytes, index unit) { return (bytes + unit - 1) / unit * unit; }

char* map(index bytes) {
  void* block = mmap(nullptr, std::size_t(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(block);
}

}  // namespace

void* pages_acquire(index bytes) {
  if (bytes > std::numeric_limits<index>::max() - 2 * kHugePage) throw std::bad_alloc();
  if (bytes < kHugePage) {
    void* block = std::aligned_alloc(64, std::size_t(round_up(bytes, 64)));
    if (!block) throw std::bad_alloc();
    return block;
  }
  // Map one huge page more than is needed and cut off both ends, so that the block begins on a huge page.
  const index size = round_up(bytes, kPage);
  char* mapped = map(size + kHugePage);
  const index before = -reinterpret_cast<index>(mapped) & (kHugePage - 1);
  if (before > 0) munmap(mapped, std::size_t(before));
  if (before < kHugePage) munmap(mapped + before + size, std::size_t(kHugePage - before));
  madvise(mapped + before, std::size_t(size), MADV_HUGEPAGE);  // a hint: the kernel may have none
  return mapped + before;
}

void pages_release(void* block, index bytes) {
  if (bytes < kHugePage) return std::free(block);
  munmap(block, std::size_t(round_up(bytes, kPage)));
}

}  // namespace pydl
