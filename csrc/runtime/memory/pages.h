// Memory straight from the system, for the pool and for scratch: 64-byte aligned, large blocks on huge pages.
#pragma once
#include "contract/types.h"

namespace pydl {

void* pages_acquire(index bytes);              // throws std::bad_alloc; bytes > 0
void pages_release(void* block, index bytes);  // with the same bytes

}  // namespace pydl
