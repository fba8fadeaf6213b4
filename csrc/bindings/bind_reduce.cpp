#include "bindings.h"

namespace pydl {

void bind_reduce(py::module_&) {}

}  // namespace pydl
