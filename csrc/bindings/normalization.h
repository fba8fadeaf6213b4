// What the bindings of all normalisations check.
#pragma once
#include "runtime/check.h"

namespace pydl {

inline void check_epsilon(const char* op, double epsilon) {
  PYDL_CHECK(epsilon >= 0 && epsilon < 1e30, "[", op, "] epsilon: expected a number >= 0, got ", epsilon);
}

}  // namespace pydl
