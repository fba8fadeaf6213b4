#include <doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <chrono>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/memory/pool.h"
#include "runtime/memory/scratch.h"
#include "runtime/threads/parallel.h"

namespace pydl {
namespace {

// On a busy machine primitives may run serially for a while; these tests are about the workers.
void wait_for_workers() {
  while (running_serially()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

template <class Body>
void each(index n, index grain, const Body& body) {
  parallel_for(
      n, grain, [](void* c, index begin, index end) { (*static_cast<const Body*>(c))(begin, end); },
      const_cast<Body*>(&body));
}
template <class Body>
void together(int threads, const Body& body) {
  wait_for_workers();
  parallel_region(threads, [](void* c, Team& t) { (*static_cast<const Body*>(c))(t); }, const_cast<Body*>(&body));
}

struct Threads {  // for one test, of this thread
  explicit Threads(int n) {
    wait_for_workers();
    set_thread_override(n);
  }
  ~Threads() { set_thread_override(0); }
};

// The sum of 0 ... n-1 on all threads, and how many threads took part.
std::pair<index, int> sum(index n) {
  std::atomic<index> total{0};
  std::atomic<int> workers{0};
  wait_for_workers();
  each(n, 1, [&](index begin, index end) {
    workers++;
    for (index i = begin; i < end; i++) total += i;
  });
  return {total, workers};
}

// The exit code of a child process that runs body(): 0 if it returns true. It has ten seconds.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST_CASE("parallel_for covers every index once, in pieces of at least the grain") {
  for (int threads : {1, 2, 3, 5}) {
    Threads now(threads);
    for (index n : {0, 1, 2, 7, 64, 1000})
      for (index grain : {-1, 0, 1, 3, 100, 5000}) {
        CAPTURE(threads);
        CAPTURE(n);
        CAPTURE(grain);
        std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
        std::atomic<int> pieces{0};
        std::atomic<bool> long_enough{true};
        each(n, grain, [&](index begin, index end) {
          pieces++;
          if (end - begin < std::min(n, grain)) long_enough = false;
          for (index i = begin; i < end; i++) seen[static_cast<std::size_t>(i)]++;
        });
        CHECK(pieces <= threads);
        CHECK(long_enough);
        if (n <= grain) CHECK(pieces == (n > 0));
        for (const auto& times : seen) CHECK(times == 1);
      }
  }
}

TEST_CASE("primitives inside a primitive run inline") {
  Threads now(3);
  std::atomic<bool> inline_only{true};
  each(3, 1, [&](index, index) {
    const auto caller = std::this_thread::get_id();
    each(100, 1, [&](index begin, index end) {
      if (std::this_thread::get_id() != caller || begin != 0 || end != 100) inline_only = false;
    });
    together(3, [&](Team& t) {
      if (t.size != 1 || t.rank != 0) inline_only = false;
      t.barrier();
    });
  });
  CHECK(inline_only);
}

TEST_CASE("a team waits at its barriers, also when there are more workers than CPUs") {
  for (int threads : {1, 2, 3, 7}) {
    Threads now(threads);
    constexpr int kRounds = 500;
    std::vector<int> counts(64, 0);  // each worker writes its own, all read all
    std::atomic<bool> in_step{true};
    std::atomic<int> size{0};
    together(100, [&](Team& t) {
      size = t.size;
      for (int round = 1; round <= kRounds; round++) {
        counts[static_cast<std::size_t>(t.rank)] = round;
        t.barrier();
        for (int other = 0; other < t.size; other++)
          if (counts[static_cast<std::size_t>(other)] != round) in_step = false;
        t.barrier();
      }
    });
    CHECK(in_step);
    CHECK(size == threads);
  }
  Threads now(3);
  std::atomic<int> size{0};
  together(2, [&](Team& t) { size = t.size; });
  CHECK(size == 2);
}

TEST_CASE("an exception in any worker reaches the caller, and the next primitive works") {
  Threads now(3);
  for (index bad : {0, 50, 99}) {
    CHECK_THROWS_AS(each(100, 1,
                         [&](index begin, index end) {
                           if (begin <= bad && bad < end) throw std::bad_alloc();
                         }),
                    std::bad_alloc);
    CHECK(sum(100).first == 4950);
  }
  for (int bad : {0, 1, 2}) {
    CHECK_THROWS_WITH_AS(together(3,
                                  [&](Team& t) {
                                    Scratch buffer(1000);
                                    for (int round = 0; round < 10; round++) {
                                      if (t.rank == bad && round == 5) throw std::runtime_error("mine");
                                      t.barrier();  // no worker waits forever
                                    }
                                  }),
                         "mine", std::runtime_error);
    CHECK(sum(100).second == 3);
  }
}

TEST_CASE("a worker keeps its rank from call to call, and calls with fewer or more workers start no thread twice") {
  const auto threads_of = [](int n) {
    Threads now(n);
    std::vector<std::thread::id> ids(static_cast<std::size_t>(n));
    together(n, [&](Team& t) { ids[static_cast<std::size_t>(t.rank)] = std::this_thread::get_id(); });
    return ids;
  };
  const std::vector<std::thread::id> six = threads_of(6);
  CHECK(std::count(six.begin(), six.end(), std::thread::id()) == 0);
  for (int n : {2, 4, 6, 3}) {
    const std::vector<std::thread::id> some = threads_of(n);
    CHECK(std::equal(some.begin(), some.end(), six.begin()));
  }
}

TEST_CASE("workers that fell asleep wake up") {
  Threads now(3);
  for (int milliseconds : {0, 1, 4, 5, 6, 20, 50}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    CHECK(sum(100) == std::pair<index, int>{4950, 3});
  }
}

TEST_CASE("callers at the same time stay correct and share one budget") {
  set_num_threads(3);
  std::atomic<int> running{0}, most{0}, wrong{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; i++)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; round++) {
        InKernels here;
        std::atomic<index> total{0};
        each(999, 1, [&](index begin, index end) {
          int now = ++running, before = most;
          while (before < now && !most.compare_exchange_weak(before, now)) {
          }
          for (index i = begin; i < end; i++) total += i;
          running--;
        });
        if (total != 999 * 998 / 2) wrong++;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  // A caller never waits for others: it runs alone if the budget is used up.
  CHECK(most <= 3 + 2);
  CHECK(sum(100).second == 3);  // all of the budget is free again
  set_num_threads(default_num_threads());
}

TEST_CASE("denormals are flushed inside kernels on every thread, and the caller's mode comes back") {
  Threads now(3);
  volatile double tiny = DBL_MIN;
  const auto halves = [&] { return tiny / 2 != 0; };
  REQUIRE(halves());
  std::atomic<int> kept{0};
  {
    InKernels here;
    each(3, 1, [&](index, index) { kept += halves(); });
    kept += halves();
  }
  CHECK(kept == 0);
  CHECK(halves());
  try {
    InKernels here;
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
    CHECK(halves());
  }
}

TEST_CASE("the thread count of a thread comes before that of the process") {
  set_num_threads(5);
  CHECK(num_threads() == 5);
  {
    Threads now(2);
    CHECK(num_threads() == 2);
    CHECK(thread_override() == 2);
    std::thread([] { CHECK(num_threads() == 5); }).join();
  }
  CHECK(num_threads() == 5);
  for (int bad : {0, -1, kMaxThreads + 1}) CHECK_THROWS_AS(set_num_threads(bad), std::invalid_argument);
  for (int bad : {-1, kMaxThreads + 1}) CHECK_THROWS_AS(set_thread_override(bad), std::invalid_argument);
  set_num_threads(default_num_threads());
}

#ifdef __SANITIZE_THREAD__
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
// ThreadSanitizer cannot follow threads that a forked child starts, and its allocator may be locked forever in there.
// QEMU 7 (user mode) gives such a thread the id of one of the parent's threads, and stops.
int child_threads() { return kThreadSanitizer || std::getenv("PYDL_EMULATED") ? 1 : 2; }
constexpr bool kChildAllocates = !kThreadSanitizer;

TEST_CASE("parent and child both go on after a fork, while other threads run kernels and allocate") {
  set_num_threads(2);
  REQUIRE(sum(1000).first == 499500);  // the workers have started, so the fork can lose them
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 2; i++)
    others.emplace_back([&stop, i] {
      while (!stop) {
        {
          InKernels here;
          if (sum(1000).first != 499500) std::abort();
          Scratch buffer(1 << 12);
        }
        pool_release(pool_acquire(1000 << i));
      }
    });
  for (int round = 0; round < 20; round++) {
    const int status = in_child([] {
      if (kChildAllocates) pool_release(pool_acquire(1000));
      Threads now(child_threads());  // all of the budget: the other callers are not here
      InKernels here;
      return sum(1000) == std::pair<index, int>{499500, child_threads()};
    });
    CHECK(status == 0);
    InKernels here;
    CHECK(sum(1000).first == 499500);
  }
  stop = true;
  for (std::thread& other : others) other.join();
  set_num_threads(default_num_threads());
}

}  // namespace
}  // namespace pydl
