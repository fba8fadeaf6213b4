#include "runtime/precision.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <string>

namespace pydl {
namespace {

constexpr const char* kAlgorithms[] = {"automatic",    "direct",         "implicit_gemm", "depthwise", "winograd_4x4",
                                       "winograd_5x5", "space_to_depth", "grouped"};  // as ConvAlgorithm

bool is_strict(const std::string& origin, const char* name) {
  if (std::strcmp(name, "strict") == 0) return true;
  if (std::strcmp(name, "default") == 0) return false;
  throw std::invalid_argument(origin + "expected 'default' or 'strict', got '" + name + "'");
}

std::atomic<bool>& strict() {
  static std::atomic<bool> setting = [] {
    const char* wanted = std::getenv("PYDL_PRECISION");
    return wanted && *wanted && is_strict("[precision] PYDL_PRECISION: ", wanted);
  }();
  return setting;
}

std::atomic<ConvAlgorithm> forced{ConvAlgorithm::automatic};

}  // namespace

const char* precision() { return strict().load(std::memory_order_acquire) ? "strict" : "default"; }
void set_precision(const char* name) {
  strict().store(is_strict("[precision] name: ", name), std::memory_order_release);
}

ConvAlgorithm conv2d_requested() {
  const ConvAlgorithm algorithm = forced.load(std::memory_order_acquire);
  if (algorithm != ConvAlgorithm::automatic) return algorithm;
  return strict().load(std::memory_order_acquire) ? ConvAlgorithm::direct : ConvAlgorithm::automatic;
}
void force_conv2d(ConvAlgorithm algorithm) { forced.store(algorithm, std::memory_order_release); }

const char* conv2d_algorithm_name(ConvAlgorithm algorithm) { return kAlgorithms[int(algorithm)]; }
ConvAlgorithm conv2d_algorithm_of(const char* name) {
  for (int i = 0; i < int(std::size(kAlgorithms)); i++)
    if (std::strcmp(kAlgorithms[i], name) == 0) return ConvAlgorithm(i);
  throw std::invalid_argument(std::string("[conv2d] algorithm: unknown name '") + name + "'");
}

}  // namespace pydl
