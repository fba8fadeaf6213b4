// Masks of time steps: which rows hold anything but a padding value, and rows set to zero.
#include "kernels/common/parallel.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace layout {
namespace {

template <class T>
void step_mask(index rows, index cols, T value, const T* x, bool* mask) {
  parallel(rows, grain_of_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T* row = x + r * cols;
      index other = 0;
      for (index c = 0; c < cols; c++) other += row[c] != value;
      mask[r] = other != 0;
    }
  });
}

template <class T>
void apply_mask(index rows, index cols, const T* x, const bool* mask, T* y) {
  parallel(rows, grain_of_rows(cols), [=](index begin, index end) {
    const std::size_t bytes = std::size_t(cols) * sizeof(T);
    for (index r = begin; r < end; r++) {
      if (mask[r])
        __builtin_memcpy(y + r * cols, x + r * cols, bytes);
      else
        __builtin_memset(y + r * cols, 0, bytes);
    }
  });
}

}  // namespace
}  // namespace layout

template <class T>
void fill_mask(MaskKernels<T>& t) {
  t.step_mask = layout::step_mask<T>;
  t.apply_mask = layout::apply_mask<T>;
}
template void fill_mask(MaskKernels<float>&);
template void fill_mask(MaskKernels<double>&);

}  // namespace pydl::PYDL_ISA
