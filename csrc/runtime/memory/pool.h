// The memory pool behind every output array: fresh pages from malloc cost more than many kernels.
// Blocks are 64-byte aligned and kept by size class: 8 classes per power of two, so a block wastes at most 12.5 %, or
// less than one cache line below 512 bytes. If a class has no idle block, a larger one of at most 1.5 times the size
// serves.
//
// Idle blocks are kept as long as recent use needs them. Before fresh memory is taken, and from time to time, the
// blocks that have been idle longest are freed, until used and idle bytes together are at most a quarter above the
// highest recent use. A program that repeats its work takes no fresh memory.
#pragma once
#include "contract/types.h"

namespace pydl {

void* pool_acquire(index bytes);  // throws std::bad_alloc; bytes >= 0; contents undefined
void pool_release(void* block);   // null is fine

struct PoolStats {
  index used_bytes, idle_bytes;  // in blocks handed out, and in idle blocks, by the size of their class
  index peak_bytes;              // the highest sum of both so far
  index used_blocks, idle_blocks;
  index acquired, reused;  // counts since start
  index limit_bytes;       // a further bound on idle_bytes
};
PoolStats pool_stats();
void pool_release_idle();  // gives every idle block back to the system
void pool_set_limit(index bytes);
// After work that will not be repeated, such as recording a plan: forgets the highest recent use, and frees idle blocks
// accordingly.
void pool_settle();

// Around a fork (see parallel.cpp): no thread is inside the pool when the child is made.
void pool_before_fork();
void pool_after_fork();

}  // namespace pydl
