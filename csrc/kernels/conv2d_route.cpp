// The rules by which a convolution finds its algorithm, each with its reason.
#include "conv2d_route.h"

#include "conv2d_axis.h"

namespace pydl::PYDL_ISA {
namespace {

struct Tiles {
  index count, products;  // products per pair of channels
  Tiles(index N, index out_h, index out_w, index side, index kernel)
      : count(N * ceil_div(out_h, side) * ceil_div(out_w, side)),
        products(count * (side + kernel - 1) * (side + kernel - 1)) {}
};

}  // namespace

ConvAlgorithm conv2d_algorithm(const Conv2dShape& s, ConvDirection direction) {
  const bool one_channel_each = s.groups > 1 && s.groups == s.C;
  const ConvAlgorithm direct = one_channel_each ? ConvAlgorithm::depthwise : ConvAlgorithm::implicit_gemm;
  const bool fits = s.KH == s.KW && (s.KH == 3 || s.KH == 5) && s.groups == 1 && s.stride_h * s.stride_w == 1 &&
                    s.dilation_h * s.dilation_w == 1;
  if (!fits) return direct;
  const bool only_4x4 = s.KH == 5;  // products of 5x5 tiles and kernels would be too many, and their errors too large
  if (s.algorithm != ConvAlgorithm::automatic) {
    if (!is_winograd(s.algorithm)) return direct;
    return only_4x4 ? ConvAlgorithm::winograd_4x4 : s.algorithm;
  }

  // With 8 channels the transforms cost what the products save; with 16 a quarter of the time is won.
  if (smaller(s.C, s.O) < 16) return direct;
  const bool to_input = direction == ConvDirection::backward_input;
  const index out_h = to_input ? s.H : s.OH, out_w = to_input ? s.W : s.OW;
  // The tile that overhangs the image least. At a draw the smaller one, which is more accurate.
  const Tiles by_4(s.N, out_h, out_w, 4, s.KH), by_5(s.N, out_h, out_w, 5, s.KH);
  const Tiles& tiles = by_5.products < by_4.products && !only_4x4 ? by_5 : by_4;
  // Below 2.5 times fewer products than a direct convolution's, as of 3x3 kernels on 6x6 outputs, nothing is won.
  if (5 * tiles.products > 2 * s.KH * s.KW * s.N * out_h * out_w) return direct;
  // The weights' transform is shared by all tiles, and transformed weights are four times as many to read. For dw,
  // products are summed over the tiles: with few, sums are stored and loaded more than they are added to.
  if (tiles.count < (direction == ConvDirection::backward_weight ? 32 : 12)) return direct;
  return &tiles == &by_5 ? ConvAlgorithm::winograd_5x5 : ConvAlgorithm::winograd_4x4;
}

}  // namespace pydl::PYDL_ISA
