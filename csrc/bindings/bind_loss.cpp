#include "bindings.h"

namespace pydl {

void bind_loss(py::module_&) {}

}  // namespace pydl
