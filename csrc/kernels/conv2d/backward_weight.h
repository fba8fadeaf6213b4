// The gradient for the weights: dw[kh,kw,c,o] = sum over pixels of x[pixel of the tap, c] * dy[pixel, o].
//
// A tile is up to kTileRows input channels x kTileCols output channels of one tap; K runs over all pixels that read the
// tap, in packed panels of x and of dy. With few input channels the taps of one kernel row are adjacent in x: they
// share a tile, which reads x in place.
//
// Work is partitioned by slices of the pixels, which depend on the shape alone: each slice has its own dw, and these
// are added in order. Where dw is large beside its pixels, or slices are too few, tiles of dw are partitioned as well.
#pragma once
#include "kernels/conv2d/correlate.h"
#include "kernels/conv2d/packed_image.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

constexpr index kGradientPixels = 512;          // per block: enough to amortise the loads and stores of the sums
constexpr index kSlicePixels = 3000;            // per slice: enough to amortise one more copy of dw and its addition
constexpr index kSliceBytes = index(64) << 20;  // of all copies of dw together

template <class T>
class WeightGradient {
 public:
  WeightGradient(const Conv2dShape& shape, const T* x, const T* dy, T* dw, T* db)
      : s_(shape),
        x_(x),
        dy_(dy),
        dw_(dw),
        db_(db),
        row_(forward_axis(rows_of(s_))),
        column_(forward_axis(columns_of(s_))),
        fold_(s_.groups == 1 && s_.dilation_w == 1 && s_.C < kTileRows),
        c_group_(s_.C / s_.groups),
        o_group_(s_.O / s_.groups),
        panels_(ceil_div(o_group_, kTileCols<T>)),
        taps_(s_.KH * (fold_ ? 1 : s_.KW)),
        units_(s_.groups * panels_ * taps_) {
    const index pixels = s_.OH * s_.OW;
    images_ = max(1, min(kGradientPixels / pixels, s_.N));
    row_blocks_ = max(1, min(s_.OH, pixels / kGradientPixels));
    blocks_ = ceil_div(s_.N, images_) * row_blocks_;
    const index copies = max(1, kSliceBytes / (size() * index(sizeof(T))));
    const index slices = max(ceil_div(kTasks, units_), min(kTasks, s_.N * pixels / kSlicePixels));
    slices_ = max(1, min(min(slices, blocks_), copies));
  }

  void run() {
    const bool direct = slices_ == 1;
    Scratch scratch(direct ? 0 : slices_ * (size() + s_.O) * index(sizeof(T)));
    T* dw = direct ? dw_ : static_cast<T*>(scratch.data());
    T* db = direct ? db_ : dw + slices_ * size();
    if (fold_ || s_.N == 0) clear(dw, slices_ * size());  // otherwise the first block of pixels overwrites
    if (db_) clear(db, slices_ * s_.O);
    const index flops = 2 * s_.N * s_.OH * s_.OW * s_.KH * s_.KW * c_group_ * s_.O / (slices_ * units_) + 1;
    parallel(slices_ * units_, 1 + kFlopsPerThread / flops, [&](index begin, index end) {
      for (index slice = begin / units_; slice * units_ < end; slice++)
        run_slice(slice, max(begin - slice * units_, 0), min(end - slice * units_, units_), dw + slice * size(),
                  db_ ? db + slice * s_.O : nullptr);
    });
    if (direct) return;
    add_slices(dw, size(), dw_);
    if (db_) add_slices(db, s_.O, db_);
  }

 private:
  index size() const { return s_.KH * s_.KW * c_group_ * s_.O; }

  static void clear(T* p, index n) {
    parallel(n, kFlopsPerThread, [&](index begin, index end) {
      for (index i = begin; i < end; i++) p[i] = T(0);
    });
  }
  void add_slices(const T* sums, index n, T* total) const {
    parallel(n, kFlopsPerThread / slices_, [&](index begin, index end) {
      for (index i = begin; i < end; i++) {
        T sum = sums[i];
        for (index slice = 1; slice < slices_; slice++) sum += sums[slice * n + i];
        total[i] = sum;
      }
    });
  }

  // What the next block will pack of dy and of x, two contiguous parts. The tiles of this block prefetch them in equal
  // portions.
  struct NextBlock {
    const T *dy, *x;
    index dy_size, x_size;
    index portions, taken;

    void portion(ConvTile<T>& tile) {
      const index steps = max(1, tile.outer.count * tile.inner.count), size = dy_size + x_size;
      const index begin = size * taken / portions, end = size * (taken + 1) / portions;
      taken++;
      tile.prefetch.data = begin < dy_size ? dy + begin : x + begin - dy_size;
      tile.prefetch.lines = ceil_div(end - begin, steps * kLineSize<T>);
    }
  };

  // Images [n, n_end), rows [oh, oh_end): the packed panels of dy from `first_panel` on, and the part of x that they
  // need.
  struct Block {
    index n, n_end, oh, oh_end;
    bool overwrite;  // dw instead of adding to it
    index first_panel;
    const T* dy;
    index pixels;
    PackedImage<T> image;  // from the group of first_panel on
    const T* x;
    NextBlock next;
  };

  // Tiles of dw are numbered [group][panel][tap]; a unit is all tiles with one number.
  void run_slice(index slice, index unit_begin, index unit_end, T* dw, T* db) const {
    const index begin = blocks_ * slice / slices_, end = blocks_ * (slice + 1) / slices_;
    const index first = unit_begin / taps_, last = (unit_end - 1) / taps_ + 1;  // panels of dy that these units read
    for (index i = begin; i < end; i++) {
      const index part = i % row_blocks_;
      Block b{};
      b.n = i / row_blocks_ * images_;
      b.n_end = min(b.n + images_, s_.N);
      b.oh = s_.OH * part / row_blocks_;
      b.oh_end = s_.OH * (part + 1) / row_blocks_;
      b.pixels = (b.n_end - b.n) * (b.oh_end - b.oh) * s_.OW;
      b.overwrite = i == begin && !fold_;
      b.first_panel = first;
      const index group = first / panels_, groups = fold_ ? 0 : (last - 1) / panels_ + 1 - group;
      if (!fold_)
        b.image = {PackedAxis(row_, b.oh, b.oh_end), PackedAxis(column_, 0, s_.OW), b.n_end - b.n, RowTiles(c_group_)};
      const index dy_size = (last - first) * b.pixels * kTileCols<T>;
      Scratch scratch((dy_size + groups * b.image.group_size()) * index(sizeof(T)));
      T* packed = static_cast<T*>(scratch.data());
      b.dy = packed;
      for (index p = first; p < last; p++, packed += b.pixels * kTileCols<T>) {
        const ChannelPanel<T> panel(p % panels_, o_group_);
        const index o = p / panels_ * o_group_ + panel.begin;
        pack_b(dy_ + (b.n * s_.OH + b.oh) * s_.OW * s_.O + o, s_.O, false, b.pixels, panel.cols, packed, 0);
        if (db && p * taps_ >= unit_begin) add_pixels(packed, b.pixels, panel.cols, db + o);  // once per panel
      }
      b.x = packed;
      const index x_rows = min((b.oh_end - b.oh) * s_.stride_h, s_.H) * (b.n_end - b.n) * s_.W * s_.C;
      const T* x_next = x_ + (b.n * s_.H + max(row_.input(b.oh_end - 1, s_.KH - 1) + 1, 0)) * s_.W * s_.C;
      b.next = {dy_ + (b.n * s_.OH + b.oh) * s_.OW * s_.O + b.pixels * s_.O, x_next, b.pixels * s_.O, x_rows,
                (unit_end - unit_begin) * RowTiles(c_group_).count,          0};
      if (!fold_) b.image.pack(x_ + b.n * s_.H * s_.W * s_.C + group * c_group_, s_.H, s_.W, s_.C, groups, packed);
      for (index unit = unit_begin; unit < unit_end; unit++) run_unit(b, unit, dw);
    }
  }

  // sums[o] += the sum of each column of the panel, which is still in L1.
  static void add_pixels(const T* panel, index pixels, index cols, T* sums) {
    for (index o = 0; o < cols; o += kLanes<T>) {
      const int lanes = int(min(cols - o, kLanes<T>));
      V<T> sum[4] = {load_n(sums + o, lanes)};
      index i = 0;
      for (; i + 4 <= pixels; i += 4) {
        PYDL_UNROLL for (int j = 0; j < 4; j++) sum[j] += load(panel + (i + j) * kTileCols<T> + o);
      }
      for (; i < pixels; i++) sum[0] += load(panel + i * kTileCols<T> + o);
      store_n(sums + o, (sum[0] + sum[1]) + (sum[2] + sum[3]), lanes);
    }
  }

  void run_unit(Block& b, index unit, T* dw) const {
    const index p = unit / taps_, tap = unit % taps_;
    Segment rows = row_.outputs_of(fold_ ? tap : tap / s_.KW);
    rows.begin = max(rows.begin, b.oh);
    rows.end = min(rows.end, b.oh_end);
    rows.end = max(rows.begin, rows.end);
    if (!fold_) return run_tiles(b, p, rows, column_.outputs_of(tap % s_.KW), dw);
    for (index j = 0; j < s_.OW;) {
      const Segment columns = column_.segment(j, s_.OW);
      if (columns.taps() > 0) run_tiles(b, p, rows, columns, dw);
      j = columns.end;
    }
  }

  void run_tiles(Block& b, index p, const Segment& rows, const Segment& columns, T* dw) const {
    if (rows.size() * columns.size() == 0 && !b.overwrite) return;
    const index group = p / panels_, image_rows = b.oh_end - b.oh;
    const ChannelPanel<T> panel(p % panels_, o_group_);
    const index ih = row_.input(rows.begin, rows.tap_begin), iw = column_.input(columns.begin, columns.tap_begin);
    ConvTile<T> tile{};
    const T* a;
    if (fold_) {
      const index x_row = s_.W * s_.C;
      a = x_ + (b.n * s_.H + ih) * x_row + iw * s_.C + group * c_group_;
      tile.outer.a_step = s_.H * x_row;
      tile.inner.a_step = s_.stride_h * x_row;
      tile.a_stride = s_.stride_w * s_.C;
    } else {
      const PackedImage<T>& image = b.image;
      a = b.x + (group - b.first_panel / panels_) * image.group_size() + image.rows.index_of(ih) * image.row_size() +
          image.columns.index_of(iw) * image.channels();
      tile.outer.a_step = image.image_size();
      tile.inner.a_step = s_.stride_h / image.rows.step * image.row_size();
      tile.a_stride = s_.stride_w / image.columns.step * image.channels();
    }
    tile.K = columns.size();
    tile.outer.count = b.n_end - b.n;
    tile.outer.b_step = image_rows * s_.OW * kTileCols<T>;
    tile.inner.count = rows.size();
    tile.inner.b_step = s_.OW * kTileCols<T>;
    tile.b = b.dy + ((p - b.first_panel) * b.pixels + (rows.begin - b.oh) * s_.OW + columns.begin) * kTileCols<T>;
    tile.ldc = s_.O;
    tile.last = panel.last();
    T* c = dw + (rows.tap_begin * s_.KW + columns.tap_begin) * c_group_ * s_.O + group * o_group_ + panel.begin;
    const RowTiles tiles(columns.taps() * c_group_);
    for (index i = 0; i < tiles.count; i++) {
      const index first = tiles.begin(i);
      tile.a = fold_ ? a + first : a + i * b.image.tile_size();
      tile.c = c + first * s_.O;
      tile.c_in = b.overwrite ? nullptr : tile.c;
      if (!fold_) b.next.portion(tile);
      kConvTileFunctions<T>.of[tiles.begin(i + 1) - first - 1][panel.vectors() - 1][true](tile);
    }
  }

  const Conv2dShape& s_;
  const T *x_, *dy_;
  T *dw_, *db_;
  Axis row_, column_;
  bool fold_;
  index c_group_, o_group_, panels_, taps_, units_;
  index images_, row_blocks_, blocks_, slices_;
};

}  // namespace
}  // namespace pydl::PYDL_ISA::conv2d
