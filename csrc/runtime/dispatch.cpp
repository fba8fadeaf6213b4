#include "runtime/dispatch.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace pydl {

#define PYDL_DECLARE(isa) \
  namespace isa {         \
  const Kernels& table(); \
  }
PYDL_DECLARE(baseline)
#ifdef PYDL_HAS_avx2
PYDL_DECLARE(avx2)
#endif
#ifdef PYDL_HAS_avx512
PYDL_DECLARE(avx512)
#endif
#undef PYDL_DECLARE

namespace {

struct Entry {
  const char* name;
  bool (*supported)();
  const Kernels& (*table)();
};

// Worst first. The levels are those that cmake/isa.cmake compiles for; __builtin_cpu_supports also checks that the
// operating system saves the registers.
const Entry kEntries[] = {
    {"baseline", [] { return true; }, baseline::table},
#ifdef PYDL_HAS_avx2
    {"avx2", [] { return __builtin_cpu_supports("x86-64-v3") != 0; }, avx2::table},
#endif
#ifdef PYDL_HAS_avx512
    {"avx512", [] { return __builtin_cpu_supports("x86-64-v4") != 0; }, avx512::table},
#endif
};
constexpr int kCount = int(sizeof(kEntries) / sizeof(kEntries[0]));

std::atomic<const Kernels*> current{nullptr};

std::string list(bool supported_only) {
  std::string names;
  for (const Entry& e : kEntries)
    if (!supported_only || e.supported()) names += (names.empty() ? "" : ", ") + std::string(e.name);
  return names;
}

// `origin` is where the name comes from, for the error: "[isa] " or "[isa] PYDL_ISA: ".
const Kernels& find(const std::string& origin, const char* name) {
  for (const Entry& e : kEntries) {
    if (std::strcmp(e.name, name) != 0) continue;
    if (!e.supported())
      throw std::invalid_argument(origin + "this CPU does not have '" + name + "'; it has: " + list(true));
    return e.table();
  }
  throw std::invalid_argument(origin + "unknown instruction set '" + name + "'; this build has: " + list(false));
}

}  // namespace

const Kernels& kernels() {
  const Kernels* table = current.load(std::memory_order_acquire);
  if (table) return *table;
  const char* wanted = std::getenv("PYDL_ISA");
  if (wanted && *wanted) {
    table = &find("[isa] PYDL_ISA: ", wanted);
  } else {
    for (const Entry& e : kEntries)
      if (e.supported()) table = &e.table();
  }
  current.store(table, std::memory_order_release);
  return *table;
}

int isa_count() { return kCount; }
const char* isa_name(int i) { return kEntries[i].name; }
bool isa_supported(int i) { return kEntries[i].supported(); }
void set_isa(const char* name) { current.store(&find("[isa] ", name), std::memory_order_release); }

}  // namespace pydl
