// The only door to other threads. Two verbs, compiled once at baseline: plain function pointers and a context, no
// templates, so that no copy of them can leak out of an instruction-set build. Kernels call them through
// kernels/parallel.h.
//
// An exception thrown by a body ends its verb and reaches the caller: the first one, once every member has stopped.
#pragma once
#include "denormals.h"
#include "kernels.h"

namespace pydl {

inline constexpr int kMaxThreads = 512;  // asking the system for too many threads would end the process

// Runs body(context, begin, end) over disjoint pieces of [0, n). Pieces are at least `grain` long (the last may be
// shorter); at most num_threads() run at once. Inline when n <= grain, one thread is left, or inside another verb.
// WARNING: where the pieces begin depends on the thread count, so results must not depend on it (docs/runtime.md).
void parallel_for(index n, index grain, void (*body)(void* context, index begin, index end), void* context);

// A group of threads that run the same body and meet at barriers.
class Team {
 public:
  int rank;
  int size;
  void barrier();  // every member must come; a member that throws sets the others free, by an exception of their own

 private:
  friend void team(int, void (*)(void*, Team&), void*);
  struct Meeting;
  Team(int rank, int size, Meeting* meeting) : rank(rank), size(size), meeting_(meeting) {}
  Meeting* meeting_;
};
// Runs body(context, team) on every member. At most `threads` members and at most num_threads(); always >= 1.
void team(int threads, void (*body)(void* context, Team& team), void* context);

// While it lives, this thread runs kernels: denormals are flushed to zero (the caller's mode comes back), the thread
// counts in the budget that all callers share, and a fork waits for it to end. May be nested.
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

int num_threads();            // of the calling thread: its override, else the process's setting
void set_num_threads(int n);  // the process's setting; 1 <= n <= kMaxThreads
int default_num_threads();    // PYDL_NUM_THREADS, OMP_NUM_THREADS (cpus.h), else affinity and the container's CPU quota
bool going_alone();           // other processes keep our threads waiting: verbs stay on the caller's for a while
int thread_override();        // 0 when the calling thread has none
void set_thread_override(int n);  // for this thread only; 0 removes it

}  // namespace pydl
