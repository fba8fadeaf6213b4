// The largest errors of kernels/common/simd_math.h, in units in the last place, against the long double functions of
// libm: over steps through all bit patterns (denormals, both ends) and over a dense line around zero. `ctest -V` prints
// them.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/common/gelu.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
std::vector<T> points(T low, T high) {
  constexpr int count = 1 << 17;
  std::vector<T> all;
  auto add = [&](T x) {
    if (x >= low && x <= high) all.push_back(x);
  };
  for (int i = 0; i < count; i++) {
    const Bits<T> pattern = Bits<T>(i) * (std::numeric_limits<Bits<T>>::max() / count) + Bits<T>(i);
    T x;
    std::memcpy(&x, &pattern, sizeof x);
    add(x);
    add(T(-20) + T(40) * T(i) / T(count));
  }
  for (T x : {T(0), T(1), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(),
              std::numeric_limits<T>::max(), std::numeric_limits<T>::infinity()}) {
    add(x);
    add(-x);
  }
  while (all.size() % kLanes<T>) all.push_back(all.back());
  return all;
}

template <class T>
long double ulps(T got, long double want) {
  using L = std::numeric_limits<T>;
  if (std::isnan(want)) return std::isnan(got) ? 0 : L::infinity();
  if (std::isinf(got) || std::isinf(want)) return T(want) == got ? 0 : L::infinity();
  int exponent;
  std::frexp(want, &exponent);
  exponent = std::max(exponent, L::min_exponent) - L::digits;
  return std::abs(std::ldexp(got - want, -exponent));
}

template <class T, class F, class Reference>
void check(const std::string& name, double limit, F f, Reference reference, T low, T high) {
  CAPTURE(name);
  const std::vector<T> x = points<T>(low, high);
  long double worst = 0;
  T where = 0;
  for (std::size_t i = 0; i < x.size(); i += kLanes<T>) {
    const V<T> y = f(load<T>(&x[i]));
    for (int lane = 0; lane < kLanes<T>; lane++) {
      const long double error = ulps<T>(y[lane], reference(static_cast<long double>(x[i + lane])));
      if (error > worst) worst = error, where = x[i + lane];
    }
  }
  const std::string type = sizeof(T) == 4 ? " float: " : " double: ";
  MESSAGE(name, type, double(worst), " ulp at ", double(where));
  CHECK(double(worst) <= limit);
  const T nan = f(broadcast<T>(std::numeric_limits<T>::quiet_NaN()))[0];
  CHECK(nan != nan);
}

// Limits are the largest errors found on any instruction set, rounded up a little.
TEST_CASE_TEMPLATE("errors of the vector functions", T, float, double) {
  constexpr T inf = std::numeric_limits<T>::infinity();
  using LD = long double;
  check<T>("exp", 1.1, [](V<T> x) { return exp<T>(x); }, [](LD x) { return std::exp(x); }, -inf, inf);
  check<T>("expm1", 1.9, [](V<T> x) { return expm1<T>(x); }, [](LD x) { return std::expm1(x); }, -inf, 80);
  check<T>("log", 0.8, [](V<T> x) { return log<T>(x); }, [](LD x) { return std::log(x); }, -inf, inf);
  check<T>("log1p", 0.8, [](V<T> x) { return log1p<T>(x); }, [](LD x) { return std::log1p(x); }, -inf, inf);
  check<T>("tanh", 2.1, [](V<T> x) { return tanh<T>(x); }, [](LD x) { return std::tanh(x); }, -inf, inf);
  const T sigmoid_low = sizeof(T) == 4 ? -87 : -708;  // where the result would be denormal, it is 0
#if defined(__AVX512F__)
  const double sigmoid_limit = sizeof(T) == 4 ? 3.9 : 2.2;  // floats by quick_exp_of_negative
#else
  const double sigmoid_limit = 2.2;
#endif
  check<T>(
      "sigmoid", sigmoid_limit, [](V<T> x) { return sigmoid<T>(x); },
      [](LD x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }, sigmoid_low, inf);
  for (T x : {sigmoid_low - 1, sigmoid_low - 10, T(-1e5), T(-1e6), T(-1e18), T(-1e38), -inf}) {
    const T y = sigmoid<T>(broadcast<T>(x))[0];
    CHECK(y >= 0);
    CHECK(y <= 2 * std::numeric_limits<T>::min());
  }
  CHECK(sigmoid<T>(broadcast<T>(-inf))[0] == 0);
  check<T>(
      "softplus", 1.7, [](V<T> x) { return softplus<T>(x); },
      [](LD x) { return std::fmax(x, LD(0)) + std::log1p(std::exp(-std::abs(x))); }, -inf, inf);
  check<T>(
      "normal probability", 5, [](V<T> x) { return normal<T>(x).probability; },
      [](LD x) { return std::erfc(x * -0.707106781186547524400844L) / 2; }, -inf, inf);
  check<T>(
      "normal density", 2.6, [](V<T> x) { return normal<T>(x).density; },
      [](LD x) { return std::exp(x * x / -2) * 0.398942280401432677939946L; }, -inf, inf);
  // Down to where x Phi(x) would be denormal, and its slope down to its zero.
  const T low = sizeof(T) == 4 ? -13 : -37;
  check<T>(
      "gelu", 5.6, [](V<T> x) { return gelu<T>(x); },
      [](LD x) { return x * std::erfc(x * -0.707106781186547524400844L) / 2; }, low, inf);
  check<T>(
      "slope of gelu", 3, [](V<T> x) { return gelu_slope<T>(x); },
      [](LD x) {
        return std::erfc(x * -0.707106781186547524400844L) / 2 + x * std::exp(x * x / -2) * 0.398942280401432677939946L;
      },
      0, T(1e4));
}

TEST_CASE_TEMPLATE("signs and order", T, float, double) {
  CHECK(std::signbit(tanh<T>(broadcast<T>(T(-0.0)))[0]));
  constexpr int count = 4096;
  T falls = 0;
  T before[3] = {-1, 0, 0};
  for (int i = -count; i <= count; i++) {
    const V<T> x = broadcast<T>(T(i) * 30 / count);
    const T now[3] = {tanh<T>(x)[0], sigmoid<T>(x)[0], exp<T>(x)[0]};
    for (int k = 0; k < 3; k++) falls = std::max(falls, (before[k] - now[k]) / std::abs(before[k]));
    std::memcpy(before, now, sizeof now);
  }
  CHECK(falls <= 2 * std::numeric_limits<T>::epsilon());  // monotone but for the last bit
}

}  // namespace
}  // namespace pydl::PYDL_ISA
