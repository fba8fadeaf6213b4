// Copies that move elements and change none: transposition, repetition, margins of zeros.
#include "kernels/common/parallel.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace layout {
namespace {

constexpr index kTile = 16;  // elements on a side of a transposed tile: two tiles stay in L1

// A loop over several axes that tracks the offset of an element in x and in y.
struct Walk {
  index axes;
  index size[kMaxAxes], x_stride[kMaxAxes], y_stride[kMaxAxes];

  void add(index n, index in_x, index in_y) {
    size[axes] = n;
    x_stride[axes] = in_x;
    y_stride[axes++] = in_y;
  }
  index count() const {
    index product = 1;
    for (index k = 0; k < axes; k++) product *= size[k];
    return product;
  }
  // body(x offset, y offset) for elements [begin, end), the last axis fastest.
  template <class Body>
  void run(index begin, index end, const Body& body) const {
    index at[kMaxAxes], x = 0, y = 0;
    for (index k = axes - 1, rest = begin; k >= 0; rest /= size[k--]) {
      at[k] = rest % size[k];
      x += at[k] * x_stride[k];
      y += at[k] * y_stride[k];
    }
    for (index place = begin; place < end; place++) {
      body(x, y);
      for (index k = axes - 1; k >= 0; k--) {
        x += x_stride[k];
        y += y_stride[k];
        if (++at[k] < size[k]) break;
        x -= size[k] * x_stride[k];
        y -= size[k] * y_stride[k];
        at[k] = 0;
      }
    }
  }
};

// y[j,i] = x[i * across + j] for a tile of rows j and columns i; rows of y are y_row apart.
template <class T>
void transpose_tile(index rows, index cols, const T* x, index across, T* y, index y_row) {
  for (index j = 0; j < rows; j++)
    for (index i = 0; i < cols; i++) y[j * y_row + i] = x[i * across + j];
}

template <class T>
void transpose(index axes, const index* sizes, const index* strides, const T* x, T* y) {
  const index last = axes - 1, cols = sizes[last], across = strides[last];
  index y_strides[kMaxAxes], along = -1, dense = 1;  // along: the axis whose elements are neighbours in x
  for (index k = last; k >= 0; dense *= sizes[k--]) {
    y_strides[k] = dense;
    if (strides[k] == 1 && k < last) along = k;
  }
  const bool transposes = along >= 0 && across > 1;
  Walk outer{};
  for (index k = 0; k < last; k++)
    if (!transposes || k != along) outer.add(sizes[k], strides[k], y_strides[k]);
  if (!transposes) {  // row by row
    parallel(outer.count(), grain_of_rows(cols), [=](index begin, index end) {
      outer.run(begin, end, [=](index from, index to) {
        if (across == 1) {
          __builtin_memcpy(y + to, x + from, std::size_t(cols) * sizeof(T));
        } else {
          for (index i = 0; i < cols; i++) y[to + i] = x[from + i * across];
        }
      });
    });
    return;
  }
  const index length = sizes[along], y_row = y_strides[along];
  outer.add((length + kTile - 1) / kTile, kTile, kTile * y_row);
  parallel(outer.count(), kGrain / (kTile * cols) + 1, [=](index begin, index end) {
    outer.run(begin, end, [=](index from, index to) {
      // The last tile along the axis is partial; the offset in y tells where this tile begins.
      const index done = (to / y_row) % length, rows = length - done < kTile ? length - done : kTile;
      for (index i = 0; i < cols; i += kTile)
        transpose_tile(rows, cols - i < kTile ? cols - i : kTile, x + from + i * across, across, y + to + i, y_row);
    });
  });
}

template <class T>
void pad(index axes, const index* sizes, const index* before, const index* y_sizes, const T* x, T* y) {
  const index last = axes - 1, cols = y_sizes[last], width = sizes[last];
  const index lead = before[last] < 0 ? 0 : before[last] < cols ? before[last] : cols;  // zeros before the row of x
  const index skip = before[last] < 0 ? -before[last] : 0;
  index body = width - skip < cols - lead ? width - skip : cols - lead;
  if (body < 0) body = 0;
  index rows = 1;
  for (index k = 0; k < last; k++) rows *= y_sizes[k];
  parallel(rows, grain_of_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      T* row = y + r * cols;
      index from = 0, stride = width, inside = 1;
      for (index k = last - 1, rest = r; k >= 0; rest /= y_sizes[k--]) {
        const index at = rest % y_sizes[k] - before[k];
        inside &= at >= 0 && at < sizes[k];
        from += at * stride;
        stride *= sizes[k];
      }
      const index copied = inside ? body : 0;
      for (index i = 0; i < lead; i++) row[i] = T(0);
      if (copied) __builtin_memcpy(row + lead, x + from + skip, std::size_t(copied) * sizeof(T));
      for (index i = lead + copied; i < cols; i++) row[i] = T(0);
    }
  });
}

}  // namespace
}  // namespace layout

template <class T>
void fill_transpose(TransposeKernels<T>& t) {
  t.transpose = layout::transpose<T>;
  t.pad = layout::pad<T>;
}
template void fill_transpose(TransposeKernels<float>&);
template void fill_transpose(TransposeKernels<double>&);

}  // namespace pydl::PYDL_ISA
