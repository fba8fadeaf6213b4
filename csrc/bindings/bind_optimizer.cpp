#include "bindings.h"

namespace pydl {

void bind_optimizer(py::module_&) {}

}  // namespace pydl
