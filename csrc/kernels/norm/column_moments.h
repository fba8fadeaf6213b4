// Two moments of every column of `outer` matrices of rows x cols, such as its mean and its sum of squared deviations.
// As in reduce.cpp: a panel of columns at a time, blocks of rows merged pairwise, several narrow rows as one wide row,
// long columns in slices for the threads. All of these depend on the shape alone, never on the number of threads.
#pragma once
#include "kernels/common/panel.h"
#include "kernels/common/parallel.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::norm {
namespace {

template <class T>
struct PanelPair {
  Panel<T> a, b;
};

// The mean of x - centre, and the sum of squared deviations from it. A block is read twice, the second time from L1,
// and blocks are merged by the formula of Chan, Golub and LeVeque (1979), without cancellation for any centre. A centre
// near the mean, such as the first row, keeps the digits that a mean far from zero would lose.
template <class T>
struct Moments {
  const T* x;

  template <bool kWhole>
  PYDL_INLINE PanelPair<T> block(index at, index rows, index stride, index width, const Panel<T>& centre) const {
    PanelPair<T> s{};
    for (index r = 0; r < rows; r++) {
      const Panel<T> row = load_panel<T, kWhole>(x + at + r * stride, width);
      PYDL_UNROLL
      for (int i = 0; i < kVectors; i++) s.a.part[i] += row.part[i] - centre.part[i];
    }
    const T share = T(1) / T(rows);
    PYDL_UNROLL
    for (int i = 0; i < kVectors; i++) s.a.part[i] *= share;
    for (index r = 0; r < rows; r++) {
      const Panel<T> row = load_panel<T, kWhole>(x + at + r * stride, width);
      PYDL_UNROLL
      for (int i = 0; i < kVectors; i++) {
        V<T> deviation = (row.part[i] - centre.part[i]) - s.a.part[i];
        s.b.part[i] += deviation * deviation;
      }
    }
    return s;
  }
  // (a, b) of n rows and (other_a, other_b) of m rows.
  static PYDL_INLINE void merge(V<T>& a, V<T>& b, index n, V<T> other_a, V<T> other_b, index m) {
    const T share = T(m) / T(n + m);
    V<T> delta = other_a - a;
    a += delta * share;
    b += other_b + delta * delta * (T(n) * share);
  }
};

// Sum of dy, and of dy (x - centre).
template <class T>
struct Products {
  const T *x, *dy;

  template <bool kWhole>
  PYDL_INLINE PanelPair<T> block(index at, index rows, index stride, index width, const Panel<T>& centre) const {
    PanelPair<T> s{};
    for (index r = 0; r < rows; r++) {
      const Panel<T> row = load_panel<T, kWhole>(x + at + r * stride, width);
      const Panel<T> gradient = load_panel<T, kWhole>(dy + at + r * stride, width);
      PYDL_UNROLL
      for (int i = 0; i < kVectors; i++) {
        s.a.part[i] += gradient.part[i];
        s.b.part[i] += gradient.part[i] * (row.part[i] - centre.part[i]);
      }
    }
    return s;
  }
  static PYDL_INLINE void merge(V<T>& a, V<T>& b, index, V<T> other_a, V<T> other_b, index) {
    a += other_a;
    b += other_b;
  }
};

// A panel of `width` columns over rows >= 1 rows, from element `at` on.
template <bool kWhole, class T, template <class> class Statistic>
PanelPair<T> pairwise(const Statistic<T>& statistic, index at, index rows, index stride, index width,
                      const Panel<T>& centre) {
  constexpr index kRows = 32;  // in a block
  if (rows <= kRows) return statistic.template block<kWhole>(at, rows, stride, width, centre);
  const index half = (rows / kRows + 1) / 2 * kRows;
  PanelPair<T> s = pairwise<kWhole>(statistic, at, half, stride, width, centre);
  PanelPair<T> rest = pairwise<kWhole>(statistic, at + half * stride, rows - half, stride, width, centre);
  PYDL_UNROLL
  for (int i = 0; i < kVectors; i++)
    Statistic<T>::merge(s.a.part[i], s.b.part[i], half, rest.a.part[i], rest.b.part[i], rows - half);
  return s;
}

// Merges `width` columns kept in memory.
template <class T, template <class> class Statistic>
PYDL_INLINE void merge_columns(const Statistic<T>&, index width, T* a, T* b, index n, const T* other_a,
                               const T* other_b, index m) {
  for (index i = 0; i < width; i += kLanes<T>) {
    const int lanes = int(width - i < kLanes<T> ? width - i : kLanes<T>);
    V<T> to_a = load_n<T>(a + i, lanes), to_b = load_n<T>(b + i, lanes);
    Statistic<T>::merge(to_a, to_b, n, load_n<T>(other_a + i, lanes), load_n<T>(other_b + i, lanes), m);
    store_n<T>(a + i, to_a, lanes);
    store_n<T>(b + i, to_b, lanes);
  }
}

// a, b = the columns of rows >= 1 rows of cols < kPanel: `fold` adjacent rows are one wide row.
template <class T, template <class> class Statistic>
void narrow_columns(const Statistic<T>& statistic, index at, index rows, index cols, const T* centre, T* a, T* b) {
  index fold = kPanel<T> / cols;
  if (fold > rows) fold = rows;
  const index wide = fold * cols, count = rows / fold, rest = rows % fold;
  alignas(64) T lanes_a[kPanel<T>], lanes_b[kPanel<T>];
  for (index i = 0; i < wide; i += cols)
    for (index c = 0; c < cols; c++) lanes_a[i + c] = centre[c];
  const Panel<T> centres = load_panel<T, false>(lanes_a, wide);
  auto add = [&](index from, index n, index width) {
    return width == kPanel<T> ? pairwise<true>(statistic, from, n, wide, width, centres)
                              : pairwise<false>(statistic, from, n, wide, width, centres);
  };
  const PanelPair<T> sum = add(at, count, wide);
  store_panel(lanes_a, sum.a, wide);
  store_panel(lanes_b, sum.b, wide);
  if (rest) {
    alignas(64) T last_a[kPanel<T>], last_b[kPanel<T>];
    const PanelPair<T> last = add(at + count * wide, 1, rest * cols);
    store_panel(last_a, last.a, rest * cols);
    store_panel(last_b, last.b, rest * cols);
    merge_columns(statistic, rest * cols, lanes_a, lanes_b, count, last_a, last_b, 1);
  }
  index n = count + (rest > 0);
  for (index g = 1; g < fold; g++) {
    const index m = count + (g < rest);
    merge_columns(statistic, cols, lanes_a, lanes_b, n, lanes_a + g * cols, lanes_b + g * cols, m);
    n += m;
  }
  for (index c = 0; c < cols; c++) a[c] = lanes_a[c], b[c] = lanes_b[c];
}

// a, b (outer, cols) = the statistic of each column; rows, cols >= 1; centre (outer, cols).
template <class T, template <class> class Statistic>
void column_moments(const Statistic<T>& statistic, index outer, index rows, index cols, const T* centre, T* a, T* b) {
  constexpr index kSlice = 32 * 1024;  // elements of a slice, which one thread reads
  const index block = 32 * (cols < kPanel<T> ? kPanel<T> / cols : 1);
  const index slice = (kSlice / cols / block + 1) * block;
  const index slices = rows < slice ? 1 : rows / slice;  // the last slice includes the rest
  const index panels = (cols + kPanel<T> - 1) / kPanel<T>;
  Scratch scratch(slices > 1 ? 2 * outer * slices * cols * index(sizeof(T)) : 0);
  T* part_a = slices > 1 ? static_cast<T*>(scratch.data()) : a;
  T* part_b = slices > 1 ? part_a + outer * slices * cols : b;
  auto begin_of = [=](index s) { return s >= slices ? rows : s * slice; };
  const index work = begin_of(1) * (cols < kPanel<T> ? cols : kPanel<T>);
  parallel(outer * slices * panels, kSlice / work + 1, [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      const index c = unit % panels * kPanel<T>, s = unit / panels % slices, o = unit / panels / slices;
      const index n = begin_of(s + 1) - begin_of(s), at = (o * rows + begin_of(s)) * cols + c;
      const T* centre_at = centre + o * cols + c;
      T *to_a = part_a + (o * slices + s) * cols + c, *to_b = part_b + (o * slices + s) * cols + c;
      if (cols < kPanel<T>) {
        narrow_columns(statistic, at, n, cols, centre_at, to_a, to_b);
        continue;
      }
      const index width = cols - c < kPanel<T> ? cols - c : kPanel<T>;
      const Panel<T> centres = load_panel<T, false>(centre_at, width);
      const PanelPair<T> sum = width == kPanel<T> ? pairwise<true>(statistic, at, n, cols, width, centres)
                                                  : pairwise<false>(statistic, at, n, cols, width, centres);
      store_panel(to_a, sum.a, width);
      store_panel(to_b, sum.b, width);
    }
  });
  if (slices == 1) return;
  parallel(outer * panels, kSlice / (slices * kPanel<T>)+1, [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      const index c = unit % panels * kPanel<T>, o = unit / panels, first = o * slices * cols + c;
      const index width = cols - c < kPanel<T> ? cols - c : kPanel<T>;
      for (index step = 1; step < slices; step *= 2)  // pairwise
        for (index s = 0; s + step < slices; s += 2 * step) {
          T *to = part_a + first + s * cols, *to_b = part_b + first + s * cols;
          merge_columns(statistic, width, to, to_b, begin_of(s + step) - begin_of(s), to + step * cols,
                        to_b + step * cols, begin_of(s + 2 * step) - begin_of(s + step));
        }
      for (index i = 0; i < width; i++) {
        a[o * cols + c + i] = part_a[first + i];
        b[o * cols + c + i] = part_b[first + i];
      }
    }
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::norm
