// The threads that parallel primitives run on beside the caller's: created once, then waiting for calls (see
// parallel.h).
#pragma once

namespace pydl {

// Runs body(context, rank, size) on the caller, which has rank 0, and on up to `others` idle workers. Returns size when
// all have ended. body must not throw.
int run_on_workers(int others, void (*body)(void* context, int rank, int size), void* context);

int cpus_of_process();  // CPUs in its affinity mask

void discard_workers_after_fork();  // in the child process, which has no such threads

}  // namespace pydl
