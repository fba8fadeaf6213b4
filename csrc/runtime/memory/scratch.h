// Workspace of kernels: 64-byte aligned, private to the calling thread, reused, freed in reverse order.
//   Scratch buffer(bytes);  float* p = static_cast<float*>(buffer.data());
// Each thread keeps one block, which grows to what its kernels needed at once; the pool serves what does not fit.
#pragma once
#include "contract/types.h"

namespace pydl {

inline constexpr index kScratchKept = index(16) << 20;  // per thread at most; freed when the thread ends

class Scratch {
 public:
  explicit Scratch(index bytes);  // throws std::bad_alloc; bytes >= 0; contents undefined
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
  index bytes_;
  bool from_pool_;
};

}  // namespace pydl
