// Optimizers, each as one pass over w, g and the state, in the formulation of Keras 3. Every tensor is cut into blocks,
// and the threads share the blocks of all tensors, so that a hundred small tensors cost as much as one large one.
#include "kernels/common/parallel.h"
#include "kernels/common/prefetch.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace optimizer {
namespace {

constexpr index kBlock = 4096;     // elements; a multiple of every vector length
constexpr index kGrainBlocks = 4;  // fewer blocks are not worth a second thread

// update(parameter) over pieces of the parameters, in parallel.
template <class T, class Update>
void each_piece(const Parameter<T>* parameters, index count, const Update& update) {
  auto blocks_of = [](const Parameter<T>& p) { return (p.n + kBlock - 1) / kBlock; };
  index blocks = 0;
  for (index i = 0; i < count; i++) blocks += blocks_of(parameters[i]);
  parallel(blocks, kGrainBlocks, [&](index begin, index end) {
    for (index i = 0; i < count && end > 0; i++) {  // begin and end count from the first block of parameter i
      Parameter<T> p = parameters[i];
      index own = blocks_of(p);
      if (begin < own) {
        index first = (begin < 0 ? 0 : begin) * kBlock, last = end < own ? end * kBlock : p.n;
        auto from = [first](T* state) { return state ? state + first : state; };
        update(Parameter<T>{p.w + first, p.g + first, from(p.m), from(p.v), from(p.u), last - first});
      }
      begin -= own;
      end -= own;
    }
  });
}

template <class T>
void sgd(const SgdRule& rule, const Parameter<T>* parameters, index count) {
  const T rate = T(rule.learning_rate), momentum = T(rule.momentum);
  const T keep = T(1 - rule.learning_rate * rule.weight_decay);
  const bool nesterov = rule.nesterov;
  each_piece(parameters, count, [=](const Parameter<T>& p) {
    T* __restrict w = p.w;
    T* __restrict m = p.m;
    const T* __restrict g = p.g;
    if (!m) {
      for (index i = 0; i < p.n; i++) w[i] = w[i] * keep - rate * g[i];
    } else {
      for (index i = 0; i < p.n; i++) {
        T step = rate * g[i];
        T velocity = m[i] * momentum - step;
        m[i] = velocity;
        w[i] = w[i] * keep + (nesterov ? velocity * momentum - step : velocity);
      }
    }
  });
}

template <class T, bool kCentered>
void rmsprop_piece(const RmspropRule& rule, const Parameter<T>& p) {
  const T rate = T(rule.learning_rate), momentum = T(rule.momentum), epsilon = T(rule.epsilon);
  const T rho = T(rule.rho), fresh = T(1 - rule.rho), keep = T(1 - rule.learning_rate * rule.weight_decay);
  T* __restrict w = p.w;
  T* __restrict m = p.m;
  T* __restrict v = p.v;
  T* __restrict u = p.u;
  const T* __restrict g = p.g;
  auto step = [=](index i) {
    v[i] = v[i] * rho + g[i] * g[i] * fresh;
    T moment = v[i];
    if (kCentered) {
      u[i] = u[i] * rho + g[i] * fresh;
      const T variance = moment - u[i] * u[i];
      moment = variance < T(0) ? T(0) : variance;  // rounding may make it negative
    }
    return rate * g[i] / square_root(moment + epsilon);
  };
  if (!m) {
    for (index i = 0; i < p.n; i++) w[i] = w[i] * keep - step(i);
  } else {
    for (index i = 0; i < p.n; i++) {
      m[i] = m[i] * momentum + step(i);
      w[i] = w[i] * keep - m[i];
    }
  }
}

template <class T>
void rmsprop(const RmspropRule& rule, const Parameter<T>* parameters, index count) {
  each_piece(parameters, count, [&](const Parameter<T>& p) {
    return p.u ? rmsprop_piece<T, true>(rule, p) : rmsprop_piece<T, false>(rule, p);
  });
}

// step(i) for all elements. Software prefetch a little ahead: for three arrays written and one read the hardware
// prefetcher is too slow (28 % of the time for 4 M parameters on one thread).
template <class T, class Step>
PYDL_INLINE void each_part(const Parameter<T>& p, const Step& step) {
  constexpr index kPart = 256, kDistance = 512;
  for (index begin = 0; begin < p.n; begin += kPart) {
    const index end = p.n - begin < kPart ? p.n : begin + kPart;
    for (index i = begin + kDistance; i < end + kDistance; i += kLineSize<T>) {
      prefetch_for_writing(p.w + i);
      prefetch_for_writing(p.m + i);
      prefetch_for_writing(p.v + i);
      prefetch<kIntoL1>(p.g + i);
    }
    for (index i = begin; i < end; i++) step(i);
  }
}

template <class T>
void adam(const AdamRule& rule, const Parameter<T>* parameters, index count) {
  const double step = double(rule.step);
  const T alpha = T(rule.learning_rate * __builtin_sqrt(1 - __builtin_pow(rule.beta_2, step)) /
                    (1 - __builtin_pow(rule.beta_1, step)));
  const T fresh_m = T(1 - rule.beta_1), fresh_v = T(1 - rule.beta_2), epsilon = T(rule.epsilon);
  const T keep = T(1 - rule.learning_rate * rule.weight_decay);
  each_piece(parameters, count, [=](const Parameter<T>& p) {
    T* __restrict w = p.w;
    T* __restrict m = p.m;
    T* __restrict v = p.v;
    T* __restrict u = p.u;
    const T* __restrict g = p.g;
    if (!u) {
      each_part(p, [=](index i) {
        m[i] += (g[i] - m[i]) * fresh_m;
        v[i] += (g[i] * g[i] - v[i]) * fresh_v;
        w[i] = w[i] * keep - m[i] * alpha / (square_root(v[i]) + epsilon);
      });
    } else {
      for (index i = 0; i < p.n; i++) {
        m[i] += (g[i] - m[i]) * fresh_m;
        v[i] += (g[i] * g[i] - v[i]) * fresh_v;
        u[i] = v[i] < u[i] ? u[i] : v[i];
        w[i] = w[i] * keep - m[i] * alpha / (square_root(u[i]) + epsilon);
      }
    }
  });
}

}  // namespace
}  // namespace optimizer

template <class T>
void fill_optimizer(OptimizerKernels<T>& t) {
  t.sgd_update = optimizer::sgd<T>;
  t.rmsprop_update = optimizer::rmsprop<T>;
  t.adam_update = optimizer::adam<T>;
}
template void fill_optimizer(OptimizerKernels<float>&);
template void fill_optimizer(OptimizerKernels<double>&);

}  // namespace pydl::PYDL_ISA
