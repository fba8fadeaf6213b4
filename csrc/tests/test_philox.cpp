// The generator of kernels/common/philox.h, once per instruction set.
#include <doctest.h>

#include <cstdint>
#include <initializer_list>

#include "kernels/common/philox.h"

namespace pydl::PYDL_ISA {
namespace {

struct Block {
  std::uint32_t words[4];
};

// The paper's definition, one block at a time, with all 128 bits of the counter.
Block scalar(Block counter, std::uint32_t k0, std::uint32_t k1) {
  std::uint32_t c0 = counter.words[0], c1 = counter.words[1], c2 = counter.words[2], c3 = counter.words[3];
  for (int round = 0; round < 10; round++) {
    const std::uint64_t p0 = std::uint64_t(c0) * 0xD2511F53u, p1 = std::uint64_t(c2) * 0xCD9E8D57u;
    c0 = std::uint32_t(p1 >> 32) ^ c1 ^ k0;
    c2 = std::uint32_t(p0 >> 32) ^ c3 ^ k1;
    c1 = std::uint32_t(p1);
    c3 = std::uint32_t(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

void check_equal(const std::uint32_t* got, const Block& expected) {
  for (int i = 0; i < 4; i++) CHECK(got[i] == expected.words[i]);
}

constexpr Block kFirst{{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}};

// The vectors of philox4x32-10 in the file kat_vectors of Random123, the library of the paper's authors.
TEST_CASE("the definition gives the published blocks") {
  check_equal(scalar({{0, 0, 0, 0}}, 0, 0).words, kFirst);
  check_equal(scalar({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u).words, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check_equal(scalar({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0).words,
              {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

// The counter of the kernel has 64 bits, so it can make only the first published block.
TEST_CASE("the kernel gives the published block of counter 0") {
  std::uint32_t words[kPhiloxWords];
  philox(0, 0, words);
  check_equal(words, kFirst);
}

TEST_CASE("every block of the kernel follows the definition, also where the counter carries") {
  for (std::uint64_t key : {std::uint64_t(0), std::uint64_t(1), std::uint64_t(0x299f31d0a4093822), ~std::uint64_t(0)})
    for (std::uint64_t counter : {std::uint64_t(5), std::uint64_t(0xfffffffd), std::uint64_t(0x85a308d3243f6a88)}) {
      std::uint32_t words[kPhiloxWords];
      philox(key, counter, words);
      for (std::uint64_t i = 0; i < std::uint64_t(kStreams); i++) {
        const Block block{{std::uint32_t(counter + i), std::uint32_t((counter + i) >> 32), 0, 0}};
        check_equal(words + 4 * i, scalar(block, std::uint32_t(key), std::uint32_t(key >> 32)));
      }
    }
}

}  // namespace
}  // namespace pydl::PYDL_ISA
