// Lambdas for runtime/threads/parallel.h, private to each instruction set.
#pragma once
#include "kernels/common/base.h"
#include "runtime/threads/parallel.h"

namespace pydl::PYDL_ISA {
namespace {

// body(begin, end) over pieces of [0, n), each at least `grain` long.
template <class Body>
[[maybe_unused]] void parallel(index n, index grain, const Body& body) {
  if (n <= grain) {
    if (n > 0) body(index(0), n);
    return;
  }
  parallel_for(
      n, grain, [](void* context, index begin, index end) { (*static_cast<const Body*>(context))(begin, end); },
      const_cast<Body*>(&body));
}

// body(team) on every thread of a team of at most `threads`.
template <class Body>
[[maybe_unused]] void parallel_region(int threads, const Body& body) {
  pydl::parallel_region(
      threads, [](void* context, Team& team) { (*static_cast<const Body*>(context))(team); }, const_cast<Body*>(&body));
}

}  // namespace
}  // namespace pydl::PYDL_ISA
