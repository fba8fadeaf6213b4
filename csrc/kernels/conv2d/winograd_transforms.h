// Written by tools/winograd.py, where the mathematics is explained. Do not edit.
//
// y[i * kStep] = sum over j of matrix[i][j] * x[j], for the matrices of F(outputs, taps) and their adjoints.
// clang-format off
#pragma once
#include "kernels/common/simd.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

template <int kOutputs, int kTaps>
struct Winograd;

template <>
struct Winograd<4, 3> {
  static constexpr int kOut = 4, kTaps = 3, kTile = 6;
  struct Input {
    static constexpr int kFrom = 6, kTo = 6;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[4] - T(2.25) * x[2], odd1 = -T(1.6875) * x[1] + T(0.75) * x[3];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = x[4] - T(0.5625) * x[2], odd3 = -T(0.84375) * x[1] + T(1.5) * x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      y[0 * kStep] = x[4] + T(1.265625) * x[0] - T(2.8125) * x[2];
      y[5 * kStep] = x[5] + T(1.265625) * x[1] - T(2.8125) * x[3];
    }
  };
  struct Weight {
    static constexpr int kFrom = 3, kTo = 6;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = -T(0.5267489711934157) * x[0] - T(0.2962962962962963) * x[2], odd1 = -T(0.3950617283950617) * x[1];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = T(0.13168724279835392) * x[0] + T(0.2962962962962963) * x[2], odd3 = T(0.19753086419753085) * x[1];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      y[0 * kStep] = T(0.7901234567901234) * x[0];
      y[5 * kStep] = x[2];
    }
  };
  struct Output {
    static constexpr int kFrom = 6, kTo = 4;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[1] + x[2], odd1 = x[1] - x[2];
      const V<T> even3 = x[3] + x[4], odd3 = x[3] - x[4];
      y[0 * kStep] = x[0] + even1 + even3;
      y[1 * kStep] = T(0.75) * odd1 + T(1.5) * odd3;
      y[2 * kStep] = T(0.5625) * even1 + T(2.25) * even3;
      y[3 * kStep] = x[5] + T(0.421875) * odd1 + T(3.375) * odd3;
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 4, kTo = 6;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[0] + T(0.5625) * x[2], odd1 = T(0.75) * x[1] + T(0.421875) * x[3];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = x[0] + T(2.25) * x[2], odd3 = T(1.5) * x[1] + T(3.375) * x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      y[0 * kStep] = x[0];
      y[5 * kStep] = x[3];
    }
  };
  struct WeightAdjoint {
    static constexpr int kFrom = 6, kTo = 3;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[1] + x[2], odd1 = x[1] - x[2];
      const V<T> even3 = x[3] + x[4], odd3 = x[3] - x[4];
      y[0 * kStep] = T(0.7901234567901234) * x[0] - T(0.5267489711934157) * even1 + T(0.13168724279835392) * even3;
      y[1 * kStep] = -T(0.3950617283950617) * odd1 + T(0.19753086419753085) * odd3;
      y[2 * kStep] = x[5] - T(0.2962962962962963) * even1 + T(0.2962962962962963) * even3;
    }
  };
};

template <>
struct Winograd<5, 3> {
  static constexpr int kOut = 5, kTaps = 3, kTile = 7;
  struct Input {
    static constexpr int kFrom = 7, kTo = 7;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      y[0 * kStep] = x[5] - T(0.84375) * x[0] + T(2.25) * x[1] + T(1.21875) * x[2] - T(3.25) * x[3] - T(0.375) * x[4];
      y[1 * kStep] = x[5] + T(0.84375) * x[1] - T(1.40625) * x[2] - T(2.625) * x[3] + T(0.625) * x[4];
      y[2 * kStep] = x[5] - T(0.84375) * x[1] + T(3.09375) * x[2] - T(1.875) * x[3] - T(1.375) * x[4];
      y[3 * kStep] = x[5] + T(0.5625) * x[1] - T(1.125) * x[2] - T(1.5625) * x[3] + T(1.125) * x[4];
      y[4 * kStep] = x[5] - T(0.5625) * x[1] + T(1.875) * x[2] - T(0.4375) * x[3] - T(1.875) * x[4];
      y[5 * kStep] = x[5] + T(2.25) * x[1] - T(3.25) * x[3];
      y[6 * kStep] = x[6] - T(0.84375) * x[1] + T(2.25) * x[2] + T(1.21875) * x[3] - T(3.25) * x[4] - T(0.375) * x[5];
    }
  };
  struct Weight {
    static constexpr int kFrom = 3, kTo = 7;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      y[0 * kStep] = -T(1.1851851851851851) * x[0];
      y[1 * kStep] = -T(0.64) * x[0] - T(0.64) * x[1] - T(0.64) * x[2];
      y[2 * kStep] = T(0.2909090909090909) * x[0] - T(0.2909090909090909) * x[1] + T(0.2909090909090909) * x[2];
      y[3 * kStep] = T(0.1580246913580247) * x[0] + T(0.23703703703703705) * x[1] + T(0.35555555555555557) * x[2];
      y[4 * kStep] = -T(0.09481481481481481) * x[0] + T(0.14222222222222222) * x[1] - T(0.21333333333333335) * x[2];
      y[5 * kStep] = T(1.4710662177328844) * x[0] + T(0.5516498316498316) * x[1] + T(0.20686868686868687) * x[2];
      y[6 * kStep] = x[2];
    }
  };
  struct Output {
    static constexpr int kFrom = 7, kTo = 5;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[1] + x[2], odd1 = x[1] - x[2];
      const V<T> even3 = x[3] + x[4], odd3 = x[3] - x[4];
      y[0 * kStep] = x[0] + x[5] + even1 + even3;
      y[1 * kStep] = odd1 + T(0.375) * x[5] + T(1.5) * odd3;
      y[2 * kStep] = even1 + T(0.140625) * x[5] + T(2.25) * even3;
      y[3 * kStep] = odd1 + T(0.052734375) * x[5] + T(3.375) * odd3;
      y[4 * kStep] = x[6] + even1 + T(0.019775390625) * x[5] + T(5.0625) * even3;
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 5, kTo = 7;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[0] + x[2] + x[4], odd1 = x[1] + x[3];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = x[0] + T(2.25) * x[2] + T(5.0625) * x[4], odd3 = T(1.5) * x[1] + T(3.375) * x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      y[0 * kStep] = x[0];
      y[5 * kStep] = x[0] + T(0.375) * x[1] + T(0.140625) * x[2] + T(0.052734375) * x[3] + T(0.019775390625) * x[4];
      y[6 * kStep] = x[4];
    }
  };
  struct WeightAdjoint {
    static constexpr int kFrom = 7, kTo = 3;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      y[0 * kStep] = -T(1.1851851851851851) * x[0] - T(0.64) * x[1] + T(0.2909090909090909) * x[2] + T(0.1580246913580247) * x[3] - T(0.09481481481481481) * x[4] + T(1.4710662177328844) * x[5];
      y[1 * kStep] = -T(0.64) * x[1] - T(0.2909090909090909) * x[2] + T(0.23703703703703705) * x[3] + T(0.14222222222222222) * x[4] + T(0.5516498316498316) * x[5];
      y[2 * kStep] = x[6] - T(0.64) * x[1] + T(0.2909090909090909) * x[2] + T(0.35555555555555557) * x[3] - T(0.21333333333333335) * x[4] + T(0.20686868686868687) * x[5];
    }
  };
};

template <>
struct Winograd<4, 5> {
  static constexpr int kOut = 4, kTaps = 5, kTile = 8;
  struct Input {
    static constexpr int kFrom = 8, kTo = 8;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[6] + T(4.0) * x[2] - T(5.0) * x[4], odd1 = T(2.0) * x[1] - T(2.5) * x[3] + T(0.5) * x[5];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = x[2] + x[6] - T(4.25) * x[4], odd3 = x[1] + x[5] - T(4.25) * x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      const V<T> even5 = x[6] + T(0.25) * x[2] - T(1.25) * x[4], odd5 = T(0.5) * x[1] - T(2.5) * x[3] + T(2.0) * x[5];
      y[5 * kStep] = even5 + odd5;
      y[6 * kStep] = even5 - odd5;
      y[0 * kStep] = -x[0] + x[6] + T(5.25) * x[2] - T(5.25) * x[4];
      y[7 * kStep] = -x[1] + x[7] + T(5.25) * x[3] - T(5.25) * x[5];
    }
  };
  struct Weight {
    static constexpr int kFrom = 5, kTo = 8;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = T(0.7111111111111111) * x[0] + T(0.17777777777777778) * x[2] + T(0.044444444444444446) * x[4], odd1 = T(0.35555555555555557) * x[1] + T(0.08888888888888889) * x[3];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = -T(0.2222222222222222) * x[0] - T(0.2222222222222222) * x[2] - T(0.2222222222222222) * x[4], odd3 = -T(0.2222222222222222) * x[1] - T(0.2222222222222222) * x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      const V<T> even5 = T(0.011111111111111112) * x[0] + T(0.044444444444444446) * x[2] + T(0.17777777777777778) * x[4], odd5 = T(0.022222222222222223) * x[1] + T(0.08888888888888889) * x[3];
      y[5 * kStep] = even5 + odd5;
      y[6 * kStep] = even5 - odd5;
      y[0 * kStep] = -x[0];
      y[7 * kStep] = x[4];
    }
  };
  struct Output {
    static constexpr int kFrom = 8, kTo = 4;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[1] + x[2], odd1 = x[1] - x[2];
      const V<T> even3 = x[3] + x[4], odd3 = x[3] - x[4];
      const V<T> even5 = x[5] + x[6], odd5 = x[5] - x[6];
      y[0 * kStep] = x[0] + even1 + even3 + even5;
      y[1 * kStep] = odd3 + T(0.5) * odd1 + T(2.0) * odd5;
      y[2 * kStep] = even3 + T(0.25) * even1 + T(4.0) * even5;
      y[3 * kStep] = x[7] + odd3 + T(0.125) * odd1 + T(8.0) * odd5;
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 4, kTo = 8;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[0] + T(0.25) * x[2], odd1 = T(0.5) * x[1] + T(0.125) * x[3];
      y[1 * kStep] = even1 + odd1;
      y[2 * kStep] = even1 - odd1;
      const V<T> even3 = x[0] + x[2], odd3 = x[1] + x[3];
      y[3 * kStep] = even3 + odd3;
      y[4 * kStep] = even3 - odd3;
      const V<T> even5 = x[0] + T(4.0) * x[2], odd5 = T(2.0) * x[1] + T(8.0) * x[3];
      y[5 * kStep] = even5 + odd5;
      y[6 * kStep] = even5 - odd5;
      y[0 * kStep] = x[0];
      y[7 * kStep] = x[3];
    }
  };
  struct WeightAdjoint {
    static constexpr int kFrom = 8, kTo = 5;
    template <class T, int kStep>
    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {
      const V<T> even1 = x[1] + x[2], odd1 = x[1] - x[2];
      const V<T> even3 = x[3] + x[4], odd3 = x[3] - x[4];
      const V<T> even5 = x[5] + x[6], odd5 = x[5] - x[6];
      y[0 * kStep] = -x[0] + T(0.7111111111111111) * even1 - T(0.2222222222222222) * even3 + T(0.011111111111111112) * even5;
      y[1 * kStep] = T(0.35555555555555557) * odd1 - T(0.2222222222222222) * odd3 + T(0.022222222222222223) * odd5;
      y[2 * kStep] = T(0.17777777777777778) * even1 - T(0.2222222222222222) * even3 + T(0.044444444444444446) * even5;
      y[3 * kStep] = T(0.08888888888888889) * odd1 - T(0.2222222222222222) * odd3 + T(0.08888888888888889) * odd5;
      y[4 * kStep] = x[7] + T(0.044444444444444446) * even1 - T(0.2222222222222222) * even3 + T(0.17777777777777778) * even5;
    }
  };
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
