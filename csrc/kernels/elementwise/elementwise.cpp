// Activations and arithmetic on whole arrays.
#include "kernels/common/activation.h"
#include "kernels/common/parallel.h"
#include "kernels/common/rows.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace elementwise {
namespace {

// Lanes are independent, so results do not depend on where pieces begin.
template <class T, class F>
PYDL_INLINE void map(index n, T* y, const F& f) {
  parallel(n, kGrain, [&](index begin, index end) {
    map_row<T>(end - begin, y + begin, [=](auto at) { return f([=](const T* p) { return at(p + begin); }); });
  });
}

template <class T>
void activation_forward(Activation kind, T alpha, index n, const T* x, T* y) {
  with_activation(kind, [&](auto f) { map<T>(n, y, [=](auto at) { return f.template forward<T>(at(x), alpha); }); });
}

template <class T>
void activation_backward(Activation kind, T alpha, index n, const T* saved, const T* dy, T* dx) {
  with_activation(
      kind, [&](auto f) { map<T>(n, dx, [=](auto at) { return f.template backward<T>(at(saved), at(dy), alpha); }); });
}

template <class T, class Body>
PYDL_INLINE void with_operator(BinaryOp op, const Body& body) {
  switch (op) {
    case BinaryOp::add:
      return body([](V<T> a, V<T> b) { return a + b; });
    case BinaryOp::subtract:
      return body([](V<T> a, V<T> b) { return a - b; });
    case BinaryOp::multiply:
      return body([](V<T> a, V<T> b) { return a * b; });
    case BinaryOp::divide:
      return body([](V<T> a, V<T> b) { return a / b; });
    case BinaryOp::maximum:
      return body([](V<T> a, V<T> b) { return max_nan<T>(a, b); });
    case BinaryOp::minimum:
      return body([](V<T> a, V<T> b) { return -max_nan<T>(-a, -b); });
  }
}

// y = f(at, b) for y of rows x cols, where at(p) loads from an array like y, and b is a vector of the broadcast array.
template <class T, class F>
PYDL_INLINE void map_broadcast(index rows, index cols, const T* b, index b_row, index b_col, T* y, const F& f) {
  if (b_row == 0 && b_col == 0) return map<T>(rows * cols, y, [=](auto at) { return f(at, broadcast<T>(*b)); });
  if (b_row == cols && b_col == 1) return map<T>(rows * cols, y, [=](auto at) { return f(at, at(b)); });
  // b is a row or a column: pieces of the flat array end where rows end.
  parallel(rows * cols, kGrain, [&](index begin, index end) {
    for (index i = begin; i < end;) {
      index row = i / cols, stop = (row + 1) * cols < end ? (row + 1) * cols : end;
      const T* b_at = b + row * b_row - (b_col ? row * cols : 0);
      for (; i < stop; i += kLanes<T>) {
        int count = stop - i < kLanes<T> ? int(stop - i) : kLanes<T>;
        V<T> right = b_col ? load_n<T>(b_at + i, count) : broadcast<T>(*b_at);
        store_n<T>(y + i, f([=](const T* p) { return load_n<T>(p + i, count); }, right), count);
      }
      i = stop;
    }
  });
}

template <class T>
void binary(BinaryOp op, index rows, index cols, const T* a, const T* b, index b_row, index b_col, T* c) {
  with_operator<T>(op, [&](auto f) {
    map_broadcast<T>(rows, cols, b, b_row, b_col, c, [=](auto at, V<T> right) { return f(at(a), right); });
  });
}

template <class T>
void rectify_forward(T slope, T max_value, T threshold, index n, const T* x, T* y) {
  map<T>(n, y, [=](auto at) {
    V<T> v = at(x);
    V<T> below = slope == 0 ? broadcast<T>(0) : slope * (v - threshold);  // 0 * v would be -0, and NaN for an infinity
    return at_most<T>(select<T>(v <= threshold, below, v), max_value);
  });
}

template <class T>
void rectify_backward(T slope, T max_value, T threshold, index n, const T* x, const T* dy, T* dx) {
  map<T>(n, dx, [=](auto at) {
    V<T> v = at(x), gradient = at(dy);
    return zero_where<T>(v > max_value, select<T>(v <= threshold, slope * gradient, gradient));
  });
}

template <class T>
void prelu_forward(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col, T* y) {
  map_broadcast<T>(rows, cols, alpha, alpha_row, alpha_col, y,
                   [=](auto at, V<T> a) { return select<T>(at(x) < 0, a * at(x), at(x)); });
}

template <class T>
void prelu_backward(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col, const T* dy,
                    T* dx, T* dalpha) {
  map_broadcast<T>(rows, cols, alpha, alpha_row, alpha_col, dx,
                   [=](auto at, V<T> a) { return select<T>(at(x) > 0, at(dy), a * at(dy)); });
  map<T>(rows * cols, dalpha, [=](auto at) { return select<T>(at(x) > 0, V<T>{}, at(x) * at(dy)); });
}

}  // namespace
}  // namespace elementwise

template <class T>
void fill_elementwise(ElementwiseKernels<T>& t) {
  t.activation_forward = elementwise::activation_forward<T>;
  t.activation_backward = elementwise::activation_backward<T>;
  t.rectify_forward = elementwise::rectify_forward<T>;
  t.rectify_backward = elementwise::rectify_backward<T>;
  t.prelu_forward = elementwise::prelu_forward<T>;
  t.prelu_backward = elementwise::prelu_backward<T>;
  t.binary = elementwise::binary<T>;
}
template void fill_elementwise(ElementwiseKernels<float>&);
template void fill_elementwise(ElementwiseKernels<double>&);

}  // namespace pydl::PYDL_ISA
