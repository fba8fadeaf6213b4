#include "activation.h"

#include "../check.h"

namespace pydl {
namespace {
constexpr const char* kNames[kActivationCount] = {// in the order of enum Activation
                                                  "linear", "relu",       "sigmoid",      "tanh",        "elu",
                                                  "gelu",   "gelu_tanh",  "softplus",     "softsign",    "selu",
                                                  "silu",   "leaky_relu", "hard_sigmoid", "exponential", "relu6"};
}  // namespace

Activation activation_named(const char* op, const std::string& name) {
  std::string known;
  for (int i = 0; i < kActivationCount; i++) {
    if (name == kNames[i]) return Activation(i);
    known += (i ? ", " : "") + std::string(kNames[i]);
  }
  PYDL_CHECK(false, "[", op, "] activation: expected one of ", known, ", got '", name, "'");
  return Activation::linear;
}

}  // namespace pydl
