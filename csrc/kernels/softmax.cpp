#include "parallel.h"
#include "softmax_row.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

template <class T>
void softmax_forward(index rows, index cols, const T* x, T* y) {
  parallel(rows, rows_grain(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) softmax_row<T>(cols, x + r * cols, y + r * cols);
  });
}

// dx = y (dy - sum(y dy))
template <class T>
void softmax_backward(index rows, index cols, const T* y, const T* dy, T* dx) {
  parallel(rows, rows_grain(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T *yr = y + r * cols, *dyr = dy + r * cols;
      T dot = sum_row<T>(cols, [=](auto at) { return at(yr) * at(dyr); });
      map_row<T>(cols, dx + r * cols, [=](auto at) { return at(yr) * (at(dyr) - dot); });
    }
  });
}

template <class T>
void log_softmax_forward(index rows, index cols, const T* x, T* y) {
  parallel(rows, rows_grain(cols), [=](index begin, index end) {
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
  parallel(rows, rows_grain(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T *yr = y + r * cols, *dyr = dy + r * cols;
      T sum = sum_row<T>(cols, [=](auto at) { return at(dyr); });
      map_row<T>(cols, dx + r * cols, [=](auto at) { return at(dyr) - exp<T>(at(yr)) * sum; });
    }
  });
}

}  // namespace

template <class T>
void fill_softmax(KernelTable<T>& t) {
  t.softmax_forward = softmax_forward<T>;
  t.softmax_backward = softmax_backward<T>;
  t.log_softmax_forward = log_softmax_forward<T>;
  t.log_softmax_backward = log_softmax_backward<T>;
}
template void fill_softmax(KernelTable<float>&);
template void fill_softmax(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
