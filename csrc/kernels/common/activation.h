// The activations and their derivatives on one vector, by Keras's definitions; elementwise.cpp and the epilogues of
// gemm and conv2d use them.
//   with_activation(kind, [&](auto f) { ... f.forward(x, alpha) ... f.backward(saved, dy, alpha) ... });
// hoists the switch out of the loop. contract/activations.def says what `saved` is.
#pragma once
#include "kernels/common/gelu.h"
#include "kernels/common/rows.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
PYDL_INLINE V<T> zero_where(VI<T> where, V<T> v) {
  return V<T>(~where & VI<T>(v));
}

struct Linear {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return x;
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T>, V<T> dy, T) {
    return dy;
  }
};

struct Relu {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return select<T>(x < 0, V<T>{}, x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return zero_where<T>(y <= 0, dy);
  }
};

struct Relu6 {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return at_most<T>(at_least<T>(x, 0), 6);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return zero_where<T>((y <= 0) | (y >= 6), dy);
  }
};

struct LeakyRelu {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T alpha) {
    return select<T>(x < 0, alpha * x, x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T alpha) {
    return select<T>(y > 0, dy, alpha * dy);
  }
};

struct Sigmoid {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return sigmoid<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return dy * (y * (1 - y));
  }
};

struct HardSigmoid {  // relu6(x + 3) / 6
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return Relu6::forward<T>(x + 3, 0) / T(6);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return zero_where<T>((y <= 0) | (y >= 1), dy / T(6));
  }
};

struct Tanh {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return tanh<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return dy * ((1 - y) * (1 + y));
  }
};

struct Exponential {
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return exp<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return dy * y;
  }
};

struct Elu {  // alpha (exp(x) - 1) below 0
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T alpha) {
    return select<T>(x < 0, alpha * expm1<T>(at_most<T>(x, 0)), x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T alpha) {
    return select<T>(y <= 0, dy * (y + alpha), dy);
  }
};

struct Selu {  // Klambauer et al. 2017, "Self-Normalizing Neural Networks"
  static constexpr double kScale = 1.0507009873554804934193349852946;
  static constexpr double kAlpha = 1.6732632423543772848170429916717;
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return T(kScale) * Elu::forward<T>(x, T(kAlpha));
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return dy * select<T>(y <= 0, y + T(kScale * kAlpha), broadcast<T>(T(kScale)));
  }
};

struct Softplus {  // log(1 + exp(x)); from y, its slope is 1 - exp(-y)
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return softplus<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    return dy * -expm1<T>(-y);
  }
};

struct Softsign {  // x / (1 + |x|); from y, its slope is (1 - |y|)^2
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return x / (1 + absolute<T>(x));
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> y, V<T> dy, T) {
    V<T> slope_root = 1 - absolute<T>(y);
    return dy * (slope_root * slope_root);
  }
};

struct Silu {  // x sigmoid(x)
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return x * sigmoid<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> x, V<T> dy, T) {
    V<T> s = sigmoid<T>(x);
    return dy * (s * (1 + x * (1 - s)));
  }
};

struct Gelu {  // x Phi(x): Hendrycks and Gimpel 2016
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return gelu<T>(x);
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> x, V<T> dy, T) {
    return dy * gelu_slope<T>(x);
  }
};

struct GeluTanh {  // x (1 + tanh(u)) / 2 = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
  static constexpr double kTwoRoot = 1.5957691216057307117597842397375;  // 2 sqrt(2 / pi)
  static constexpr double kCubic = 0.044715;
  template <class T>
  static PYDL_INLINE V<T> forward(V<T> x, T) {
    return x * sigmoid<T>(x * (T(kTwoRoot) + T(kTwoRoot * kCubic) * (x * x)));
  }
  template <class T>
  static PYDL_INLINE V<T> backward(V<T> x, V<T> dy, T) {
    V<T> square = x * x;
    V<T> s = sigmoid<T>(x * (T(kTwoRoot) + T(kTwoRoot * kCubic) * square));
    return dy * (s + x * (s * (1 - s)) * (T(kTwoRoot) + T(3 * kTwoRoot * kCubic) * square));
  }
};

template <class Body>
PYDL_INLINE auto with_activation(Activation kind, const Body& body) {
  switch (kind) {
#define PYDL_ACTIVATION(name, Name, saved, alpha) \
  case Activation::name:                          \
    return body(Name{});
#include "contract/activations.def"
  }
  __builtin_unreachable();
}

// For epilogues: one copy of the switch instead of one per tile. A function call per vector costs little beside the
// matrix product.
template <class T>
[[maybe_unused, gnu::noinline]] V<T> activate(Activation kind, T alpha, V<T> x) {
  return with_activation(kind, [&](auto f) { return f.template forward<T>(x, alpha); });
}

// c = activation(c) in place, with one switch for all rows.
template <class T>
[[gnu::noinline]] void activate_rows(Activation activation, T alpha, index rows, index cols, T* c, index ldc) {
  with_activation(activation, [&](auto f) {
    for (index i = 0; i < rows; i++, c += ldc)
      map_row<T>(cols, c, [&](auto at) { return f.template forward<T>(at(c), alpha); });
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA
