#include "kernels/common/parallel.h"
#include "kernels/softmax/row.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace softmax {
namespace {

template <class T>
void softmax_forward(index rows, index cols, const T* x, T* y) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) softmax_row<T>(cols, x + r * cols, y + r * cols);
  });
}

// dx = y (dy - sum(y dy))
template <class T>
void softmax_backward(index rows, index cols, const T* y, const T* dy, T* dx) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T *yr = y + r * cols, *dyr = dy + r * cols;
      T dot = sum_row<T>(cols, [=](auto at) { return at(yr) * at(dyr); });
      map_row<T>(cols, dx + r * cols, [=](auto at) { return at(yr) * (at(dyr) - dot); });
    }
  });
}

template <class T>
void log_softmax_forward(index rows, index cols, const T* x, T* y) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    each_row_log<T>(
        cols, begin, end, [=](index r) { return row_exp<T>(cols, x + r * cols, y + r * cols); },
        [=](index r, T max, T log_sum) {
          const T* xr = x + r * cols;
          map_row<T>(cols, y + r * cols, [=](auto at) { return (at(xr) - max) - log_sum; });
        });
  });
}

// dx = dy - exp(y) sum(dy)
template <class T>
void log_softmax_backward(index rows, index cols, const T* y, const T* dy, T* dx) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T *yr = y + r * cols, *dyr = dy + r * cols;
      T sum = sum_row<T>(cols, [=](auto at) { return at(dyr); });
      map_row<T>(cols, dx + r * cols, [=](auto at) { return at(dyr) - exp<T>(at(yr)) * sum; });
    }
  });
}

}  // namespace
}  // namespace softmax

template <class T>
void fill_softmax(SoftmaxKernels<T>& t) {
  t.forward = softmax::softmax_forward<T>;
  t.backward = softmax::softmax_backward<T>;
  t.log_forward = softmax::log_softmax_forward<T>;
  t.log_backward = softmax::log_softmax_backward<T>;
}
template void fill_softmax(SoftmaxKernels<float>&);
template void fill_softmax(SoftmaxKernels<double>&);

}  // namespace pydl::PYDL_ISA
