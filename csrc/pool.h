// The reusing pool behind every output array: fresh pages from malloc cost more than many kernels.
// Blocks are 64-byte aligned and kept by size class: 8 classes per power of two, so at most 12.5 % are wasted, or less
// than one cache line in blocks below 512 bytes. Once the idle bytes pass a bound, those idle for longest are freed.
#pragma once
#include "kernels.h"

namespace pydl {

void* pool_acquire(index bytes);  // throws std::bad_alloc; bytes >= 0; contents undefined
void pool_release(void* block);   // null is fine

struct PoolStats {
  index used_bytes, idle_bytes;  // in blocks handed out and kept for reuse, counted by the size of their class
  index peak_bytes;              // the highest sum of both seen
  index used_blocks, idle_blocks;
  index acquired, reused;  // counts since start
  index limit_bytes;       // bound on idle_bytes
};
PoolStats pool_stats();
void pool_release_idle();  // gives every idle block back to the system
void pool_set_limit(index bytes);

// Around a fork (see parallel.cpp): no thread is inside the pool when the child is made.
void pool_before_fork();
void pool_after_fork();

}  // namespace pydl
