// The last pass of normalisations: each element is scaled by coefficients of its column.
#pragma once
#include "kernels/common/parallel.h"
#include "kernels/common/rows.h"

namespace pydl::PYDL_ISA::norm {
namespace {

// y = f(at, of) for `outer` matrices of rows x cols. at(p) loads from an array like y, of(k) from the k-th of kCount
// arrays (outer, cols) of coefficients. Short rows are processed several at a time, with repeated coefficients.
template <class T, int kCount, class F>
PYDL_INLINE void scale_columns(index outer, index rows, index cols, const T* const (&coefficients)[kCount], T* y,
                               const F& f) {
  constexpr index kWide = 256;
  if (cols == 0) return;
  parallel(outer * rows, kGrain / cols + 1, [&](index begin, index end) {
    alignas(64) T repeated[kCount][kWide];
    while (begin < end) {
      const index o = begin / rows, stop = (o + 1) * rows < end ? (o + 1) * rows : end;
      index wide = cols;
      const T* of[kCount];
      for (int k = 0; k < kCount; k++) of[k] = coefficients[k] + o * cols;
      if (cols < kWide && stop - begin > 1) {
        const index fold = kWide / cols < stop - begin ? kWide / cols : stop - begin;
        wide = fold * cols;
        for (int k = 0; k < kCount; k++) {
          for (index i = 0; i < wide; i += cols)
            for (index c = 0; c < cols; c++) repeated[k][i + c] = of[k][c];
          of[k] = repeated[k];
        }
      }
      for (index i = begin * cols; i < stop * cols; i += wide) {
        const index n = stop * cols - i < wide ? stop * cols - i : wide;
        map_row<T>(n, y + i,
                   [&](auto at) { return f([&](const T* p) { return at(p + i); }, [&](int k) { return at(of[k]); }); });
      }
      begin = stop;
    }
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::norm
