#include "parallel.h"

#include <omp.h>

namespace pydl {
namespace {
int process_threads = 0;
thread_local int override_threads = 0;
thread_local bool inside = false;
}  // namespace

int default_num_threads() { return omp_get_num_procs(); }
int num_threads() {
  if (override_threads) return override_threads;
  if (!process_threads) process_threads = default_num_threads();
  return process_threads;
}
void set_num_threads(int n) { process_threads = n; }
int thread_override() { return override_threads; }
void set_thread_override(int n) { override_threads = n; }

void parallel_for(index n, index grain, void (*body)(void*, index, index), void* context) {
  if (grain < 1) grain = 1;
  index pieces = n / grain;
  if (pieces > num_threads()) pieces = num_threads();
  if (pieces <= 1 || inside) {
    if (n > 0) body(context, 0, n);
    return;
  }
#pragma omp parallel num_threads(int(pieces))
  {
    inside = true;
    index t = omp_get_thread_num(), count = omp_get_num_threads();
    index begin = n * t / count, end = n * (t + 1) / count;
    if (begin < end) body(context, begin, end);
    inside = false;
  }
}

void Team::barrier() {
  if (size > 1) {
#pragma omp barrier
  }
}

void team(int threads, void (*body)(void*, Team&), void* context) {
  if (threads > num_threads()) threads = num_threads();
  if (threads <= 1 || inside) {
    Team alone{0, 1};
    body(context, alone);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    inside = true;
    Team member{omp_get_thread_num(), omp_get_num_threads()};
    body(context, member);
    inside = false;
  }
}

}  // namespace pydl
