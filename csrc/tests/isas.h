// Tests through the kernels' table, once per instruction set of this machine.
#pragma once
#include <doctest.h>

#include <string>

#include "runtime/dispatch.h"

namespace pydl {

// body() for each supported instruction set; restores the one in use before.
template <class Body>
void on_every_isa(const Body& body) {
  const std::string before = kernels().isa;
  for (int i = 0; i < isa_count(); i++) {
    if (!isa_supported(i)) continue;
    CAPTURE(isa_name(i));
    set_isa(isa_name(i));
    body();
  }
  set_isa(before.c_str());
}

}  // namespace pydl
