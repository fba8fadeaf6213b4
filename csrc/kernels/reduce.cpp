// Reductions of the middle axis of (outer, axis, inner), all by one kernel: rows of up to kPanel elements that are
// added to each other pairwise, so that the rounding error grows with log2 of their number. A matrix with few columns
// is made wide first: `fold` of its rows side by side are one row (a plain vector becomes rows of a whole panel), and
// the folded result is added up at the end. How the work is cut depends on the shape alone.
#include "../scratch.h"
#include "parallel.h"
#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr int kVectors = 4;          // accumulators of a panel: enough to hide the latency of an addition
constexpr index kRows = 32;          // added in a row; above that, pairwise
constexpr index kSlice = 16 * 1024;  // elements added up by one thread before the slices are combined
constexpr index kGrain = 32 * 1024;  // elements; fewer are not worth a second thread

template <class T>
constexpr index kPanel = kVectors * kLanes<T>;

// How two values (or vectors of them) become one. NaN in either gives NaN.
struct Sum {
  template <class X>
  PYDL_INLINE static X combine(X a, X b) {
    return a + b;
  }
};
struct Max {
  template <class X>
  PYDL_INLINE static X combine(X a, X b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct Min {
  template <class X>
  PYDL_INLINE static X combine(X a, X b) {
    return (a < b) | (a != a) ? a : b;
  }
};

template <class T>
struct Panel {
  V<T> part[kVectors];
};

// A panel of `width` columns of one row; lanes past it are zero.
template <class T, bool kWhole>
PYDL_INLINE Panel<T> load_panel(const T* x, index width) {
  constexpr index L = kLanes<T>;
  Panel<T> p;
  PYDL_UNROLL
  for (int i = 0; i < kVectors; i++) {
    index left = width - i * L;
    if (kWhole || left >= L)
      p.part[i] = load<T>(x + i * L);
    else
      p.part[i] = left > 0 ? load_n<T>(x + i * L, int(left)) : V<T>{};
  }
  return p;
}

// rows >= 1 rows of `width` columns, `stride` elements apart.
template <class Op, class T, bool kWhole>
Panel<T> add_rows(index rows, index stride, index width, const T* x) {
  Panel<T> sum;
  if (rows > kRows) {
    index half = (rows / kRows + 1) / 2 * kRows;
    sum = add_rows<Op, T, kWhole>(half, stride, width, x);
    Panel<T> rest = add_rows<Op, T, kWhole>(rows - half, stride, width, x + half * stride);
    PYDL_UNROLL
    for (int i = 0; i < kVectors; i++) sum.part[i] = Op::combine(sum.part[i], rest.part[i]);
    return sum;
  }
  sum = load_panel<T, kWhole>(x, width);
  for (index r = 1; r < rows; r++) {
    Panel<T> row = load_panel<T, kWhole>(x + r * stride, width);
    PYDL_UNROLL
    for (int i = 0; i < kVectors; i++) sum.part[i] = Op::combine(sum.part[i], row.part[i]);
  }
  return sum;
}

// y[0 ... width) = the columns of rows >= 1 rows, width <= kPanel.
template <class Op, class T>
void add_columns(index rows, index stride, index width, const T* x, T* y) {
  bool whole = width == kPanel<T>;
  Panel<T> sum = whole ? add_rows<Op, T, true>(rows, stride, width, x) : add_rows<Op, T, false>(rows, stride, width, x);
  for (int i = 0; i < kVectors; i++) {
    index left = width - i * kLanes<T>;
    if (left > 0) store_n<T>(y + i * kLanes<T>, sum.part[i], int(left < kLanes<T> ? left : kLanes<T>));
  }
}

// y[o, c] = over r of x[o, r, c], where the matrices of successive o are `step` elements apart.
template <class Op, class T>
void reduce_rows(index outer, index rows, index columns, index step, const T* x, T* y) {
  const index panels = (columns + kPanel<T> - 1) / kPanel<T>;
  const index panel_size = rows * (columns < kPanel<T> ? columns : kPanel<T>);
  parallel(outer * panels, kGrain / (panel_size + 1) + 1, [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      index o = unit / panels, c = unit % panels * kPanel<T>;
      index width = columns - c < kPanel<T> ? columns - c : kPanel<T>;
      add_columns<Op>(rows, columns, width, x + o * step + c, y + o * columns + c);
    }
  });
}

// y[i] = over f of x[f * inner + i], f in order.
template <class Op, class T>
void unfold(index fold, index inner, const T* x, T* y) {
  for (index i = 0; i < inner; i++) {
    T sum = x[i];
    for (index f = 1; f < fold; f++) sum = Op::combine(sum, x[f * inner + i]);
    y[i] = sum;
  }
}

// One of the `outer` matrices, axis x inner with axis >= 1, is rows x columns when folded, and `rest` rows of inner.
struct Folded {
  index fold, rows, columns, rest;
};
template <class T>
Folded folded(index axis, index inner) {
  index fold = inner >= kPanel<T> ? 1 : kPanel<T> / inner;
  if (fold > axis) fold = axis;
  return {fold, axis / fold, fold * inner, axis % fold};
}

template <class Op, class T>
void reduce(index outer, index axis, index inner, const T* x, T* y) {
  const Folded s = folded<T>(axis, inner);
  const index whole = s.rows * s.columns, size = axis * inner;
  if (s.fold == 1) return reduce_rows<Op>(outer, s.rows, s.columns, size, x, y);
  Scratch scratch(outer * s.columns * index(sizeof(T)));
  T* wide = static_cast<T*>(scratch.data());
  reduce_rows<Op>(outer, s.rows, s.columns, size, x, wide);
  for (index o = 0; o < outer; o++) {
    unfold<Op>(s.fold, inner, wide + o * s.columns, y + o * inner);
    for (index r = 0; r < s.rest; r++)
      for (index i = 0; i < inner; i++)
        y[o * inner + i] = Op::combine(y[o * inner + i], x[o * size + whole + r * inner + i]);
  }
}

template <class T>
void reduce_by_name(ReduceOp op, index outer, index axis, index inner, const T* x, T* y) {
  if (outer * inner == 0) return;
  if (axis == 0) {  // max and min of nothing are refused by the binding
    for (index i = 0; i < outer * inner; i++) y[i] = op == ReduceOp::mean ? T(__builtin_nan("")) : T(0);
    return;
  }
  if (op == ReduceOp::max) return reduce<Max>(outer, axis, inner, x, y);
  if (op == ReduceOp::min) return reduce<Min>(outer, axis, inner, x, y);
  reduce<Sum>(outer, axis, inner, x, y);
  if (op == ReduceOp::mean)
    for (index i = 0; i < outer * inner; i++) y[i] /= T(axis);
}

template <class T>
void argmax(index outer, index axis, index inner, const T* x, std::int64_t* y) {
  parallel(outer * inner, kGrain / (axis + 1) + 1, [=](index begin, index end) {
    for (index i = begin; i < end; i++) {
      const T* column = x + i / inner * axis * inner + i % inner;
      index at = 0;
      T best = column[0];
      for (index a = 1; a < axis && best == best; a++)  // a NaN ends the search
        if (!(column[a * inner] <= best)) best = column[a * inner], at = a;
      y[i] = at;
    }
  });
}

}  // namespace

template <class T>
void fill_reduce(KernelTable<T>& t) {
  t.reduce = reduce_by_name<T>;
  t.argmax = argmax<T>;
}
template void fill_reduce(KernelTable<float>&);
template void fill_reduce(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
