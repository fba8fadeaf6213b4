// How many threads kernels may use.
#pragma once

namespace pydl {

inline constexpr int kMaxThreads = 512;  // the system ends a process that creates too many threads

int num_threads();                // of the calling thread: its override, else the process's setting
void set_num_threads(int n);      // the process's setting; 1 <= n <= kMaxThreads
int default_num_threads();        // PYDL_NUM_THREADS, OMP_NUM_THREADS (cpus.h), else affinity and the container's quota
int thread_override();            // 0 when the calling thread has none
void set_thread_override(int n);  // for this thread only; 0 removes it

}  // namespace pydl
