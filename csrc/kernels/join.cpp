// Blocks of memory put side by side or in reverse: concatenation along an axis, and an axis turned round.
#include "parallel.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index kGrain = 16 * 1024;  // elements; fewer are not worth a second thread

template <class T>
void concatenate(index rows, index count, const index* cols, const T* const* parts, T* y) {
  index total = 0;
  for (index k = 0; k < count; k++) total += cols[k];
  parallel(rows, kGrain / (total + 1) + 1, [=](index begin, index end) {
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
  parallel(outer * axis, kGrain / (inner + 1) + 1, [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const index mirrored = r - r % axis + (axis - 1 - r % axis);
      __builtin_memcpy(y + r * inner, x + mirrored * inner, std::size_t(inner) * sizeof(T));
    }
  });
}

}  // namespace

template <class T>
void fill_join(KernelTable<T>& t) {
  t.concatenate = concatenate<T>;
  t.flip = flip<T>;
}
template void fill_join(KernelTable<float>&);
template void fill_join(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
