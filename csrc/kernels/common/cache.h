// The caches that kernels block for, and what each kernel may fill of them: the only file that knows their sizes.
// All budgets are constants, so that the order of additions depends on the shape alone.
#pragma once
#include "contract/types.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index kL1Bytes = 48 << 10;  // of a core
constexpr index kL2Bytes = 2 << 20;   // of a core; half of it is safe where a core has 1 MB
constexpr index kL3Bytes = 16 << 20;  // of all threads together
constexpr index kPageBytes = 4096;
constexpr index kL1TlbPages = 96;

// ---- gemm ----
// A panel of b streams through L1, while the rows of a tile (half as much) stay in it.
constexpr index kGemmPanelBytes = kL1Bytes / 2;
// The block of b stays in L2, while all rows of a stream.
constexpr index kGemmBlockBytes = kL2Bytes * 3 / 8;
// A matrix b of this size shares L2 with the rest; of twice as much, it just fits.
constexpr index kGemmSharedBytes = kL2Bytes / 4;
constexpr index kGemmLargeBytes = 2 * kGemmSharedBytes;
// With a handful of rows: the rows of c, while b streams.
constexpr index kSkinnyRowBytes = kL2Bytes / 32;

// ---- conv2d ----
// Input and output of a block, while the panels of weights stream. Blocks of 1x1 kernels share no input.
constexpr index kConvBlockBytes = kL2Bytes / 2, kConvBlockBytes1x1 = kL2Bytes / 4;
constexpr index kWinogradBlockBytes = kL2Bytes * 5 / 8;        // products of a thread's own block
constexpr index kWinogradSharedBytes = kL3Bytes / 2;           // products of a block for all threads
constexpr index kWinogradWeightBytes = kL3Bytes * 3 / 4;       // transformed weights that all blocks read from L3
constexpr index kWinogradL2WeightBytes = kL2Bytes / 2;         // transformed weights that stay in L2 beside a block
constexpr index kWinogradSumBytes = kL2Bytes * 3 / 4;          // dw: sums of one slice
constexpr index kWinogradSliceBlockBytes = kL2Bytes * 5 / 16;  // dw: products of a block of one slice, beside its sums
constexpr index kWinogradSharedSliceBytes = kL3Bytes * 3 / 4;  // dw: products of a block for all threads

// ---- recurrent ----
constexpr index kPanelsInL2Bytes = kL2Bytes / 2;  // packed weights of one thread that stay in L2 from step to step
constexpr index kFewWeightsBytes = kL2Bytes / 8;  // weights so small that several panels are read at once
constexpr index kStepsTogetherBytes = kL2Bytes;   // reserve space of the steps of one product of weight gradients

// ---- all ----
// Outputs of this size are written with non-temporal stores: a plain store first reads the line that it writes, and a
// large output evicts from L2 what the kernel still needs. In chains of layers this pays although the next layer then
// reads from memory (docs/kernels/conv2d.md).
constexpr index kStreamBytes = 2 * kL2Bytes;
constexpr index kBeyondL2Bytes = 2 * kL2Bytes;  // inputs of this size are beyond L2

}  // namespace
}  // namespace pydl::PYDL_ISA
