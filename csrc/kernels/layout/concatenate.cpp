// Copies of blocks of memory: concatenation along an axis, and reversal of an axis.
#include "kernels/common/parallel.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace layout {
namespace {

template <class T>
void concatenate(index rows, index count, const index* cols, const T* const* parts, T* y) {
  index total = 0;
  for (index k = 0; k < count; k++) total += cols[k];
  parallel(rows, grain_of_rows(total), [=](index begin, index end) {
    T* to = y + begin * total;
    for (index r = begin; r < end; r++) {
      for (index k = 0; k < count; k++) {
        __builtin_memcpy(to, parts[k] + r * cols[k], std::size_t(cols[k]) * sizeof(T));
        to += cols[k];
      }
    }
  });
}

template <class T>
void flip(index outer, index axis, index inner, const T* x, T* y) {
  parallel(outer * axis, grain_of_rows(inner), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const index mirrored = r - r % axis + (axis - 1 - r % axis);
      __builtin_memcpy(y + r * inner, x + mirrored * inner, std::size_t(inner) * sizeof(T));
    }
  });
}

}  // namespace
}  // namespace layout

template <class T>
void fill_concatenate(ConcatenateKernels<T>& t) {
  t.concatenate = layout::concatenate<T>;
  t.flip = layout::flip<T>;
}
template void fill_concatenate(ConcatenateKernels<float>&);
template void fill_concatenate(ConcatenateKernels<double>&);

}  // namespace pydl::PYDL_ISA
