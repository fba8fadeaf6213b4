#include "bindings.h"

namespace pydl {

void bind_pool2d(py::module_&) {}

}  // namespace pydl
