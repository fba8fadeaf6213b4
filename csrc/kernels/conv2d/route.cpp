// The rules that choose the algorithm of a convolution, each with its reason.
#include "kernels/conv2d/route.h"

#include "kernels/conv2d/blocks.h"

namespace pydl::PYDL_ISA::conv2d {
namespace {

struct Tiles {
  index count, products;  // products per pair of channels
  Tiles(index N, index out_h, index out_w, index side, index kernel)
      : count(N * ceil_div(out_h, side) * ceil_div(out_w, side)),
        products(count * (side + kernel - 1) * (side + kernel - 1)) {}
};

bool winograd_fits(const Conv2dShape& s) {
  return s.KH == s.KW && (s.KH == 3 || s.KH == 5) && s.groups == 1 && s.stride_h * s.stride_w == 1 &&
         s.dilation_h * s.dilation_w == 1;
}

// The products of a direct convolution of one group, padding included.
double direct_products(const Conv2dShape& s, ConvDirection direction) {
  const bool to_input = direction == ConvDirection::backward_input;
  const double pixels = to_input ? double(s.H * s.W) / double(s.stride_h * s.stride_w) : double(s.OH * s.OW);
  return double(s.KH * s.KW * s.C) * double(s.O) * double(s.N) * pixels;
}

// Winograd's tile for a shape where it is faster than a direct convolution of `direct_products`; otherwise `direct`.
ConvAlgorithm winograd_tile(const Conv2dShape& s, ConvDirection direction, double direct_products) {
  // With 8 channels the transforms cost what the products save; with 16 they save a quarter of the time.
  if (!winograd_fits(s) || min(s.C, s.O) < 16) return ConvAlgorithm::direct;
  const bool only_4x4 = s.KH == 5;  // products of 5x5 tiles and kernels would be too many, and their errors too large
  const bool to_input = direction == ConvDirection::backward_input;
  const index out_h = to_input ? s.H : s.OH, out_w = to_input ? s.W : s.OW;
  // The tile that overhangs the image least; of two equal ones the smaller, which is more accurate.
  const Tiles by_4(s.N, out_h, out_w, 4, s.KH), by_5(s.N, out_h, out_w, 5, s.KH);
  const Tiles& tiles = by_5.products < by_4.products && !only_4x4 ? by_5 : by_4;
  // With less than 2.5 times fewer products than a direct convolution, as for 3x3 kernels on 6x6 outputs, there is no
  // gain.
  if (2.5 * double(tiles.products) * double(s.C) * double(s.O) > direct_products) return ConvAlgorithm::direct;
  // All tiles share one transform of the weights, and transformed weights are four times as large. For dw, products are
  // summed over the tiles: with few tiles, loads and stores of the sums outweigh the additions.
  if (tiles.count < (direction == ConvDirection::backward_weight ? 32 : 12)) return ConvAlgorithm::direct;
  return &tiles == &by_5 ? ConvAlgorithm::winograd_5x5 : ConvAlgorithm::winograd_4x4;
}

// ---- blocks of pixels as channels ----------------------------------------------------------------------------------

// The cost of dx: multiplications of whole vectors of 16 channels. (Routes depend on neither the instruction set nor
// the type; narrower vectors gain less.)
double cost(const GradientBlocks& blocks) {
  const Conv2dShape& s = blocks.inner;
  return double(s.KH * s.KW * ceil_div(s.O, 16)) * double(s.OH * s.OW);
}
double direct_cost(const Conv2dShape& s) {
  return double(s.KH * s.KW * ceil_div(s.C, 16)) * double(s.H * s.W) / double(s.stride_h * s.stride_w);
}

bool is_strided(const Conv2dShape& s) { return s.stride_h * s.stride_w > 1; }

bool winograd_takes_strides(const Conv2dShape& s, ConvDirection direction) {
  if (!is_strided(s)) return false;
  if (direction != ConvDirection::backward_input)
    return winograd_tile(StridedBlocks(s).inner, direction, direct_products(s, direction)) != ConvAlgorithm::direct;
  return winograd_tile(GradientBlocks(s, {1, 1}).inner, ConvDirection::forward, direct_products(s, direction)) !=
         ConvAlgorithm::direct;
}

bool blocks_fit(const Conv2dShape& s, ConvDirection direction) {
  if (s.groups > 1 || s.dilation_h * s.dilation_w > 1) return false;
  if (s.stride_h > s.H || s.stride_w > s.W) return false;  // a block beyond the image, which only padding can reach
  if (is_strided(s) || direction != ConvDirection::backward_input) return is_strided(s);
  const BlockSteps steps = gradient_steps(s);
  return steps.h * steps.w > 1;
}

bool blocks_win(const Conv2dShape& s, ConvDirection direction) {
  if (!blocks_fit(s, direction)) return false;
  if (winograd_takes_strides(s, direction)) return true;
  // The factor stands for packing and unpacking.
  return direction == ConvDirection::backward_input && 1.4 * cost({s, gradient_steps(s)}) < direct_cost(s);
}

// Groups of 2 or 4 channels leave most of a vector empty; several groups fill it (depthwise.h). With 8 channels, the
// permutation of inputs into lanes costs more than it saves.
ConvAlgorithm direct_algorithm(const Conv2dShape& s) {
  if (s.groups == 1) return ConvAlgorithm::implicit_gemm;
  if (s.groups == s.C) return ConvAlgorithm::depthwise;
  const index channels = s.C / s.groups;
  const bool small = channels == 2 || channels == 4;
  return small && s.C == s.O ? ConvAlgorithm::grouped : ConvAlgorithm::implicit_gemm;
}

}  // namespace

BlockSteps gradient_steps(const Conv2dShape& s) {
  BlockSteps best{1, 1};
  if (winograd_takes_strides(s, ConvDirection::backward_input)) return best;
  constexpr index kMaxSteps = 4, kMaxChannels = 32;
  for (index h = 1; h <= kMaxSteps; h++)
    for (index w = 1; w <= kMaxSteps; w++) {
      const GradientBlocks blocks(s, {h, w});
      if (blocks.inner.O <= kMaxChannels && cost(blocks) < cost({s, best})) best = {h, w};
    }
  return best;
}

ConvAlgorithm choose_algorithm(const Conv2dShape& s, ConvDirection direction) {
  const ConvAlgorithm direct = direct_algorithm(s);
  switch (s.algorithm) {
    case ConvAlgorithm::automatic:
      if (blocks_win(s, direction)) return ConvAlgorithm::space_to_depth;
      if (const ConvAlgorithm tile = winograd_tile(s, direction, direct_products(s, direction)); is_winograd(tile))
        return tile;
      return direct;
    case ConvAlgorithm::space_to_depth:
      return blocks_fit(s, direction) ? s.algorithm : direct;
    case ConvAlgorithm::winograd_4x4:
    case ConvAlgorithm::winograd_5x5:
      if (!winograd_fits(s)) return direct;
      return s.KH == 5 ? ConvAlgorithm::winograd_4x4 : s.algorithm;
    default:
      return direct;
  }
}

}  // namespace pydl::PYDL_ISA::conv2d
