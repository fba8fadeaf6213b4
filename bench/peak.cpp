// The peak of this machine in float32: prints "<GF/s> <GF/s> <GB/s>" of fused multiply-adds with operands from L1, of
// fused multiply-adds in registers, and of the STREAM triad.
//
// The first is the peak of a matrix product: loads need power, and with AVX-512 many processors then lower their
// clock. The second shows by how much.
//
//   g++ -O3 -march=native -fopenmp peak.cpp -o peak && OMP_NUM_THREADS=2 ./peak
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>

#if defined(__AVX512F__)
constexpr int kBytes = 64, kAccumulators = 24;
#elif defined(__AVX__)
constexpr int kBytes = 32, kAccumulators = 12;
#else
constexpr int kBytes = 16, kAccumulators = 12;
#endif
typedef float Vector __attribute__((vector_size(kBytes)));

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static double total(const Vector (&sums)[kAccumulators]) {
  double total = 0;
  for (const Vector& v : sums)
    for (int i = 0; i < kBytes / 4; i++) total += v[i];
  return total;
}

// Enough independent chains to hide the latency of the multiply-add.
static double in_registers(long rounds, float seed) {
  Vector sum[kAccumulators], a = seed - Vector{}, b = seed * 0.5f - Vector{};
#pragma GCC unroll 32
  for (int i = 0; i < kAccumulators; i++) sum[i] = float(i) - Vector{};
  for (long r = 0; r < rounds; r++) {
#pragma GCC unroll 32
    for (int i = 0; i < kAccumulators; i++) sum[i] = sum[i] * a + b;
  }
  return total(sum);
}

// The loads of a register tile: two vectors, and one broadcast per two multiply-adds.
static double from_cache(long rounds, float seed) {
  constexpr int kLanes = kBytes / 4, kRow = 2 * kLanes + kAccumulators / 2, kRows = 16;
  alignas(64) float rows[kRows][(kRow + kLanes - 1) / kLanes * kLanes];
  for (int i = 0; i < kRows; i++)
    for (int j = 0; j < kRow; j++) rows[i][j] = seed * float((i * 7919 + j * 104729) % 1000 - 500);
  Vector sum[kAccumulators];
#pragma GCC unroll 32
  for (int i = 0; i < kAccumulators; i++) sum[i] = Vector{};
  for (long r = 0; r < rounds; r++) {
    const float* row = rows[r % kRows];
    const Vector b[2] = {*reinterpret_cast<const Vector*>(row), *reinterpret_cast<const Vector*>(row + kLanes)};
#pragma GCC unroll 32
    for (int i = 0; i < kAccumulators; i++) sum[i] += (row[2 * kLanes + i / 2] - Vector{}) * b[i % 2];
  }
  return total(sum);
}

static double gflops(double (*multiply_adds)(long rounds, float seed)) {
  const long rounds = 4000000;
  double best = 1e30, sink = 0;
  for (int trial = 0; trial < 12; trial++) {
    const double start = now();
#pragma omp parallel reduction(+ : sink)
    sink += multiply_adds(rounds, 0.5f + 0.01f * float(trial));
    best = std::min(best, now() - start);
  }
  if (sink == 12345) std::puts("");  // keeps the sums alive
  return 2.0 * omp_get_max_threads() * rounds * kAccumulators * (kBytes / 4) / best * 1e-9;
}

static double gigabytes() {
  const std::ptrdiff_t n = 32 << 20;  // three arrays of 128 MB: beyond L3
  std::unique_ptr<float[]> a(new float[n]), b(new float[n]), c(new float[n]);
  double best = 1e30;
  for (int trial = 0; trial < 8; trial++) {
    const double start = now();
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < n; i++) {
      if (trial == 0)
        b[i] = c[i] = 1;  // first touch: each thread places the pages that it uses
      else
        a[i] = b[i] + 0.5f * c[i];
    }
    if (trial > 1) best = std::min(best, now() - start);  // trial 1 has the page faults of a
  }
  return 3.0 * n * sizeof(float) / best * 1e-9;
}

int main() { std::printf("%.1f %.1f %.1f\n", gflops(from_cache), gflops(in_registers), gigabytes()); }
