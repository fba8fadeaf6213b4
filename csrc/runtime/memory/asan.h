// Under AddressSanitizer, idle memory is poisoned, and so is the rest of a block beyond the size that was requested.
#pragma once
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define PYDL_POISON(data, bytes) ASAN_POISON_MEMORY_REGION(data, std::size_t(bytes))
#define PYDL_UNPOISON(data, bytes) ASAN_UNPOISON_MEMORY_REGION(data, std::size_t(bytes))
#else
#define PYDL_POISON(data, bytes) (void(data), void(bytes))
#define PYDL_UNPOISON(data, bytes) (void(data), void(bytes))
#endif
