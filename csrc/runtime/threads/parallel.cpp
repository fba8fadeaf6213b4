#include "runtime/threads/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#include "runtime/memory/pool.h"
#include "runtime/threads/backoff.h"
#include "runtime/threads/worker_pool.h"

namespace pydl {
namespace {

// ---- who runs kernels now --------------------------------------------------------------------------------------

// Threads inside InKernels, and the workers in use by primitives. The budget limits their sum.
std::atomic<int> callers{0}, workers{0};
constexpr int kForking =
    1 << 20;  // added to `callers` by each fork (or BetweenKernels) in progress: no thread may enter

struct ThreadLocalState {
  int depth = 0;              // of InKernels
  bool in_primitive = false;  // runs a body on several threads: nested primitives run inline
  WalkDirections walks;
};
thread_local ThreadLocalState local;

void sleep_briefly() { std::this_thread::sleep_for(std::chrono::microseconds(20)); }

void enter() {
  int now = callers.load(std::memory_order_relaxed);
  while (now >= kForking || !callers.compare_exchange_weak(now, now + 1, std::memory_order_acquire)) {
    if (now < kForking) continue;
    sleep_briefly();
    now = callers.load(std::memory_order_relaxed);
  }
}

// The workers of one primitive: what it requests, or what is left of the budget. Without any, it runs on the caller
// alone.
class WorkerBudget {
 public:
  explicit WorkerBudget(index wanted) {
    const int budget = num_threads();
    int used = workers.load(std::memory_order_relaxed);
    do {
      const int left = budget - callers.load(std::memory_order_relaxed) - used;
      count_ = int(std::clamp<index>(left, 0, wanted));
    } while (count_ > 0 && !workers.compare_exchange_weak(used, used + count_, std::memory_order_relaxed));
  }
  ~WorkerBudget() {
    if (count_ > 0) workers.fetch_sub(count_, std::memory_order_relaxed);
  }
  int count() const { return count_; }

 private:
  int count_;
};

ContentionBackoff backoff;

// The first exception of a primitive's workers.
class Failure {
 public:
  template <class Body>
  void watch(const Body& body) {
    try {
      body();
    } catch (...) {
      if (!seen_.exchange(true)) first_ = std::current_exception();
    }
  }
  bool seen() const { return seen_.load(std::memory_order_relaxed); }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::atomic<bool> seen_{false};
  std::exception_ptr first_;
};

// body(rank, size) on the caller and on `others` workers or fewer.
template <class Body>
void run_parallel(int others, Failure& failure, const Body& body) {
  struct Shared {
    const Body& body;
    Failure& failure;
    ContentionBackoff::Ticks done;  // when the caller had ended its piece
  } shared{body, failure, 0};
  const ContentionBackoff::Ticks begun = ContentionBackoff::now();
  const int size = run_on_workers(
      others,
      [](void* context, int rank, int size) {
        Shared& s = *static_cast<Shared*>(context);
        local.in_primitive = true;
        s.failure.watch([&] { s.body(rank, size); });
        local.in_primitive = false;
        if (rank == 0) s.done = ContentionBackoff::now();
      },
      &shared);
  backoff.joined(size, begun, shared.done);
  failure.rethrow();
}

// ---- fork ------------------------------------------------------------------------------------------------------

// Only the forking thread exists in the child. So a fork waits until no thread is inside kernels and lets none enter:
// then every lock that is taken only there is free, and every worker is idle. Then it locks the memory pool, which is
// used outside kernels too. WARNING: keep this order, because a kernel that ends may need the memory pool. The child
// creates its own workers when it needs them.
void close_gate() {
  callers.fetch_add(kForking);
  const int own = local.depth > 0;
  while (callers.load(std::memory_order_acquire) % kForking != own) sleep_briefly();
}
void open_gate() { callers.fetch_sub(kForking); }

void before_fork() {
  close_gate();
  pool_before_fork();
}
void after_fork_in_parent() {
  pool_after_fork();
  open_gate();
}
void after_fork_in_child() {
  pool_after_fork();
  discard_workers_after_fork();
  workers = 0;
  callers = local.depth > 0;
}
[[maybe_unused]] const int registered = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);

}  // namespace

InKernels::InKernels() {
  if (local.depth++ == 0) enter();
}
InKernels::~InKernels() {
  if (--local.depth == 0) callers.fetch_sub(1, std::memory_order_release);
}

BetweenKernels::BetweenKernels() { close_gate(); }
BetweenKernels::~BetweenKernels() { open_gate(); }

void parallel_for(index n, index grain, void (*body)(void*, index, index), void* context) {
  if (n <= 0) return;
  const index pieces = n / std::max<index>(grain, 1);
  if (pieces <= 1 || local.in_primitive || backoff.active()) return body(context, 0, n);
  InKernels here;
  WorkerBudget others(pieces - 1);
  if (others.count() == 0) return body(context, 0, n);
  Failure failure;
  run_parallel(others.count(), failure, [&](index rank, index size) {
    const index length = n / size, longer = n % size;  // the first `longer` pieces have one more
    const index begin = rank * length + std::min(rank, longer);
    body(context, begin, begin + length + (rank < longer));
  });
}

// Workers spin: a recurrent kernel has two barriers per time step, which takes microseconds.
struct Team::Barrier {
  alignas(64) std::atomic<int> arrived{0};
  alignas(64) std::atomic<unsigned> round{0};
  Failure failure;
};

Team::Team(int rank, int size, Barrier* barrier) : rank(rank), size(size), walks(local.walks), barrier_(barrier) {}

void Team::barrier() {
  if (size == 1) return;
  struct Stopped {};
  const unsigned round = barrier_->round.load(std::memory_order_relaxed);
  if (barrier_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == size) {
    barrier_->arrived.store(0, std::memory_order_relaxed);
    barrier_->round.store(round + 1, std::memory_order_release);
    return;
  }
  Spin spin(200);  // about 10 us
  while (barrier_->round.load(std::memory_order_acquire) == round) {
    if (barrier_->failure.seen()) throw Stopped{};
    spin.turn();
  }
}

void parallel_region(int threads, void (*body)(void*, Team&), void* context) {
  const auto serially = [&] {
    Team team(0, 1, nullptr);
    body(context, team);
  };
  if (threads <= 1 || local.in_primitive || backoff.active()) return serially();
  InKernels here;
  WorkerBudget others(threads - 1);
  if (others.count() == 0) return serially();
  Team::Barrier barrier;
  run_parallel(others.count(), barrier.failure, [&](int rank, int size) {
    Team team(rank, size, &barrier);
    body(context, team);
  });
}

bool running_serially() { return backoff.active(); }

}  // namespace pydl
