// Rows of a table by their ids, and the gradients of those rows added back into the table.
#include "kernels/common/parallel.h"
#include "kernels/common/prefetch.h"
#include "kernels/table.h"

namespace pydl::PYDL_ISA {
namespace embedding {
namespace {

template <class T>
void embedding_forward(index count, index cols, const std::int64_t* ids, const T* table, T* y) {
  parallel(count, grain_of_rows(cols), [=](index begin, index end) {
    constexpr index kPrefetchDistance = 4;  // rows are anywhere in the table, so later ones are prefetched
    for (index i = begin; i < end; i++) {
      prefetch<kIntoL1>(table + ids[i + kPrefetchDistance < end ? i + kPrefetchDistance : i] * cols, cols);
      __builtin_memcpy(y + i * cols, table + ids[i] * cols, std::size_t(cols) * sizeof(T));
    }
  });
}

// Partitioned by columns, so that each element of the table is a sum in the order of ids, for any thread count.
template <class T>
void embedding_backward(index count, index rows, index cols, const std::int64_t* ids, const T* dy, T* dtable) {
  parallel(rows, grain_of_rows(cols), [=](index begin, index end) {
    __builtin_memset(dtable + begin * cols, 0, std::size_t((end - begin) * cols) * sizeof(T));
  });
  constexpr index kStrip = kLineSize<T>;  // two threads never write to one cache line
  const index strips = (cols + kStrip - 1) / kStrip;
  parallel(strips, grain_of_rows(count * kStrip), [=](index begin, index end) {
    const index from = begin * kStrip, to = end * kStrip < cols ? end * kStrip : cols;
    for (index i = 0; i < count; i++) {
      const T* __restrict row = dy + i * cols;
      T* __restrict sum = dtable + ids[i] * cols;
      for (index c = from; c < to; c++) sum[c] += row[c];
    }
  });
}

}  // namespace
}  // namespace embedding

template <class T>
void fill_embedding(EmbeddingKernels<T>& t) {
  t.forward = embedding::embedding_forward<T>;
  t.backward = embedding::embedding_backward<T>;
}
template void fill_embedding(EmbeddingKernels<float>&);
template void fill_embedding(EmbeddingKernels<double>&);

}  // namespace pydl::PYDL_ISA
