// Losses fused with the activation before them: neither the logarithm of a probability nor its gradient is ever formed.
#include "kernels/common/parallel.h"
#include "kernels/softmax/row.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace loss {
namespace {

using softmax::each_row_log;
using softmax::softmax_row;

// loss = log(sum(exp(x - max))) - (x[label] - max)
template <class T>
void softmax_cross_entropy_forward(index rows, index cols, const T* logits, const std::int64_t* labels, T* probs,
                                   T* loss) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    each_row_log<T>(
        cols, begin, end, [=](index r) { return softmax_row<T>(cols, logits + r * cols, probs + r * cols); },
        [=](index r, T max, T log_sum) { loss[r] = log_sum - (logits[r * cols + labels[r]] - max); });
  });
}

// dlogits = (probs - [label]) dloss
template <class T>
void softmax_cross_entropy_backward(index rows, index cols, const T* probs, const std::int64_t* labels, const T* dloss,
                                    T* dlogits) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T* p = probs + r * cols;
      map_row<T>(cols, dlogits + r * cols, [=](auto at) { return at(p) * dloss[r]; });
      dlogits[r * cols + labels[r]] = (p[labels[r]] - 1) * dloss[r];
    }
  });
}

// What a class of this log probability adds to the loss; a class of probability 0 adds nothing unless it is the target.
template <class T>
PYDL_INLINE V<T> dense_term(V<T> target, V<T> minus_log) {
  return select<T>((target == 0) & (minus_log == T(__builtin_inf())), V<T>{}, target * minus_log);
}

// loss = sum(t (log(sum(exp(x - max))) - (x - max))), where 0 * inf is 0. Rows in which that matters are rare, and
// their sum shows them.
template <class T>
void softmax_cross_entropy_dense_forward(index rows, index cols, const T* logits, const T* target, T* probs, T* loss) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    each_row_log<T>(
        cols, begin, end, [=](index r) { return softmax_row<T>(cols, logits + r * cols, probs + r * cols); },
        [=](index r, T max, T log_sum) {
          const T *x = logits + r * cols, *t = target + r * cols;
          T sum = sum_row<T>(cols, [=](auto at) { return at(t) * (log_sum - (at(x) - max)); });
          if (__builtin_expect(sum != sum, 0))
            sum = sum_row<T>(cols, [=](auto at) { return dense_term<T>(at(t), log_sum - (at(x) - max)); });
          loss[r] = sum;
        });
  });
}

// dlogits = (probs sum(t) - t) dloss: exact also for targets that do not sum to 1.
template <class T>
void softmax_cross_entropy_dense_backward(index rows, index cols, const T* probs, const T* target, const T* dloss,
                                          T* dlogits) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T *p = probs + r * cols, *t = target + r * cols;
      T total = sum_row<T>(cols, [=](auto at) { return at(t); });
      map_row<T>(cols, dlogits + r * cols, [=](auto at) { return (at(p) * total - at(t)) * dloss[r]; });
    }
  });
}

// The loss of an infinite logit: |z| times the part of the target that it misses, where inf * 0 is 0.
template <class T>
PYDL_INLINE V<T> infinite_loss(V<T> z, V<T> t) {
  const V<T> missed = select<T>(z > 0, 1 - t, t);
  return select<T>(missed == 0, V<T>{}, missed * absolute<T>(z));
}

// loss = max(z, 0) - z t + log(1 + exp(-|z|)). For an infinite z that is NaN, which the sum over all elements shows.
template <class T>
void sigmoid_cross_entropy_forward(index n, const T* logits, const T* target, T* loss) {
  parallel(n, index(8192), [=](index begin, index end) {
    V<T> sum{};
    map_row<T>(end - begin, loss + begin, [&](auto at) {
      const V<T> z = at(logits + begin), each = softplus<T>(z) - z * at(target + begin);
      sum += each;
      return each;
    });
    if (__builtin_expect(!any<T>(sum != sum), 1)) return;
    map_row<T>(end - begin, loss + begin, [=](auto at) {
      const V<T> z = at(logits + begin), t = at(target + begin);
      return select<T>(absolute<T>(z) == T(__builtin_inf()), infinite_loss<T>(z, t), at(loss + begin));
    });
  });
}

// dlogits = (sigmoid(z) - t) dloss
template <class T>
void sigmoid_cross_entropy_backward(index n, const T* logits, const T* target, const T* dloss, T* dlogits) {
  parallel(n, index(8192), [=](index begin, index end) {
    map_row<T>(end - begin, dlogits + begin,
               [=](auto at) { return (sigmoid<T>(at(logits + begin)) - at(target + begin)) * at(dloss + begin); });
  });
}

}  // namespace
}  // namespace loss

template <class T>
void fill_loss(LossKernels<T>& t) {
  t.softmax_cross_entropy_forward = loss::softmax_cross_entropy_forward<T>;
  t.softmax_cross_entropy_backward = loss::softmax_cross_entropy_backward<T>;
  t.softmax_cross_entropy_dense_forward = loss::softmax_cross_entropy_dense_forward<T>;
  t.softmax_cross_entropy_dense_backward = loss::softmax_cross_entropy_dense_backward<T>;
  t.sigmoid_cross_entropy_forward = loss::sigmoid_cross_entropy_forward<T>;
  t.sigmoid_cross_entropy_backward = loss::sigmoid_cross_entropy_backward<T>;
}
template void fill_loss(LossKernels<float>&);
template void fill_loss(LossKernels<double>&);

}  // namespace pydl::PYDL_ISA
