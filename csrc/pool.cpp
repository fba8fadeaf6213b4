#include "pool.h"

#include <cstdlib>
#include <new>

namespace pydl {
void* pool_acquire(index bytes) {
  void* p = std::aligned_alloc(64, std::size_t((bytes + 64) / 64 * 64));
  if (!p) throw std::bad_alloc();
  return p;
}
void pool_release(void* block) { std::free(block); }
PoolStats pool_stats() { return {}; }
void pool_release_idle() {}
void pool_set_limit(index) {}
}  // namespace pydl
