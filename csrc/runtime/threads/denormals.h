// Denormal numbers (below 1e-38 in float) cost a hundred cycles each and mean nothing to a network: kernels flush them
// to zero. The mode belongs to a thread, so every thread sets it when it enters kernels and restores it when it leaves.
#pragma once
#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace pydl {

#if defined(__x86_64__)
constexpr std::uint64_t kFlushDenormals = 0x8040;  // MXCSR: flush results to zero, read denormal operands as zero
inline std::uint64_t float_mode() { return _mm_getcsr(); }
inline void set_float_mode(std::uint64_t mode) { _mm_setcsr(static_cast<unsigned>(mode)); }
#elif defined(__aarch64__)
constexpr std::uint64_t kFlushDenormals = 1u << 24;  // FPCR.FZ does both
inline std::uint64_t float_mode() {
  std::uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
inline void set_float_mode(std::uint64_t mode) { asm volatile("msr fpcr, %0" : : "r"(mode)); }
#else
constexpr std::uint64_t kFlushDenormals = 0;
inline std::uint64_t float_mode() { return 0; }
inline void set_float_mode(std::uint64_t) {}
#endif

// Flushes while it lives, then restores the whole mode and the exception flags, because kernels must not change the
// caller's.
class FlushDenormals {
 public:
  FlushDenormals() : before_(float_mode()) { set_float_mode(before_ | kFlushDenormals); }
  ~FlushDenormals() { set_float_mode(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  const std::uint64_t before_;
};

}  // namespace pydl
