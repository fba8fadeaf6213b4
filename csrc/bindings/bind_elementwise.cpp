#include "bindings.h"

namespace pydl {

void bind_elementwise(py::module_&) {}

}  // namespace pydl
