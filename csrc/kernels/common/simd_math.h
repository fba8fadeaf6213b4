// exp, log and related functions on V<float> and V<double>, written once. NaN gives NaN; limits are exact (exp(inf) =
// inf, exp(-inf) = 0, log(0) = -inf, log(-1) = NaN, tanh(+-inf) = +-1 ...); denormals are right when the caller does
// not flush them (those of sigmoid are 0). csrc/tests/test_simd_math.cpp holds the largest errors, in units in the last
// place, and docs/kernels/elementwise.md lists them. The coefficients come from tools/minimax.py.
#pragma once
#include "kernels/common/piecewise.h"
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  static constexpr int mantissa_bits = 23, bias = 127;
  typedef std::uint32_t unsigned_lanes __attribute__((vector_size(kVectorBytes)));
  static constexpr std::int32_t sign_bit = INT32_MIN;
  static constexpr float round_magic = 0x1.8p23f;  // adding it rounds to an integer and leaves that in the low bits
  static constexpr float log2_e = 0x1.715476p+0f, sqrt_half = 0x1.6a09e6p-1f, smallest_normal = 0x1p-126f;
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;  // high has 15 bits: n * high is exact
  static constexpr float ln2 = 0x1.62e43p-1f, ln2_rest = -1.904654323148e-9f;
  static constexpr float exp_low = -104, exp_high = 89;    // exp is 0 below and inf above
  static constexpr float expm1_low = -18, tanh_high = 10;  // -1 below, 1 above
  static constexpr float exp_rest[] = {0.500000006186520561f, 0.166665429980142459f, 0.0416662823761956064f,
                                       0.00836658353823100264f, 0.00139464258808459778f};
  static constexpr float quick_exp_rest[] = {1.0000146653594854f, 0.500006100317562852f};
  static constexpr float log_rest[] = {0.666667763809176599f, 0.399775416550905554f, 0.298717259650681629f};
  static constexpr float erfc_rest[] = {1.07400690770081648f,     -0.883394485134790191f,  0.590228304593025754f,
                                        -0.310466046356165588f,   0.119528966241109373f,   -0.0268395874628001994f,
                                        -0.00122581694178147487f, 0.00308006458502929324f, -0.000484376495251700042f,
                                        -0.000325954520388529219f};
  static constexpr float normal_centre[] = {0.398942280117697903f,   -0.0664903599223981617f,
                                            0.00997332340182525626f, -0.00118632992360167441f,
                                            0.00011348635476933141f, -7.65420252010025591e-6f};
  static constexpr float normal_end = 14.28f;  // the integral below -normal_end is 0
  static constexpr std::int32_t low_half = (1 << 12) - 1;
};

template <>
struct MathConstants<double> {
  static constexpr int mantissa_bits = 52, bias = 1023;
  typedef std::uint64_t unsigned_lanes __attribute__((vector_size(kVectorBytes)));
  static constexpr std::int64_t sign_bit = INT64_MIN;
  static constexpr double round_magic = 0x1.8p52;
  static constexpr double log2_e = 0x1.71547652b82fep+0, sqrt_half = 0x1.6a09e667f3bcdp-1, smallest_normal = 0x1p-1022;
  static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double exp_low = -746, exp_high = 710;
  static constexpr double expm1_low = -38, tanh_high = 20;
  static constexpr double exp_rest[] = {0.500000000000000555,     0.166666666666666861,   0.0416666666665736366,
                                        0.0083333333333145425,    0.00138888889323751405, 0.000198412699031625954,
                                        0.0000248015044501523105, 2.75572278160110757e-6, 2.76263249469678544e-7,
                                        2.51145219577723585e-8};
  static constexpr double log_rest[] = {0.666666666666673441, 0.399999999994146827, 0.28571428742385744,
                                        0.22222198573457889,  0.181835643084609291, 0.153140510759144471,
                                        0.147959438785980835};
  static constexpr double erfc_rest[] = {
      1.07400690708833971,       -0.88339445316988356,     0.590228357104099489,    -0.310467261900573353,
      0.119527761287432814,      -0.0268272346243276119,   -0.00121241663054953534, 0.00303406199931837789,
      -0.000548309652002373354,  -0.000276777831654034098, 0.000107561213720400003, 0.0000303980792787519364,
      -0.0000174694122913786238, -4.74886180856940756e-6,  2.76229907110256799e-6,  9.97766780928471453e-7,
      -4.02730031991995767e-7,   -2.31170246815477758e-7,  4.06959485838461171e-8,  4.74915426835632446e-8,
      1.91581319484084457e-9,    -6.01113233364506817e-9,  -1.41225552921628938e-9};
  static constexpr double normal_centre[] = {
      0.398942280401432678,    -0.0664903800669054461,  0.00997355701003580571,  -0.00118732821548024585,
      0.000115434687614153079, -9.44465624814508492e-6, 6.65969310715755148e-7,  -4.12265769298162843e-8,
      2.27337529279090024e-9,  -1.1284874100665561e-10, 5.00249603094507943e-12, -1.68684880160374714e-13};
  static constexpr double normal_end = 38.6;
  static constexpr std::int64_t low_half = (1ll << 27) - 1;
};

// c[0] + c[1] x + c[2] x^2 + ...
template <class T, int N>
PYDL_INLINE V<T> polynomial(V<T> x, const T (&c)[N]) {
  V<T> sum = broadcast<T>(c[N - 1]);
  PYDL_UNROLL
  for (int k = N - 2; k >= 0; k--) sum = sum * x + c[k];
  return sum;
}

template <class T>
PYDL_INLINE V<T> absolute(V<T> x) {
  return V<T>(VI<T>(x) & ~MathConstants<T>::sign_bit);
}
template <class T>
PYDL_INLINE V<T> copy_sign(V<T> magnitude, V<T> sign) {  // magnitude >= 0
  return V<T>(VI<T>(magnitude) | (VI<T>(sign) & MathConstants<T>::sign_bit));
}
// A NaN in x stays: the instructions return their second operand if one operand is NaN.
template <class T>
PYDL_INLINE V<T> at_least(V<T> x, T low) {
  return select<T>(x < low, broadcast<T>(low), x);
}
template <class T>
PYDL_INLINE V<T> at_most(V<T> x, T high) {
  return select<T>(x > high, broadcast<T>(high), x);
}
#if defined(__AVX512F__)
template <>
PYDL_INLINE V<float> at_least(V<float> x, float low) {
  return V<float>(_mm512_maskz_max_ps(-1, __m512(broadcast(low)), __m512(x)));
}
template <>
PYDL_INLINE V<float> at_most(V<float> x, float high) {
  return V<float>(_mm512_maskz_min_ps(-1, __m512(broadcast(high)), __m512(x)));
}
#elif defined(__AVX2__)
template <>
PYDL_INLINE V<float> at_least(V<float> x, float low) {
  return V<float>(_mm256_max_ps(__m256(broadcast(low)), __m256(x)));
}
template <>
PYDL_INLINE V<float> at_most(V<float> x, float high) {
  return V<float>(_mm256_min_ps(__m256(broadcast(high)), __m256(x)));
}
#endif

template <class T>
struct Rounded {
  V<T> value;
  VI<T> integer;
};
template <class T>
PYDL_INLINE Rounded<T> round(V<T> x) {
  using C = MathConstants<T>;
  V<T> shifted = x + C::round_magic;
  return {shifted - C::round_magic, VI<T>(shifted) - VI<T>(broadcast<T>(C::round_magic))};
}

// 2^n for exponents of normal numbers.
template <class T>
PYDL_INLINE V<T> power_of_two(VI<T> n) {
  using C = MathConstants<T>;
  return V<T>((n + C::bias) << C::mantissa_bits);
}
// x * 2^n, rounded once where the result is denormal.
template <class T>
PYDL_INLINE V<T> scale(V<T> x, Rounded<T> n) {
  Rounded<T> half = round<T>(n.value * T(0.5));
  return x * power_of_two<T>(half.integer) * power_of_two<T>(n.integer - half.integer);
}
#if defined(__AVX512F__)
template <>
PYDL_INLINE V<float> scale(V<float> x, Rounded<float> n) {
  return V<float>(_mm512_maskz_scalef_ps(-1, __m512(x), __m512(n.value)));
}
template <>
PYDL_INLINE V<double> scale(V<double> x, Rounded<double> n) {
  return V<double>(_mm512_maskz_scalef_pd(-1, __m512d(x), __m512d(n.value)));
}
#endif

// x = n ln 2 + r with |r| <= ln 2 / 2; rest = exp(r) - 1.
template <class T>
struct ExpParts {
  Rounded<T> n;
  V<T> rest;
};
template <class T>
PYDL_INLINE ExpParts<T> exp_parts(V<T> x) {
  using C = MathConstants<T>;
  Rounded<T> n = round<T>(x * C::log2_e);
  V<T> r = x - n.value * C::ln2_high - n.value * C::ln2_low;
  return {n, r + r * r * polynomial<T>(r, C::exp_rest)};
}

template <class T>
PYDL_INLINE V<T> exp(V<T> x) {
  using C = MathConstants<T>;
  ExpParts<T> p = exp_parts<T>(at_most<T>(at_least<T>(x, C::exp_low), C::exp_high));
  return scale<T>(1 + p.rest, p.n);
}

// exp(x) - 1, accurate near 0, for -80 <= x <= 80.
template <class T>
PYDL_INLINE V<T> bounded_expm1(V<T> x) {
  ExpParts<T> p = exp_parts<T>(x);
  V<T> power = power_of_two<T>(p.n.integer);
  return p.rest * power + (power - 1);
}
// Likewise for all x <= 80.
template <class T>
PYDL_INLINE V<T> expm1(V<T> x) {
  return bounded_expm1<T>(at_least<T>(x, MathConstants<T>::expm1_low));
}

template <class T>
PYDL_INLINE V<T> tanh(V<T> x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {                 // no division: it would take as long as the rest
    constexpr std::int32_t quarter_octaves = 21;  // bits of a float; what they are just below 1/8: kTanhFirst
    V<float> y = at_most<float>(absolute<float>(x), MathConstants<float>::tanh_high);
    VI<float> interval = VI<float>(y) >> quarter_octaves;
    interval = interval > kTanhFirst ? interval : VI<float>{} + kTanhFirst;
    return copy_sign<float>(piece(kTanhPieces, interval, y - row_of(kTanhCentres[0], interval)), x);
  }
#endif
  V<T> e = bounded_expm1<T>(2 * at_most<T>(absolute<T>(x), MathConstants<T>::tanh_high));
  return copy_sign<T>(e / (e + 2), x);
}

#if defined(__AVX512F__)
// exp(-x) with fewer multiplications, because r is so small: x = r - n ln 2 / 32.
PYDL_INLINE V<float> quick_exp_of_negative(V<float> x) {
  using C = MathConstants<float>;
  constexpr float magic = C::round_magic / 32;  // adding it rounds to 1/32; the number of 32nds is in the low bits
  constexpr std::int32_t highest_of_exponent = 1 << 30;
  V<float> shifted = magic - x * C::log2_e, octaves = shifted - magic;
  V<float> r = x + octaves * C::ln2 + octaves * C::ln2_rest;
  // Far beyond where exp is 0 or inf, r is meaningless: keep it below 2, so that the octaves alone decide the result.
  r = V<float>(VI<float>(r) & ~highest_of_exponent);
  V<float> power = row_of(kPowers[0], VI<float>(shifted));
  return scale<float>(power + power * (r * (r * C::quick_exp_rest[1] - C::quick_exp_rest[0])),
                      Rounded<float>{octaves, VI<float>{}});
}
#endif

template <class T>
PYDL_INLINE V<T> sigmoid(V<T> x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) return 1 / (1 + quick_exp_of_negative(x));
#endif
  return 1 / (1 + exp<T>(-x));  // from where exp overflows, 0
}

// log(2^k (1 + f)), 1 + f in [sqrt(1/2), sqrt(2)]: with s = f / (2 + f), log(1 + f) = 2 s + s^3 L(s^2).
template <class T>
PYDL_INLINE V<T> log_of_parts(V<T> k, V<T> f) {
  using C = MathConstants<T>;
  V<T> s = f / (2 + f), z = s * s;
  V<T> half_square = T(0.5) * f * f;
  V<T> rest = z * polynomial<T>(z, C::log_rest);
  return k * C::ln2_high - ((half_square - (s * (half_square + rest) + k * C::ln2_low)) - f);
}
// x = 2^k m with m in [sqrt(1/2), sqrt(2)), for normal positive x.
template <class T>
struct LogParts {
  VI<T> k;
  V<T> m;
};
template <class T>
PYDL_INLINE LogParts<T> log_parts(V<T> x) {
  using C = MathConstants<T>;
  using Bits = typename C::unsigned_lanes;  // they wrap where x is 0, negative or NaN, and shift fast on every set
  // The exponent of x / sqrt(1/2).
  Bits over = Bits(x) - (Bits(broadcast<T>(C::sqrt_half)) - Bits(broadcast<T>(1)));
  Bits k = (over >> C::mantissa_bits) - C::bias;
  return {VI<T>(k), V<T>(Bits(x) - (k << C::mantissa_bits))};
}
// For integers of less than 20 bits, by the inverse of round().
template <class T>
PYDL_INLINE V<T> to_float(VI<T> k) {
  V<T> magic = broadcast<T>(MathConstants<T>::round_magic);
  return V<T>(k + VI<T>(magic)) - magic;
}

template <class T>
PYDL_INLINE V<T> log(V<T> x) {
  using C = MathConstants<T>;
  VI<T> denormal = x < C::smallest_normal;
  LogParts<T> p = log_parts<T>(select<T>(denormal, x * T(1ll << C::mantissa_bits), x));
  V<T> k = to_float<T>(p.k) - select<T>(denormal, broadcast<T>(C::mantissa_bits), V<T>{});
  V<T> y = log_of_parts<T>(k, p.m - 1);
  y = select<T>(x == 0, broadcast<T>(-__builtin_inf()), y);
  y = select<T>(x < 0, broadcast<T>(__builtin_nan("")), y);
  return select<T>(x < T(__builtin_inf()), y, x);  // inf and NaN stay
}

// log(1 + x) for x > -1, accurate near 0.
template <class T>
PYDL_INLINE V<T> log1p(V<T> x) {
  V<T> u = 1 + x;
  V<T> lost = select<T>(x < 1, x - (u - 1), 1 - (u - x));  // the rounding error of u
  LogParts<T> p = log_parts<T>(u);
  V<T> y = log_of_parts<T>(to_float<T>(p.k), (p.m - 1) + lost * power_of_two<T>(-p.k));
  y = select<T>(x == -1, broadcast<T>(-__builtin_inf()), y);
  y = select<T>(x < -1, broadcast<T>(__builtin_nan("")), y);
  return select<T>(x < T(__builtin_inf()), y, x);
}

// log(1 + exp(x))
template <class T>
PYDL_INLINE V<T> softplus(V<T> x) {
  return at_least<T>(x, 0) + log1p<T>(exp<T>(-absolute<T>(x)));
}

// The normal distribution at x: exp(-x^2 / 2) / sqrt(2 pi), and its integral from -inf, which is erfc(-x / sqrt 2) / 2.
// Within one standard deviation the integral is 1/2 + x E(x^2); beyond, erfc(a) = exp(-a^2) P(t) / (a + 3) with
// t = (a - 3) / (a + 3).
template <class T>
struct Normal {
  V<T> density, probability;
};
template <class T>
PYDL_INLINE Normal<T> normal(V<T> x) {
  using C = MathConstants<T>;
  V<T> y = at_most<T>(absolute<T>(x), C::normal_end), square = y * y;
  V<T> high = V<T>(VI<T>(y) & ~C::low_half), low = y - high;
  V<T> lost = (high * high - square) + 2 * high * low + low * low;  // the rounding error of the square
  V<T> bell = exp<T>(T(-0.5) * square);
  bell -= bell * (T(0.5) * lost);
  V<T> a = y * C::sqrt_half, inverse = 1 / (a + 3);
  V<T> beyond = T(0.5) * bell * polynomial<T>((a - 3) * inverse, C::erfc_rest) * inverse;
  V<T> tail = select<T>(x < 0, beyond, 1 - beyond);
  V<T> centre = T(0.5) + x * polynomial<T>(square, C::normal_centre);
  return {bell * T(0.39894228040143267794), select<T>(y < 1, centre, tail)};
}

}  // namespace
}  // namespace pydl::PYDL_ISA
