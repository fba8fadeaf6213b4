// Implicit-GEMM convolution, channels last: the forward pass, and the gradient for the input, which is the same
// computation with other axes and transposed weights.
//
// A tile is up to kTileRows pixels x kTileCols channels of the output. Its pixels read the same taps, with one stride
// in the input, along a row or a column of the image, so the tile reads the input in place: no im2col.
#pragma once
#include "kernels/common/cache.h"
#include "kernels/common/parallel.h"
#include "kernels/conv2d/axis.h"
#include "kernels/conv2d/tile.h"
#include "kernels/gemm/block.h"
#include "kernels/gemm/pack.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA::conv2d {
using namespace gemm;
namespace {

constexpr index kFlopsPerThread = 1000000;  // about 10 us: less does not amortise a wake-up

struct Correlation {
  bool backward, output_is_read_at_once;
  AxisShape rows, columns;
  index N, groups;
  index in_h, in_w, in_c, out_h, out_w, out_c;

  explicit Correlation(const Conv2dShape& s, bool backward_)
      : backward(backward_),
        output_is_read_at_once(s.output_is_read_at_once),
        rows(rows_of(s)),
        columns(columns_of(s)),
        N(s.N),
        groups(s.groups),
        in_h(s.H),
        in_w(s.W),
        in_c(s.C),
        out_h(s.OH),
        out_w(s.OW),
        out_c(s.O) {
    if (!backward) return;
    in_h = s.OH, in_w = s.OW, in_c = s.O;
    out_h = s.H, out_w = s.W, out_c = s.C;
  }
  index in_group() const { return in_c / groups; }
  index out_group() const { return out_c / groups; }
  index taps() const { return rows.kernel * columns.kernel; }
  template <class T>
  bool streams(const T* out) const {
    return !output_is_read_at_once && wants_streams(out, N * out_h * out_w * out_c, out_group());
  }

  index row_phases() const { return backward ? backward_phases(rows) : 1; }
  index column_phases() const { return backward ? backward_phases(columns) : 1; }
  Axis row_axis(index phase) const { return backward ? backward_axis(rows, phase) : forward_axis(rows); }
  Axis column_axis(index phase) const { return backward ? backward_axis(columns, phase) : forward_axis(columns); }

  // visit(row axis, column axis, taps of the phases before this one)
  template <class Visit>
  void each_phase(const Visit& visit) const {
    index before = 0;
    for (index i = 0; i < row_phases(); i++) {
      const Axis row = row_axis(i);
      for (index j = 0; j < column_phases(); j++) {
        const Axis column = column_axis(j);
        visit(row, column, before);
        before += row.taps * column.taps;
      }
    }
  }
};

// ---- packed weights: [phase][group][panel of output channels][tap][input channel][kTileCols] ----------------------

template <class T>
index panels_per_group(const Correlation& c) {
  return ceil_div(c.out_group(), kTileCols<T>);
}
template <class T>
index packed_weights_size(const Correlation& c) {
  return c.taps() * c.in_group() * c.groups * panels_per_group<T>(c) * kTileCols<T>;
}

// One panel at a time, so that it is written as one stream.
template <class T>
void pack_weights(const Correlation& c, const T* w, T* packed) {
  const index block = c.in_group() * kTileCols<T>, panels = panels_per_group<T>(c);  // a block is one tap of one panel
  const index tap_size = c.in_c * c.out_group();                                     // in w
  c.each_phase([&](const Axis& row, const Axis& column, index before) {
    const index taps = row.taps * column.taps;
    T* phase = packed + before * block * panels * c.groups;
    parallel(c.groups * panels * taps, 1 + kFlopsPerThread / 16 / block, [&](index begin, index end) {
      for (index i = begin; i < end; i++) {
        const index group = i / taps / panels, t = i % taps;
        const ChannelPanel<T> panel(i / taps % panels, c.out_group());
        const index kh = row.tap_first + t / column.taps * row.tap_step;
        const index kw = column.tap_first + t % column.taps * column.tap_step;
        const T* tap = w + (kh * c.columns.kernel + kw) * tap_size;
        if (c.backward)  // w is (.., output, input) of this convolution
          pack_b(tap + panel.begin * c.in_c + group * c.in_group(), c.in_c, true, c.in_group(), panel.cols,
                 phase + i * block, 0);
        else
          pack_b(tap + group * c.out_group() + panel.begin, c.out_c, false, c.in_group(), panel.cols, phase + i * block,
                 0);
      }
    });
  });
}

// ---- the driver ----------------------------------------------------------------------------------------------------

// With so many channels, a loop per tap costs nothing and is the unit of prefetch.
constexpr index kLongStep = 32;

// Outputs in `rows` x `columns` of one phase, one image and one panel, all of which read the same taps. The first tile
// that reads a block of `in` prefetches its next rows.
template <class T>
void run_region(const Correlation& c, const Axis& row, const Axis& column, const Segment& rows, const Segment& columns,
                const T* in, T* out, int vectors, bool first, ConvTile<T>& tile) {
  const index in_row = c.in_w * c.in_c, out_row = c.out_w * c.out_c;
  const index a_down = row.in_stride * in_row, a_right = column.in_stride * c.in_c;
  const index c_down = row.out_step * out_row, c_right = column.out_step * c.out_c;
  const index taps_h = columns.taps() ? rows.taps() : 0, taps_w = columns.taps();
  const index b_tap = c.in_group() * kTileCols<T>;
  // Tiles lie along the image's rows, unless these are short and its columns are longer.
  const bool down = columns.size() < kTileRows && columns.size() < rows.size();
  const RowTiles tiles(down ? rows.size() : columns.size());
  const index lines = down ? columns.size() : rows.size();
  tile.a_stride = down ? a_down : a_right;
  tile.ldc = down ? c_down : c_right;
  const index a_line = down ? a_right : a_down, c_line = down ? c_right : c_down;
  tile.outer = {taps_h, row.in_dilation * in_row, column.taps * b_tap};
  const bool by_tap = c.in_group() >= kLongStep && taps_h * taps_w > 1;
  // One tap over dense pixels, as of 1x1 kernels, is split into steps only to prefetch.
  const bool by_step = taps_h * taps_w == 1 && tile.a_stride == c.in_group() && c.in_group() % kLongStep == 0;
  if (by_step) {
    tile.K = kLongStep;
    tile.inner = {c.in_c / kLongStep, kLongStep, kLongStep * kTileCols<T>};
  } else if (c.groups == 1 && column.in_dilation == 1 && !by_tap) {  // the taps of a kernel row are contiguous in x
    tile.K = taps_w * c.in_c;
    tile.inner = {1, 0, 0};
  } else {
    tile.K = c.in_group();
    tile.inner = {taps_w, column.in_dilation * c.in_c, b_tap};
  }
  const index steps = taps_h * tile.inner.count;
  const T* a =
      in + row.input(rows.begin, rows.tap_begin) * in_row + column.input(columns.begin, columns.tap_begin) * c.in_c;
  T* y = out + (row.out_first + rows.begin * row.out_step) * out_row +
         (column.out_first + columns.begin * column.out_step) * c.out_c;
  const T* b = tile.b;
  tile.b += (rows.tap_begin * column.taps + columns.tap_begin) * b_tap;
  for (index line = 0; line < lines; line++)
    for (index i = 0; i < tiles.count; i++) {
      const index begin = tiles.begin(i), height = tiles.begin(i + 1) - begin;
      tile.a = a + line * a_line + begin * tile.a_stride;
      tile.c = y + line * c_line + begin * tile.ldc;
      tile.prefetch_c_rows = steps && !tile.streamed ? ceil_div(height, steps) : 0;
      if (first && (by_tap || by_step)) {
        tile.prefetch.data = tile.a + (by_tap ? taps_h * tile.outer.a_step : height * tile.a_stride);
        tile.prefetch.lines = ceil_div(height * tile.a_stride, steps * kLineSize<T>);
      }
      kConvTileFunctions<T>.of[height - 1][vectors - 1][false](tile);
    }
  tile.b = b;
  tile.prefetch.lines = tile.prefetch_c_rows = 0;
}

// A task is a block of one image and a part of the panels. A block is so small that its input and output stay in L2
// while the panels stream, and so large that it amortises the reading of the weights.
// Blocks of 1x1 kernels share no input and may be smaller, which leaves room for the pixels that strides skip. Blocks
// are whole rows, and parts of rows only where there are too few rows, as in sequences.
constexpr index kBlockPixels = 256, kBlockPixels1x1 = 56;
constexpr index kTasks = 16;  // enough for all threads; small images are cut into smaller blocks than the cache needs

struct ImageBlocks {
  index rows, columns;
};
inline ImageBlocks image_blocks(const Correlation& c, index bytes) {
  const index rows = ceil_div(c.out_h, c.row_phases()), columns = ceil_div(c.out_w, c.column_phases());
  const index pixels = c.out_h * c.out_w;
  const bool one_tap = c.taps() == 1;
  const index for_cache = min(ceil_div(bytes, one_tap ? kConvBlockBytes1x1 : kConvBlockBytes),
                              pixels / (one_tap ? kBlockPixels1x1 : kBlockPixels));
  const index for_threads = min(ceil_div(kTasks, c.N), ceil_div(pixels, 4 * kTileRows));
  const index wanted = max(1, max(for_cache, for_threads)), of_rows = max(1, min(rows, wanted));
  return {of_rows, max(1, min(wanted / of_rows, columns / (4 * kTileRows)))};
}

template <class T>
void correlate(const Correlation& c, const T* in, const T* packed, const Epilogue<T>& epilogue, T* out) {
  const index image = c.in_h * c.in_w * c.in_c, panels = panels_per_group<T>(c), units = c.groups * panels;
  const index bytes = (image + c.out_h * c.out_w * c.out_c) * index(sizeof(T));
  const ImageBlocks grid = image_blocks(c, bytes);
  const index blocks = grid.rows * grid.columns;
  const index parts = min(units, ceil_div(kTasks, c.N * blocks));
  const index flops = 2 * c.out_h * c.out_w * c.out_c * c.taps() * c.in_group() / (blocks * parts);
  parallel(c.N * blocks * parts, 1 + kFlopsPerThread / (flops + 1), [&](index begin, index end) {
    ConvTile<T> tile{};
    tile.activation = epilogue.activation;
    tile.alpha = epilogue.alpha;
    tile.streamed = c.streams(out);
    for (index task = begin; task < end; task++) {
      const index part = task % parts, block = task / parts % blocks, n = task / parts / blocks;
      const index block_row = block / grid.columns, block_column = block % grid.columns;
      c.each_phase([&](const Axis& row, const Axis& column, index before) {
        const index panel_size = row.taps * column.taps * c.in_group() * kTileCols<T>;
        const T* phase = packed + before * c.in_group() * kTileCols<T> * units;
        const Range lines = Range{0, row.count}.part(block_row, grid.rows);
        const Range pixels = Range{0, column.count}.part(block_column, grid.columns);
        for (index unit = units * part / parts; unit < units * (part + 1) / parts; unit++) {
          const index group = unit / panels;
          const ChannelPanel<T> panel(unit % panels, c.out_group());
          const index channel = group * c.out_group() + panel.begin;
          tile.b = phase + unit * panel_size;
          tile.bias = epilogue.bias ? epilogue.bias + channel : nullptr;
          tile.last = panel.last();
          for (index i = lines.begin; i < lines.end;) {
            const Segment rows = row.segment(i, lines.end);
            for (index j = pixels.begin; j < pixels.end;) {
              const Segment columns = column.segment(j, pixels.end);
              run_region(c, row, column, rows, columns, in + n * image + group * c.in_group(),
                         out + n * c.out_h * c.out_w * c.out_c + channel, panel.vectors(), unit == units * part / parts,
                         tile);
              j = columns.end;
            }
            i = rows.end;
          }
        }
      });
    }
    stream_end();
  });
}

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
