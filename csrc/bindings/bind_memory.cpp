// Arrays from the pool, and what the pool holds.
#include <limits>

#include "bindings/arguments.h"
#include "bindings/array.h"
#include "bindings/bindings.h"
#include "runtime/memory/pool.h"

namespace pydl {

void bind_memory(py::module_& m) {
  m.def(
      "empty",
      [](const py::handle& shape_object, const py::dtype& dtype) {
        const std::vector<index> shape =
            checked_ints("empty", "shape", shape_object, kAnyCount, 0, std::numeric_limits<index>::max());
        PYDL_CHECK_TYPE(!dtype.attr("hasobject").cast<bool>(), "[empty] dtype: expected a plain type, got ",
                        py::str(dtype).cast<std::string>());
        return make_array(dtype, shape);
      },
      py::arg("shape"), py::arg("dtype"), "An uninitialised array from the pool.");
  m.def("writable", &writable, py::arg("array"),
        "A view of an array from the pool that may be written to, even if the array is read-only for good.");
  m.def("memory_stats", [] {
    PoolStats s = pool_stats();
    py::dict stats;
    stats["used_bytes"] = s.used_bytes;
    stats["idle_bytes"] = s.idle_bytes;
    stats["peak_bytes"] = s.peak_bytes;
    stats["used_blocks"] = s.used_blocks;
    stats["idle_blocks"] = s.idle_blocks;
    stats["acquired"] = s.acquired;
    stats["reused"] = s.reused;
    stats["limit_bytes"] = s.limit_bytes;
    return stats;
  });
  m.def("release_memory", &pool_release_idle, "Gives every idle block back to the system.");
  m.def(
      "set_memory_limit",
      [](index bytes) {
        PYDL_CHECK(bytes >= 0, "[set_memory_limit] bytes: expected at least 0, got ", bytes);
        pool_set_limit(bytes);
      },
      py::arg("bytes"), "Bounds the idle bytes kept for reuse.");
}

}  // namespace pydl
