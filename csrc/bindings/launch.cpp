#include "bindings/launch.h"

namespace pydl {

void record(Plan& plan, const char* op, const std::vector<Memory>& in, const Array* out, std::size_t writes,
            Plan::Run run, Plan::Packing packing) {
  if (!run) {
    run = [](const void* const*, void* const*, const void*) {};
    packing = {};
  }
  std::vector<Memory> written;
  for (std::size_t i = 0; i < writes; i++) {
    written.push_back(memory_of(out[i]));
    plan.keep(std::make_shared<Array>(out[i]));
  }
  plan.add_step(op, in, written, std::move(run), std::move(packing));
}

}  // namespace pydl
