// The only interface to other threads: two parallel primitives, compiled once for the baseline. They take plain
// function pointers and a context, no templates, so that no copy of them can be part of an instruction-set build.
// Kernels call them through kernels/common/parallel.h.
//
// An exception in a body ends its primitive and reaches the caller: the first one, after every worker has stopped.
#pragma once
#include "contract/types.h"
#include "runtime/threads/denormals.h"
#include "runtime/threads/thread_count.h"

namespace pydl {

// Runs body(context, begin, end) over disjoint pieces of [0, n), at most num_threads() at once. Pieces are at least
// `grain` long (the last may be shorter). Runs inline if n <= grain, if one thread is left, or inside another
// primitive.
// WARNING: where the pieces begin depends on the thread count, so results must not depend on it.
void parallel_for(index n, index grain, void (*body)(void* context, index begin, index end), void* context);

// The directions in which a thread last traversed packed weights, kept from call to call: the next traversal is
// reversed and begins with what is still in L2. No result depends on them.
struct WalkDirections {
  bool inputs = false, hidden = false, backward = false;
};

// A group of threads that run the same body and wait for each other at barriers.
class Team {
 public:
  int rank;
  int size;
  WalkDirections& walks;  // of this thread
  void barrier();         // every worker must call it; if a worker throws, the others leave the barrier by an exception

 private:
  friend void parallel_region(int, void (*)(void*, Team&), void*);
  struct Barrier;
  Team(int rank, int size, Barrier* barrier);
  Barrier* barrier_;
};
// Runs body(context, team) on every worker. At most `threads` workers and at most num_threads(); always >= 1.
void parallel_region(int threads, void (*body)(void* context, Team& team), void* context);

// While it lives, this thread runs kernels: denormals are flushed to zero (the caller's mode is restored at the end),
// the thread counts in the budget that all callers share, and a fork waits for its end. May be nested.
class InKernels {
 public:
  InKernels();
  ~InKernels();
  InKernels(const InKernels&) = delete;
  InKernels& operator=(const InKernels&) = delete;

 private:
  FlushDenormals flush_;
};

// While one of these lives no thread is inside kernels: for settings that all steps of a running plan must agree on.
class BetweenKernels {
 public:
  BetweenKernels();
  ~BetweenKernels();
  BetweenKernels(const BetweenKernels&) = delete;
  BetweenKernels& operator=(const BetweenKernels&) = delete;
};

bool running_serially();  // other processes use the CPUs: primitives run on the caller's thread alone for a while

}  // namespace pydl
