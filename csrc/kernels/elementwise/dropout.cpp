// Dropout (Srivastava et al., JMLR 2014), inverted: what is kept is scaled up, so that inference needs no change.
#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace elementwise {
namespace {

constexpr index kWords = 1024;  // random words per batch: 4 KB, which stay in L1

template <class T>
void dropout(index n, double rate, std::uint64_t seed, std::uint64_t offset, const T* x, T* y) {
  // Word r stands for u = r / 2^32 and is kept if u >= rate, that is if r > limit.
  const double threshold = __builtin_ceil(rate * 4294967296.0);
  const std::uint32_t limit = std::uint32_t(threshold - 1);
  const T scale = T(1 / (1 - rate));
  parallel(n, kGrain, [=](index begin, index end) {
    while (begin < end) {
      const std::uint64_t position = offset + std::uint64_t(begin);
      const index skip = index(position % 4);  // words of the first counter that belong to elements before
      const index count = end - begin < kWords - skip ? end - begin : kWords - skip;
      alignas(64) std::uint32_t words[kWords];
      for (index i = 0; i < skip + count; i += kPhiloxWords)
        philox(seed, position / 4 + std::uint64_t(i / 4), words + i);
      const std::uint32_t* word = words + skip;
      const T* from = x + begin;
      T* __restrict to = y + begin;
      if (rate == 0) {
        for (index i = 0; i < count; i++) to[i] = from[i];
      } else {
        for (index i = 0; i < count; i++) {
          const T scaled = from[i] * scale;
          to[i] = word[i] > limit ? scaled : T(0);
        }
      }
      begin += count;
    }
  });
}

}  // namespace
}  // namespace elementwise

template <class T>
void fill_dropout(DropoutKernels<T>& t) {
  t.apply = elementwise::dropout<T>;
}
template void fill_dropout(DropoutKernels<float>&);
template void fill_dropout(DropoutKernels<double>&);

}  // namespace pydl::PYDL_ISA
