#include "runtime/threads/worker_pool.h"

#include <omp.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <system_error>

#include "runtime/threads/backoff.h"
#include "runtime/threads/denormals.h"
#include "runtime/threads/thread_count.h"

namespace pydl {
namespace {

// Turns of Spin, about 50 ns each. A caller keeps its CPU while workers end their pieces; an idle worker keeps its CPU
// between the primitives of one forward pass. Neither does if there are more threads than CPUs.
constexpr int kCallerSpins = 20'000, kWorkerSpins = 10'000;

// How long an idle worker stays awake, because the next call often comes soon.
std::chrono::milliseconds waking_time() {
  const char* policy = std::getenv("OMP_WAIT_POLICY");
  return std::chrono::milliseconds(policy && strcasecmp(policy, "passive") == 0 ? 0 : 5);
}

struct Call {
  void (*body)(void* context, int rank, int size);
  void* context;
  int rank, size;
  std::atomic<int>* running;  // workers that were called and have not ended
};

class Worker {
 public:
  // -- for callers: take a worker, call it, wait for its end, release it
  bool take() { return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true, std::memory_order_acquire); }
  void release() { taken_.store(false, std::memory_order_release); }
  void call(const Call& call) {
    call_ = call;
    calls_.fetch_add(1);  // before the read of asleep_: the worker writes asleep_ before it reads calls_
    if (!asleep_.load()) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
    }  // the worker waits by now
    wake_.notify_one();
  }

  // -- for its own thread
  [[noreturn]] void serve(int spins) {
    const FlushDenormals flush;
    const std::chrono::milliseconds awake = waking_time();
    for (unsigned seen = 0;; seen++) {
      wait_for_call(seen, spins, awake);
      const Call call = call_;
      call.body(call.context, call.rank, call.size);
      call.running->fetch_sub(1, std::memory_order_release);  // the last access to the caller's memory
    }
  }

 private:
  void wait_for_call(unsigned seen, int spins, std::chrono::milliseconds awake) {
    using Clock = std::chrono::steady_clock;
    const auto called = [&] { return calls_.load() != seen; };
    const Clock::time_point begun = Clock::now();
    Spin spin(spins);
    for (int turn = 1; !called(); turn++) {
      spin.turn();
      if (turn % 64 != 0 || Clock::now() - begun < awake) continue;
      std::unique_lock<std::mutex> lock(mutex_);
      asleep_.store(true);
      wake_.wait(lock, called);
      asleep_.store(false);
      return;
    }
  }

  alignas(64) std::atomic<unsigned> calls_{0};  // its own cache line: a call is one message between CPUs
  Call call_{};
  alignas(64) std::atomic<bool> taken_{false};  // its own cache line: only callers read it
  alignas(64) std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

// Counts down until all threads of a new region have arrived.
class Latch {
 public:
  void one_of(int all) {
    const std::lock_guard<std::mutex> lock(mutex_);
    all_ = all;
    here_++;
    changed_.notify_one();
  }
  int wait_for_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return here_ == all_; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int all_ = -1, here_ = 0;
};

class WorkerPool {
 public:
  // The number of workers: `wanted` or more, unless the system refuses more threads.
  int size(int wanted) {
    if (size_.load(std::memory_order_acquire) < wanted) grow(wanted);
    return size_.load(std::memory_order_acquire);
  }
  Worker& operator[](int i) { return *workers_[i]; }
  int cpus() const { return cpus_; }

 private:
  // OpenMP creates the threads and binds them to CPUs as OMP_PROC_BIND and OMP_PLACES say. But to start and join them
  // it needs two system calls and several messages, half a microsecond at best, so workers never leave the region that
  // created them. Its rank 0 counts and binds as the caller's thread, and is not used.
  void grow(int wanted) {
    const std::lock_guard<std::mutex> lock(growing_);
    wanted = std::max(wanted, num_threads() - 1);  // one region now, instead of one for each larger primitive
    const int before = size_.load(std::memory_order_relaxed);
    if (wanted <= requested_) return;  // another caller has created them, or the system refuses more
    requested_ = wanted;
    for (int i = before; i < wanted; i++)
      if (!workers_[i]) workers_[i] = std::make_unique<Worker>();
    Latch arrived;
    try {
      std::thread([this, before, wanted, &arrived] {
        const int spins = wanted < cpus_ ? kWorkerSpins : 0;
#pragma omp parallel num_threads(wanted - before + 1)
        {
          const int rank = omp_get_thread_num();
          arrived.one_of(omp_get_num_threads());
          if (rank > 0) workers_[before + rank - 1]->serve(spins);
          for (;;) pause();
        }
      }).detach();
    } catch (const std::system_error&) {  // the system refuses even one more thread
      return;
    }
    size_.store(before + arrived.wait_for_all() - 1, std::memory_order_release);
  }

  std::atomic<int> size_{0};
  const int cpus_ = cpus_of_process();
  std::mutex growing_;
  int requested_ = 0;
  std::unique_ptr<Worker> workers_[kMaxThreads];
};

// Never destroyed: its threads run until the process ends.
std::atomic<WorkerPool*> the_pool{nullptr};

WorkerPool& worker_pool() {
  WorkerPool* pool = the_pool.load(std::memory_order_acquire);
  if (pool) return *pool;
  auto made = std::make_unique<WorkerPool>();
  return the_pool.compare_exchange_strong(pool, made.get(), std::memory_order_acq_rel) ? *made.release() : *pool;
}

}  // namespace

int run_on_workers(int others, void (*body)(void* context, int rank, int size), void* context) {
  WorkerPool& workers = worker_pool();
  const int there = workers.size(others);
  int taken[kMaxThreads], count = 0;
  for (int i = 0; i < there && count < others; i++)
    if (workers[i].take()) taken[count++] = i;
  alignas(64) std::atomic<int> running{count};
  for (int i = 0; i < count; i++) workers[taken[i]].call({body, context, 1 + i, 1 + count, &running});
  body(context, 0, 1 + count);
  Spin spin(count < workers.cpus() ? kCallerSpins : 0);
  while (running.load(std::memory_order_acquire) > 0) spin.turn();
  for (int i = 0; i < count; i++) workers[taken[i]].release();
  return 1 + count;
}

int cpus_of_process() { return omp_get_num_procs(); }

void discard_workers_after_fork() { the_pool.store(nullptr, std::memory_order_release); }

}  // namespace pydl
