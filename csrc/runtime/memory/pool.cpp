#include "runtime/memory/pool.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "runtime/memory/asan.h"
#include "runtime/memory/pages.h"

namespace pydl {
namespace {

// ---- size classes ----------------------------------------------------------------------------------------------

constexpr int kSmallClasses = 8;  // 64, 128, ... 512 bytes; then 8 per power of two
constexpr int kFirstPower = 9;    // 512 = 1 << 9
constexpr int kLastPower = 46;    // 64 TiB, more than an address space has to give
constexpr int kClasses = kSmallClasses + 8 * (kLastPower - kFirstPower);

int class_of(index bytes) {
  if (bytes <= 512) return bytes <= 64 ? 0 : int((bytes - 1) / 64);
  if (bytes > index(1) << kLastPower) throw std::bad_alloc();
  const int power = 63 - __builtin_clzll(static_cast<unsigned long long>(bytes - 1));
  const int eighth = int((bytes - 1) >> (power - 3)) - 8;
  return kSmallClasses + 8 * (power - kFirstPower) + eighth;
}

index class_bytes(int size_class) {
  if (size_class < kSmallClasses) return 64 * (size_class + 1);
  const int power = kFirstPower + (size_class - kSmallClasses) / 8, eighth = (size_class - kSmallClasses) % 8;
  return index(9 + eighth) << (power - 3);
}

// ---- blocks ----------------------------------------------------------------------------------------------------

struct Link {
  Link* newer = this;
  Link* older = this;
};

// The header in front of the memory that is handed out.
struct alignas(64) Block : Link {
  int size_class;
  index freed;  // when, in releases since the start

  index bytes() const { return class_bytes(size_class); }
  void* data() { return this + 1; }
  static Block* of(void* data) { return static_cast<Block*>(data) - 1; }
};
static_assert(sizeof(Block) == 64);

void unlink(Link& link) {
  link.newer->older = link.older;
  link.older->newer = link.newer;
}

Block* allocate(int size_class) {
  const index bytes = class_bytes(size_class);
  Block* block = new (pages_acquire(index(sizeof(Block)) + bytes)) Block;
  block->size_class = size_class;
  return block;
}

void give_back(Block* block) {
  const index bytes = index(sizeof(Block)) + block->bytes();
  PYDL_UNPOISON(block->data(), block->bytes());
  pages_release(block, bytes);
}

constexpr int kLargerClasses = 4;          // at most half as much again
constexpr index kWindow = 4096;            // acquisitions per update of the recent use: some hundred training steps
constexpr index kSpare = index(16) << 20;  // idle bytes that are always allowed

// ---- the pool --------------------------------------------------------------------------------------------------

class Pool {
 public:
  Pool() {
    const index memory = index(sysconf(_SC_PHYS_PAGES)) * index(sysconf(_SC_PAGESIZE));
    stats_.limit_bytes = memory > 0 ? memory / 4 : index(1) << 30;
  }

  Block* acquire(int size_class) {
    bool settled = false;
    if (Block* block = reuse(size_class, &settled)) {
      if (settled) trim_to_use(0);
      return block;
    }
    trim_to_use(class_bytes(size_class));
    Block* block;
    try {
      block = allocate(size_class);
    } catch (const std::bad_alloc&) {
      trim(0);  // idle blocks of other sizes may be all that is left of the memory
      block = allocate(size_class);
    }
    std::lock_guard<std::mutex> lock(mutex_);
    stats_.acquired++;
    count_used(class_bytes(size_class));
    return block;
  }

  void release(Block* block) {
    const index bytes = block->bytes();
    index limit;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stats_.used_blocks--, stats_.used_bytes -= bytes;
      stats_.idle_blocks++, stats_.idle_bytes += bytes;
      block->freed = ++releases_;
      Link& ring = idle_[block->size_class];
      block->newer = &ring;
      block->older = ring.older;
      ring.older->newer = block;
      ring.older = block;
      if (stats_.idle_bytes <= stats_.limit_bytes) return;
      limit = stats_.limit_bytes;
    }
    trim(limit);
  }

  void settle() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      recent_use_ = earlier_use_ = stats_.used_bytes;
    }
    trim_to_use(0);
  }

  // Frees the blocks that have been idle longest, until at most `limit` idle bytes are left.
  void trim(index limit) {
    while (Block* block = take_oldest(limit)) give_back(block);
  }

  PoolStats stats() {
    std::lock_guard<std::mutex> lock(mutex_);
    return stats_;
  }
  void set_limit(index bytes) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stats_.limit_bytes = bytes;
    }
    trim(bytes);
  }
  std::mutex& mutex() { return mutex_; }

 private:
  // settled: whether a window of acquisitions has ended, so that the highest recent use may be lower.
  Block* reuse(int size_class, bool* settled) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (++in_window_ == kWindow) {
      in_window_ = 0;
      earlier_use_ = std::exchange(recent_use_, stats_.used_bytes);
      *settled = true;
    }
    const int last = std::min(size_class + kLargerClasses, kClasses - 1);
    for (int c = size_class; c <= last; c++) {
      Link& ring = idle_[c];
      if (ring.older == &ring) continue;
      Block* newest = static_cast<Block*>(ring.older);  // its memory may still be in the cache
      stats_.acquired++, stats_.reused++;
      remove_idle(newest);
      count_used(newest->bytes());
      return newest;
    }
    return nullptr;
  }

  // Before `fresh` bytes are taken from the system: frees idle blocks above what the highest recent use needs.
  void trim_to_use(index fresh) {
    index limit;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const index use = std::max({recent_use_, earlier_use_, stats_.used_bytes + fresh});
      limit = std::max(index(0), use + use / 4 + kSpare - stats_.used_bytes - fresh);
    }
    trim(limit);
  }

  Block* take_oldest(index limit) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stats_.idle_bytes <= limit) return nullptr;
    Block* oldest = nullptr;
    for (Link& ring : idle_) {
      Block* block = static_cast<Block*>(ring.newer);
      if (ring.newer != &ring && (!oldest || block->freed < oldest->freed)) oldest = block;
    }
    remove_idle(oldest);
    return oldest;
  }

  void remove_idle(Block* block) {
    unlink(*block);
    stats_.idle_blocks--, stats_.idle_bytes -= block->bytes();
  }
  void count_used(index bytes) {
    stats_.used_blocks++, stats_.used_bytes += bytes;
    recent_use_ = std::max(recent_use_, stats_.used_bytes);
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.used_bytes + stats_.idle_bytes);
  }

  std::mutex mutex_;
  Link idle_[kClasses];  // one ring for each size: .older is the newest block, .newer the oldest
  index releases_ = 0;
  index in_window_ = 0;                     // acquisitions
  index recent_use_ = 0, earlier_use_ = 0;  // the highest use in this window and in the one before
  PoolStats stats_{};
};

// Never destroyed: arrays may be freed while the process ends.
Pool& pool() {
  static Pool& pool = *new Pool;
  return pool;
}

}  // namespace

void* pool_acquire(index bytes) {
  Block* block = pool().acquire(class_of(bytes));
  PYDL_UNPOISON(block->data(), bytes);
  PYDL_POISON(static_cast<char*>(block->data()) + bytes, block->bytes() - bytes);
  return block->data();
}

void pool_release(void* data) {
  if (!data) return;
  Block* block = Block::of(data);
  PYDL_POISON(data, block->bytes());
  pool().release(block);
}

PoolStats pool_stats() { return pool().stats(); }
void pool_release_idle() { pool().trim(0); }
void pool_settle() { pool().settle(); }
void pool_set_limit(index bytes) { pool().set_limit(bytes); }

void pool_before_fork() { pool().mutex().lock(); }
void pool_after_fork() { pool().mutex().unlock(); }

}  // namespace pydl
