// Lambdas for ../parallel.h, private to each instruction set.
#pragma once
#include "../parallel.h"

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

// body(team) on every member of a group of at most `threads` threads.
template <class Body>
[[maybe_unused]] void run_team(int threads, const Body& body) {
  team(
      threads, [](void* context, Team& members) { (*static_cast<const Body*>(context))(members); },
      const_cast<Body*>(&body));
}

}  // namespace
}  // namespace pydl::PYDL_ISA
