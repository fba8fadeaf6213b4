// The threads that verbs run on beside the caller's: made once, then waiting for calls (see parallel.h).
#pragma once
#include <thread>

namespace pydl {

// Runs body(context, rank, size) on the caller, which has rank 0, and on up to `others` further threads: those that no
// other caller has. Returns size when all have ended. body must not throw.
int call_crew(int others, void (*body)(void* context, int rank, int size), void* context);

int cpus_of_process();  // that its affinity mask leaves

void forget_crew();  // in a forked child, which has none of its threads

// A loop that waits for another thread: the first `spins` turns keep the CPU, the others leave it to whoever wants it,
// perhaps to the thread that we wait for.
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

}  // namespace pydl
