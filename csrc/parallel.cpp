#include "parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <thread>

#include "check.h"
#include "cpus.h"
#include "crew.h"
#include "pool.h"

namespace pydl {
namespace {

// ---- who runs kernels now --------------------------------------------------------------------------------------

std::atomic<int> process_threads{0};  // 0: not asked for yet

// Threads inside InKernels, and the further threads that verbs run on. Together they are held to the budget.
std::atomic<int> callers{0}, workers{0};
constexpr int kForking = 1 << 20;  // added to `callers` by each fork (or BetweenKernels) under way: nobody may enter

struct Self {
  int override_threads = 0;
  int depth = 0;        // of InKernels
  bool member = false;  // runs a body of a verb on several threads: verbs inside it are inline
};
thread_local Self self;

void nap() { std::this_thread::sleep_for(std::chrono::microseconds(20)); }

void enter() {
  int now = callers.load(std::memory_order_relaxed);
  while (now >= kForking || !callers.compare_exchange_weak(now, now + 1, std::memory_order_acquire)) {
    if (now < kForking) continue;
    nap();
    now = callers.load(std::memory_order_relaxed);
  }
}

// The workers of one verb: what it wants, or what the budget has left. The caller goes on without any if there are
// none.
class Workers {
 public:
  explicit Workers(index wanted) {
    const int budget = num_threads();
    int used = workers.load(std::memory_order_relaxed);
    do {
      const int left = budget - callers.load(std::memory_order_relaxed) - used;
      count_ = int(std::clamp<index>(left, 0, wanted));
    } while (count_ > 0 && !workers.compare_exchange_weak(used, used + count_, std::memory_order_relaxed));
  }
  ~Workers() {
    if (count_ > 0) workers.fetch_sub(count_, std::memory_order_relaxed);
  }
  int count() const { return count_; }

 private:
  int count_;
};

// Where other processes want the CPUs too, a member may wait for one far longer than its piece takes, and with it the
// caller: then the caller does better alone. So there is an account of the time that members have cost: what a verb
// took, less what it would have taken alone. Once they owe too much, verbs stay on one thread for a while, for longer
// each further time, until members pay again. One late member, as after any sleep on a shared machine, is no reason.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;
  using Ticks = std::int64_t;  // nanoseconds
  static Ticks now() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

  bool lost() const {
    const Ticks until = alone_until_.load(std::memory_order_relaxed);
    return until != 0 && now() < until;
  }
  // The caller ended its own piece, one of `size`, at `done`, which it began at `begun`, and waited for the others.
  void joined(int size, Ticks begun, Ticks done) {
    const Ticks end = now(), lost = (end - begun) - size * (done - begun);
    const Ticks before = debt_.load(std::memory_order_relaxed);
    if (lost <= 0 && before == 0) return;  // as nearly always
    const Ticks debt = std::max<Ticks>(before + lost, 0);
    if (debt == 0) alone_until_ = 0, pause_ = kFirstPause;
    debt_ = debt <= kCredit ? debt : kCredit / 2;  // after a pause they have some credit again
    if (debt <= kCredit) return;
    const Ticks pause = pause_.load(std::memory_order_relaxed);
    alone_until_ = end + pause;
    pause_ = std::min(2 * pause, kLongestPause);
  }

 private:
  static constexpr Ticks kCredit = 10'000'000, kFirstPause = 10'000'000, kLongestPause = 640'000'000;
  std::atomic<Ticks> debt_{0}, alone_until_{0}, pause_{kFirstPause};
} patience;

// The first exception of a verb's members.
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

// body(rank, size) on the caller and on `others` members or fewer.
template <class Body>
void on_members(int others, Failure& failure, const Body& body) {
  struct Shared {
    const Body& body;
    Failure& failure;
    Patience::Ticks done;  // when the caller had ended its piece
  } shared{body, failure, 0};
  const Patience::Ticks begun = Patience::now();
  const int size = call_crew(
      others,
      [](void* context, int rank, int size) {
        Shared& s = *static_cast<Shared*>(context);
        self.member = true;
        s.failure.watch([&] { s.body(rank, size); });
        self.member = false;
        if (rank == 0) s.done = Patience::now();
      },
      &shared);
  patience.joined(size, begun, shared.done);
  failure.rethrow();
}

// ---- fork ------------------------------------------------------------------------------------------------------

// Only the forking thread lives on in the child. So a fork waits until no thread is inside kernels and lets none in:
// every lock that is only taken there is free, and every member of the crew waits for a call. Then the pool, which is
// used outside kernels too. WARNING: in this order. A kernel that ends may need the pool. The child gets a new crew
// when it needs one.
void close_gate() {
  callers.fetch_add(kForking);
  const int own = self.depth > 0;
  while (callers.load(std::memory_order_acquire) % kForking != own) nap();
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
  forget_crew();
  workers = 0;
  callers = self.depth > 0;
}
[[maybe_unused]] const int registered = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);

}  // namespace

InKernels::InKernels() {
  if (self.depth++ == 0) enter();
}
InKernels::~InKernels() {
  if (--self.depth == 0) callers.fetch_sub(1, std::memory_order_release);
}

BetweenKernels::BetweenKernels() { close_gate(); }
BetweenKernels::~BetweenKernels() { open_gate(); }

void parallel_for(index n, index grain, void (*body)(void*, index, index), void* context) {
  if (n <= 0) return;
  const index pieces = n / std::max<index>(grain, 1);
  if (pieces <= 1 || self.member || patience.lost()) return body(context, 0, n);
  InKernels here;
  Workers others(pieces - 1);
  if (others.count() == 0) return body(context, 0, n);
  Failure failure;
  on_members(others.count(), failure, [&](index rank, index size) {
    const index length = n / size, longer = n % size;  // the first `longer` pieces have one more
    const index begin = rank * length + std::min(rank, longer);
    body(context, begin, begin + length + (rank < longer));
  });
}

// Members spin: a recurrent kernel meets twice per time step, which takes microseconds.
struct Team::Meeting {
  alignas(64) std::atomic<int> arrived{0};
  alignas(64) std::atomic<unsigned> round{0};
  Failure failure;
};

void Team::barrier() {
  if (size == 1) return;
  struct Stopped {};
  const unsigned round = meeting_->round.load(std::memory_order_relaxed);
  if (meeting_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == size) {
    meeting_->arrived.store(0, std::memory_order_relaxed);
    meeting_->round.store(round + 1, std::memory_order_release);
    return;
  }
  Spin spin(200);  // about 10 us
  while (meeting_->round.load(std::memory_order_acquire) == round) {
    if (meeting_->failure.seen()) throw Stopped{};
    spin.turn();
  }
}

void team(int threads, void (*body)(void*, Team&), void* context) {
  const auto alone = [&] {
    Team team(0, 1, nullptr);
    body(context, team);
  };
  if (threads <= 1 || self.member || patience.lost()) return alone();
  InKernels here;
  Workers others(threads - 1);
  if (others.count() == 0) return alone();
  Team::Meeting meeting;
  on_members(others.count(), meeting.failure, [&](int rank, int size) {
    Team team(rank, size, &meeting);
    body(context, team);
  });
}

// ---- thread counts ---------------------------------------------------------------------------------------------

int default_num_threads() {
  if (const int threads = threads_from_environment()) return threads;
  return std::min(usable_cpus(cpus_of_process(), cgroup_cpu_quota()), kMaxThreads);
}

int num_threads() {
  if (self.override_threads) return self.override_threads;
  int threads = process_threads.load(std::memory_order_relaxed);
  if (threads) return threads;
  const int wanted = default_num_threads();
  return process_threads.compare_exchange_strong(threads, wanted) ? wanted : threads;
}

void set_num_threads(int n) {
  PYDL_CHECK(n >= 1 && n <= kMaxThreads, "[set_num_threads] n: expected 1 to ", kMaxThreads, ", got ", n);
  process_threads = n;
}

bool going_alone() { return patience.lost(); }

int thread_override() { return self.override_threads; }

void set_thread_override(int n) {
  PYDL_CHECK(n >= 0 && n <= kMaxThreads, "[threads] n: expected 1 to ", kMaxThreads, ", got ", n);
  self.override_threads = n;
}

}  // namespace pydl
