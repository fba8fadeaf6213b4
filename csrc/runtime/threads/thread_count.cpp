#include "runtime/threads/thread_count.h"

#include <algorithm>
#include <atomic>

#include "runtime/check.h"
#include "runtime/threads/cpus.h"
#include "runtime/threads/worker_pool.h"

namespace pydl {
namespace {

std::atomic<int> process_threads{0};  // 0: not determined yet
thread_local int override_threads = 0;

}  // namespace

int default_num_threads() {
  if (const int threads = threads_from_environment()) return threads;
  return std::min(usable_cpus(cpus_of_process(), cgroup_cpu_quota()), kMaxThreads);
}

int num_threads() {
  if (override_threads) return override_threads;
  int threads = process_threads.load(std::memory_order_relaxed);
  if (threads) return threads;
  const int wanted = default_num_threads();
  return process_threads.compare_exchange_strong(threads, wanted) ? wanted : threads;
}

void set_num_threads(int n) {
  PYDL_CHECK(n >= 1 && n <= kMaxThreads, "[set_num_threads] n: expected 1 to ", kMaxThreads, ", got ", n);
  process_threads = n;
}

int thread_override() { return override_threads; }

void set_thread_override(int n) {
  PYDL_CHECK(n >= 0 && n <= kMaxThreads, "[threads] n: expected 1 to ", kMaxThreads, ", got ", n);
  override_threads = n;
}

}  // namespace pydl
