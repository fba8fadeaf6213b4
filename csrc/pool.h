// The reusing pool behind every output array: fresh pages from malloc cost more than many kernels.
// Blocks are 64-byte aligned, kept by size class (at most 12.5 % waste), and freed least recently used first once the
// idle bytes pass a bound.
#pragma once
#include "kernels.h"

namespace pydl {

void* pool_acquire(index bytes);  // throws std::bad_alloc; bytes >= 0; contents undefined
void pool_release(void* block);

struct PoolStats {
  index used_bytes, idle_bytes, peak_bytes;  // in blocks handed out, kept for reuse, and the highest sum seen
  index used_blocks, idle_blocks;
  index acquired, reused;  // counts since start
  index limit_bytes;       // bound on idle_bytes
};
PoolStats pool_stats();
void pool_release_idle();  // gives every idle block back to the system
void pool_set_limit(index bytes);

}  // namespace pydl
