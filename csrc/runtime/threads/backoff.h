// Waiting for other threads, and when not to.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace pydl {

// A loop that waits for another thread: the first `spins` turns keep the CPU, later ones yield it, perhaps to the
// thread that we wait for.
class Spin {
 public:
  explicit Spin(int spins) : left_(spins) {}
  void turn() {
    if (left_ == 0) return std::this_thread::yield();
    left_--;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

 private:
  int left_;
};

// When other processes want the CPUs too, a worker may wait for a CPU far longer than its piece takes, and the caller
// waits for the worker: then it is faster to run serially. So this class sums the time that workers have cost: what a
// parallel primitive took, less what it would have taken on one thread. Above a limit, primitives run serially for a
// while, longer each further time, until workers pay again. One late worker, as after any sleep on a shared machine,
// stays below the limit.
class ContentionBackoff {
 public:
  using Clock = std::chrono::steady_clock;
  using Ticks = std::int64_t;  // nanoseconds
  static Ticks now() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

  bool active() const {
    const Ticks until = serial_until_.load(std::memory_order_relaxed);
    return until != 0 && now() < until;
  }
  // The caller ended its own piece, one of `size`, at `done` (it began at `begun`), then waited for the others.
  void joined(int size, Ticks begun, Ticks done) {
    const Ticks end = now(), lost = (end - begun) - size * (done - begun);
    const Ticks before = debt_.load(std::memory_order_relaxed);
    if (lost <= 0 && before == 0) return;  // the usual case
    const Ticks debt = std::max<Ticks>(before + lost, 0);
    if (debt == 0) serial_until_ = 0, pause_ = kFirstPause;
    debt_ = debt <= kCredit ? debt : kCredit / 2;  // after a pause they have some credit again
    if (debt <= kCredit) return;
    const Ticks pause = pause_.load(std::memory_order_relaxed);
    serial_until_ = end + pause;
    pause_ = std::min(2 * pause, kLongestPause);
  }

 private:
  static constexpr Ticks kCredit = 10'000'000, kFirstPause = 10'000'000, kLongestPause = 640'000'000;
  std::atomic<Ticks> debt_{0}, serial_until_{0}, pause_{kFirstPause};
};

}  // namespace pydl
