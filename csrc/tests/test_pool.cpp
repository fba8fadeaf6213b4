#include <doctest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "runtime/memory/pool.h"

namespace pydl {
namespace {

struct Fresh {  // every test begins and ends with an empty pool, the default bound, and no memory of use
  Fresh() {
    pool_release_idle();
    pool_settle();
  }
  ~Fresh() {
    pool_release_idle();
    pool_set_limit(limit);
  }
  const index limit = pool_stats().limit_bytes;
};

index class_size(index bytes) {  // the size of the class for this many bytes, from the statistics
  const index before = pool_stats().used_bytes;
  void* block = pool_acquire(bytes);
  const index size = pool_stats().used_bytes - before;
  pool_release(block);
  return size;
}

TEST_CASE("size classes: aligned, large enough, at most 12.5 % waste") {
  Fresh pool;
  for (index bytes : {0,    1,    63,   64,   65,     511,     512,     513,     576,     577,
                      1023, 1024, 1025, 4097, 100000, 2097151, 2097152, 2097153, 5000000, 33554433}) {
    CAPTURE(bytes);
    void* block = pool_acquire(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    std::memset(block, 1, static_cast<std::size_t>(bytes));
    pool_release(block);
    const index size = class_size(bytes);
    CHECK(size >= bytes);
    if (bytes > 512)
      CHECK(double(size - bytes) <= 0.125 * double(bytes));
    else
      CHECK(size <= (bytes > 0 ? bytes + 63 : 64));
  }
}

TEST_CASE("a released block comes back for the same class, newest first") {
  Fresh pool;
  void* a = pool_acquire(10000);
  void* b = pool_acquire(10000);
  pool_release(a);
  pool_release(b);
  CHECK(pool_acquire(9900) == b);
  CHECK(pool_acquire(10000) == a);
  pool_release(a);
  pool_release(b);
}

TEST_CASE("the statistics are exact") {
  Fresh pool;
  const PoolStats start = pool_stats();
  CHECK(start.idle_bytes == 0);
  CHECK(start.idle_blocks == 0);
  void* a = pool_acquire(1024);
  void* b = pool_acquire(2048);
  pool_release(a);
  PoolStats s = pool_stats();
  CHECK(s.used_bytes - start.used_bytes == 2048);
  CHECK(s.used_blocks - start.used_blocks == 1);
  CHECK(s.idle_bytes == 1024);
  CHECK(s.idle_blocks == 1);
  CHECK(s.acquired - start.acquired == 2);
  CHECK(s.reused - start.reused == 0);
  CHECK(s.peak_bytes >= start.used_bytes + 3072);
  a = pool_acquire(1000);
  CHECK(pool_stats().reused - start.reused == 1);
  pool_release(a);
  pool_release(b);
  pool_release(nullptr);
  pool_release_idle();
  s = pool_stats();
  CHECK(s.idle_bytes == 0);
  CHECK(s.idle_blocks == 0);
  CHECK(s.used_bytes == start.used_bytes);
}

TEST_CASE("the bound holds, and those idle for longest go first") {
  Fresh pool;
  pool_set_limit(4096);
  void* blocks[3];
  for (index i = 0; i < 3; i++) blocks[i] = pool_acquire(2048 - 256 * i);  // three classes
  for (void* block : blocks) pool_release(block);
  PoolStats s = pool_stats();
  CHECK(s.idle_bytes == 1792 + 1536);
  CHECK(pool_acquire(1536) == blocks[2]);
  pool_release(blocks[2]);
  pool_set_limit(1600);
  CHECK(pool_stats().idle_bytes == 1536);
  pool_set_limit(0);
  CHECK(pool_stats().idle_blocks == 0);
  pool_release(pool_acquire(100));
  CHECK(pool_stats().idle_blocks == 0);
}

TEST_CASE("an idle block that is somewhat larger serves, one that is much larger does not") {
  Fresh pool;
  void* block = pool_acquire(12000);
  const index size = class_size(12000);
  pool_release(block);
  const PoolStats start = pool_stats();
  void* smaller = pool_acquire(9000);
  CHECK(smaller == block);
  CHECK(pool_stats().used_bytes - start.used_bytes == size);  // it counts by the size of its own class
  CHECK(pool_stats().idle_bytes == start.idle_bytes - size);
  pool_release(smaller);
  CHECK(pool_stats().used_bytes == start.used_bytes);
  void* small = pool_acquire(6000);
  CHECK(small != block);
  pool_release(small);
}

TEST_CASE("idle memory is bounded by recent use, also if every size is new") {
  Fresh pool;
  const index start = pool_stats().used_bytes, megabyte = index(1) << 20;
  for (index bytes = 20 * megabyte; bytes <= 200 * megabyte; bytes += bytes / 10) {
    pool_release(pool_acquire(bytes));
    const PoolStats s = pool_stats();
    CHECK(s.idle_bytes + s.used_bytes <= (start + bytes * 9 / 8) * 5 / 4 + 16 * megabyte);
  }
}

TEST_CASE("the same again and again takes no fresh memory") {
  Fresh pool;
  const auto step = [] {
    std::vector<void*> held;
    for (index bytes = 1000; bytes < 40'000'000; bytes += bytes / 3) held.push_back(pool_acquire(bytes));
    for (void* block : held) pool_release(block);
  };
  step();
  const PoolStats start = pool_stats();
  for (int i = 0; i < 1000; i++) step();
  const PoolStats s = pool_stats();
  CHECK(s.acquired - start.acquired == s.reused - start.reused);
}

TEST_CASE("what one large piece of work left goes when small work follows, or when told so") {
  Fresh pool;
  for (const bool told : {false, true}) {
    pool_release(pool_acquire(index(200) << 20));
    CHECK(pool_stats().idle_bytes >= index(200) << 20);
    if (told)
      pool_settle();
    else
      for (int i = 0; i < 10000; i++) pool_release(pool_acquire(1000));
    CHECK(pool_stats().idle_bytes <= pool_stats().used_bytes / 4 + (index(16) << 20));
  }
}

TEST_CASE("a size that cannot be had is bad_alloc, and the pool goes on") {
  Fresh pool;
  const PoolStats start = pool_stats();
  for (index bytes : {std::numeric_limits<index>::max(), index(1) << 62, (index(1) << 46) + 1, index(1) << 46})
    CHECK_THROWS_AS(pool_acquire(bytes), std::bad_alloc);
  CHECK(pool_stats().used_bytes == start.used_bytes);
  pool_release(pool_acquire(100));
}

TEST_CASE("many threads at once: no block is handed out twice") {
  Fresh pool;
  pool_set_limit(1 << 20);
  const PoolStats start = pool_stats();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; t++)
    threads.emplace_back([t, &wrong] {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<std::pair<char*, index>> held;
      for (int round = 0; round < 5000; round++) {
        if (held.size() > 8 || (!held.empty() && random() % 2)) {
          const auto [block, bytes] = held.back();
          held.pop_back();
          if (block[0] != t || block[bytes - 1] != t) wrong[static_cast<std::size_t>(t)]++;
          pool_release(block);
        } else {
          const index bytes = 1 + index(random() % 100000);
          char* block = static_cast<char*>(pool_acquire(bytes));
          block[0] = block[bytes - 1] = char(t);
          held.push_back({block, bytes});
        }
      }
      for (const auto& [block, bytes] : held) pool_release(block);
    });
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) CHECK(count == 0);
  const PoolStats s = pool_stats();
  CHECK(s.used_bytes == start.used_bytes);
  CHECK(s.used_blocks == start.used_blocks);
  CHECK(s.idle_bytes <= 1 << 20);
}

}  // namespace
}  // namespace pydl
