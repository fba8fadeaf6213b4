// The reusing pool behind every output array: fresh pages from malloc cost more than many kernels.
// Blocks are 64-byte aligned and kept by size class: 8 classes per power of two, so a fresh block wastes at most 12.5
// %, or less than one cache line below 512 bytes. An idle block of up to half as much again serves where there is none
// of the class itself.
//
// Idle blocks are kept for what the program did lately: before fresh memory is taken, and from time to time, those idle
// for longest are freed until used and idle bytes together are at most a quarter above the highest use of late. A
// program that does the same again and again meets only blocks that it had before.
#pragma once
#include "contract/types.h"

namespace pydl {

void* pool_acquire(index bytes);  // throws std::bad_alloc; bytes >= 0; contents undefined
void pool_release(void* block);   // null is fine

struct PoolStats {
  index used_bytes, idle_bytes;  // in blocks handed out and kept for reuse, counted by the size of their class
  index peak_bytes;              // the highest sum of both seen
  index used_blocks, idle_blocks;
  index acquired, reused;  // counts since start
  index limit_bytes;       // a further bound on idle_bytes
};
PoolStats pool_stats();
void pool_release_idle();  // gives every idle block back to the system
void pool_set_limit(index bytes);
// After work that will not be done again, such as recording a plan: forgets how much was in use, and frees idle blocks
// accordingly.
void pool_settle();

// Around a fork (see parallel.cpp): no thread is inside the pool when the child is made.
void pool_before_fork();
void pool_after_fork();

}  // namespace pydl
