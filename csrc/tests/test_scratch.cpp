#include <doctest.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <new>
#include <thread>
#include <utility>

#include "runtime/memory/pool.h"
#include "runtime/memory/scratch.h"

namespace pydl {
namespace {

TEST_CASE("buffers are aligned and apart, and freed in reverse order") {
  Scratch a(100);
  std::memset(a.data(), 1, 100);
  {
    Scratch b(1000), c(0), d(1);
    for (const Scratch* s : {&a, &b, &c, &d}) CHECK(reinterpret_cast<std::uintptr_t>(s->data()) % 64 == 0);
    std::memset(b.data(), 2, 1000);
    std::memset(d.data(), 3, 1);
    CHECK(static_cast<char*>(b.data())[999] == 2);
  }
  CHECK(static_cast<char*>(a.data())[99] == 1);
}

TEST_CASE("what was needed at once is one block the next time, without the pool") {
  const auto use = [] {
    Scratch a(50000), b(70000);
    std::memset(a.data(), 1, 50000);
    std::memset(b.data(), 2, 70000);
    return std::pair<void*, void*>{a.data(), b.data()};
  };
  use();
  const auto first = use();
  const index before = pool_stats().acquired;
  CHECK(use() == first);
  CHECK(pool_stats().acquired == before);
}

TEST_CASE("more than a thread keeps comes from the pool and goes back there") {
  const index before = pool_stats().used_bytes;
  {
    Scratch large(2 * kScratchKept);
    CHECK(pool_stats().used_bytes >= before + 2 * kScratchKept);
    std::memset(large.data(), 1, 1000);
  }
  CHECK(pool_stats().used_bytes == before);
  pool_release_idle();
}

TEST_CASE("a size that cannot be had is bad_alloc and leaves nothing behind") {
  const index before = pool_stats().used_bytes;
  {
    Scratch a(100);
    CHECK_THROWS_AS(Scratch(std::numeric_limits<index>::max()), std::bad_alloc);
    CHECK_THROWS_AS(Scratch(index(1) << 60), std::bad_alloc);
  }
  CHECK_THROWS_AS(Scratch(index(1) << 60), std::bad_alloc);
  Scratch b(100);
  CHECK(pool_stats().used_bytes == before);
}

TEST_CASE("each thread has its own") {
  Scratch mine(5000);
  std::thread([&] {
    Scratch other(5000);
    CHECK(other.data() != mine.data());
  }).join();
}

}  // namespace
}  // namespace pydl
