// Working memory of kernels: 64-byte aligned, private to the calling thread, reused, freed in reverse order.
//   Scratch buffer(bytes);  float* p = static_cast<float*>(buffer.data());
#pragma once
#include "kernels.h"

namespace pydl {

class Scratch {
 public:
  explicit Scratch(index bytes);  // throws std::bad_alloc
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
  index bytes_;
};

}  // namespace pydl
