#include "bindings.h"

namespace pydl {

void bind_dropout(py::module_&) {}

}  // namespace pydl
