#include "pool.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <new>

#include "asan.h"
#include "pages.h"

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

// What stands in front of the memory that is handed out.
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

// ---- the pool --------------------------------------------------------------------------------------------------

class Pool {
 public:
  Pool() {
    const index memory = index(sysconf(_SC_PHYS_PAGES)) * index(sysconf(_SC_PAGESIZE));
    stats_.limit_bytes = memory > 0 ? memory / 4 : index(1) << 30;
  }

  Block* acquire(int size_class) {
    if (Block* block = reuse(size_class)) return block;
    Block* block;
    try {
      block = allocate(size_class);
    } catch (const std::bad_alloc&) {
      trim(0);  // what lies idle may be just what is missing
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

  // Frees those idle for longest until at most `limit` bytes lie idle.
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
  Block* reuse(int size_class) {
    std::lock_guard<std::mutex> lock(mutex_);
    Link& ring = idle_[size_class];
    if (ring.older == &ring) return nullptr;
    Block* newest = static_cast<Block*>(ring.older);  // its memory may still be in the cache
    stats_.acquired++, stats_.reused++;
    remove_idle(newest);
    count_used(class_bytes(size_class));
    return newest;
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
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.used_bytes + stats_.idle_bytes);
  }

  std::mutex mutex_;
  Link idle_[kClasses];  // one ring for each size: .older is the newest block, .newer the oldest
  index releases_ = 0;
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
void pool_set_limit(index bytes) { pool().set_limit(bytes); }

void pool_before_fork() { pool().mutex().lock(); }
void pool_after_fork() { pool().mutex().unlock(); }

}  // namespace pydl
