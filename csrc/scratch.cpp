#include "scratch.h"

#include "pool.h"

namespace pydl {
Scratch::Scratch(index bytes) : data_(pool_acquire(bytes)), bytes_(bytes) {}
Scratch::~Scratch() { pool_release(data_); }
}  // namespace pydl
