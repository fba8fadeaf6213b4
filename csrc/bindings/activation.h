// Keras's activation names at the door.
#pragma once
#include <string>

#include "../kernels.h"

namespace pydl {

// ValueError "[op] activation: expected one of linear, relu, ..., got 'name'" for any other name.
Activation activation_named(const char* op, const std::string& name);

}  // namespace pydl
