// Errors in arguments: PYDL_CHECK(rank == 4, "[conv2d] x: expected 4 dimensions, got ", rank) throws
// std::invalid_argument, which is ValueError in Python. PYDL_CHECK_TYPE throws TypeError.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace pydl {

struct TypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Parts>
std::string message(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

}  // namespace pydl

#define PYDL_CHECK(condition, ...)                                               \
  do {                                                                           \
    if (!(condition)) throw std::invalid_argument(::pydl::message(__VA_ARGS__)); \
  } while (0)
#define PYDL_CHECK_TYPE(condition, ...)                                      \
  do {                                                                       \
    if (!(condition)) throw ::pydl::TypeError(::pydl::message(__VA_ARGS__)); \
  } while (0)
