// Reductions of the middle axis of (outer, axis, inner). One kernel adds rows to each other, up to kPanel columns at a
// time and pairwise, so that the rounding error grows with log2 of the number of rows. A narrow matrix is widened
// first: several adjacent rows are one wide row, and the wide result is folded at the end; a vector (inner = 1) becomes
// rows of a whole panel. A long axis is cut into slices for the threads. All of this depends on the shape alone, never
// on the number of threads.
#include "kernels/common/panel.h"
#include "kernels/common/parallel.h"
#include "kernels/table.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA {
namespace reduce {
namespace {

constexpr index kRows = 32;                // rows that are added one by one; blocks of them are added pairwise
constexpr index kSlice = 32 * 1024;        // elements of a slice, which one thread adds
constexpr index kReduceGrain = 32 * 1024;  // elements; fewer are not worth a second thread

// How two values (or vectors) are combined. NaN in either gives NaN.
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
  store_panel(y, sum, width);
}

// y[0 ... inner) = the columns of axis >= 1 rows, inner < kPanel: `fold` adjacent rows are one wide row.
template <class Op, class T>
void add_narrow(index axis, index inner, const T* x, T* y) {
  constexpr index L = kLanes<T>;
  if (axis <= kRows && inner < L) {  // too few elements for vectors
    for (index i = 0; i < inner; i++) {
      y[i] = x[i];
      for (index a = 1; a < axis; a++) y[i] = Op::combine(y[i], x[a * inner + i]);
    }
    return;
  }
  index fold = kPanel<T> / inner;
  if (fold > axis) fold = axis;
  const index rows = axis / fold, columns = fold * inner;
  alignas(64) T wide[kPanel<T>];
  add_columns<Op>(rows, columns, columns, x, wide);
  // wide[0 ... n) = Op(wide, other)
  auto combine = [&](index n, const T* other) {
    for (index i = 0; i < n; i += L) {
      int lanes = int(n - i < L ? n - i : L);
      store_n<T>(wide + i, Op::combine(load_n<T>(wide + i, lanes), load_n<T>(other + i, lanes)), lanes);
    }
  };
  combine(axis % fold * inner, x + rows * columns);
  while (fold > 1) {
    index half = (fold + 1) / 2;
    combine((fold - half) * inner, wide + half * inner);
    fold = half;
  }
  for (index i = 0; i < inner; i++) y[i] = wide[i];
}

template <class Op, class T>
void reduce(index outer, index axis, index inner, const T* x, T* y) {
  // Slices of whole pairwise blocks; the last slice includes the rest.
  const index block = kRows * (inner < kPanel<T> ? kPanel<T> / inner : 1);
  const index slice = (kSlice / inner / block + 1) * block;
  const index slices = axis < slice ? 1 : axis / slice;
  const index panels = (inner + kPanel<T> - 1) / kPanel<T>;
  Scratch scratch(slices > 1 ? outer * slices * inner * index(sizeof(T)) : 0);
  T* partial = slices > 1 ? static_cast<T*>(scratch.data()) : y;
  const index work = (slices > 1 ? slice : axis) * (inner < kPanel<T> ? inner : kPanel<T>);
  parallel(outer * slices * panels, kReduceGrain / work + 1, [&](index begin, index end) {
    for (index unit = begin; unit < end; unit++) {
      index p = unit, c = 0, s = 0;
      if (panels > 1) c = p % panels * kPanel<T>, p /= panels;
      if (slices > 1) s = p % slices, p /= slices;
      const index rows = s == slices - 1 ? axis - s * slice : slice;
      const T* from = x + (p * axis + s * slice) * inner + c;
      T* to = partial + (p * slices + s) * inner + c;
      if (inner < kPanel<T>)
        add_narrow<Op>(rows, inner, from, to);
      else
        add_columns<Op>(rows, inner, inner - c < kPanel<T> ? inner - c : kPanel<T>, from, to);
    }
  });
  if (slices > 1) reduce<Op>(outer, slices, inner, partial, y);
}

template <class T>
void reduce_by_name(ReduceOp op, index outer, index axis, index inner, const T* x, T* y) {
  const index n = outer * inner;
  if (n == 0) return;
  if (axis == 0) {  // the binding refuses max and min of an empty axis
    for (index i = 0; i < n; i++) y[i] = op == ReduceOp::mean ? T(__builtin_nan("")) : T(0);
    return;
  }
  if (op == ReduceOp::max) return reduce<Max>(outer, axis, inner, x, y);
  if (op == ReduceOp::min) return reduce<Min>(outer, axis, inner, x, y);
  reduce<Sum>(outer, axis, inner, x, y);
  if (op == ReduceOp::mean)
    parallel(n, kReduceGrain, [=](index begin, index end) {
      for (index i = begin; i < end; i++) y[i] /= T(axis);
    });
}

// The first maximum, or the first NaN.
template <class T>
void argmax(index outer, index axis, index inner, const T* x, std::int32_t* y) {
  parallel(outer * inner, kReduceGrain / axis + 1, [=](index begin, index end) {
    for (index i = begin; i < end; i++) {
      const T* column = x + i / inner * axis * inner + i % inner;
      index at = 0;
      T best = column[0];
      if (inner == 1) {  // two passes over a contiguous row; the first one is vectorised
        add_narrow<Max>(axis, inner, column, &best);
        while (column[at] == column[at] && column[at] != best) at++;
      } else {
        for (index a = 1; a < axis && best == best; a++)
          if (!(column[a * inner] <= best)) best = column[a * inner], at = a;
      }
      y[i] = std::int32_t(at);
    }
  });
}

}  // namespace
}  // namespace reduce

template <class T>
void fill_reduce(ReduceKernels<T>& t) {
  t.reduce = reduce::reduce_by_name<T>;
  t.argmax = reduce::argmax<T>;
}
template void fill_reduce(ReduceKernels<float>&);
template void fill_reduce(ReduceKernels<double>&);

}  // namespace pydl::PYDL_ISA
