#include "runtime/memory/scratch.h"

#include <algorithm>
#include <limits>
#include <new>

#include "runtime/memory/asan.h"
#include "runtime/memory/pages.h"
#include "runtime/memory/pool.h"

namespace pydl {
namespace {

struct Arena {
  char* data = nullptr;
  index capacity = 0, used = 0;
  index live = 0, most = 0;  // bytes in use now, in the arena and from the pool, and the most so far

  // Only while nothing is in use, because memory in use cannot move.
  void grow() {
    const index wanted = std::min(most, kScratchKept);
    if (wanted <= capacity) return;
    release();
    data = static_cast<char*>(pages_acquire(wanted));
    capacity = wanted;
    PYDL_POISON(data, capacity);
  }
  void release() {
    if (!data) return;
    PYDL_UNPOISON(data, capacity);
    pages_release(data, capacity);
    data = nullptr;
    capacity = 0;
  }
  ~Arena() { release(); }
};
thread_local Arena arena;

}  // namespace

Scratch::Scratch(index bytes) {
  if (bytes > std::numeric_limits<index>::max() / 2) throw std::bad_alloc();
  Arena& a = arena;
  bytes_ = (bytes + 63) / 64 * 64;
  if (a.live == 0) {
    a.most = std::max(a.most, bytes_);
    a.grow();
  }
  from_pool_ = a.used + bytes_ > a.capacity;
  if (from_pool_) {
    data_ = pool_acquire(bytes);
  } else {
    data_ = a.data + a.used;
    a.used += bytes_;
    PYDL_UNPOISON(data_, bytes);
  }
  a.live += bytes_;
  a.most = std::max(a.most, a.live);
}

Scratch::~Scratch() {
  arena.live -= bytes_;
  if (from_pool_) {
    pool_release(data_);
  } else {
    arena.used -= bytes_;
    PYDL_POISON(data_, bytes_);
  }
}

}  // namespace pydl
