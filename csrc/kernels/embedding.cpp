// Rows of a table by their numbers, and the gradients of those rows added back into the table.
#include "parallel.h"
#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {
namespace {

constexpr index kGrain = 16 * 1024;  // elements; fewer are not worth a second thread

constexpr index pieces(index elements_each) { return elements_each < kGrain ? kGrain / (elements_each + 1) + 1 : 1; }

template <class T>
void embedding_forward(index count, index cols, const std::int64_t* ids, const T* table, T* y) {
  parallel(count, pieces(cols), [=](index begin, index end) {
    constexpr index kAhead = 4;  // rows lie anywhere: those to come are asked for
    for (index i = begin; i < end; i++) {
      const T* next = table + ids[i + kAhead < end ? i + kAhead : i] * cols;
      for (index c = 0; c < cols; c += kLineSize<T>) __builtin_prefetch(next + c);
      __builtin_memcpy(y + i * cols, table + ids[i] * cols, std::size_t(cols) * sizeof(T));
    }
  });
}

// Threads share the columns out, so that each element of the table is the sum in the order of ids, by whomever.
template <class T>
void embedding_backward(index count, index rows, index cols, const std::int64_t* ids, const T* dy, T* dtable) {
  parallel(rows, pieces(cols), [=](index begin, index end) {
    __builtin_memset(dtable + begin * cols, 0, std::size_t((end - begin) * cols) * sizeof(T));
  });
  constexpr index kStrip = kLineSize<T>;  // two threads never write to one cache line
  const index strips = (cols + kStrip - 1) / kStrip;
  parallel(strips, pieces(count * kStrip), [=](index begin, index end) {
    const index from = begin * kStrip, to = end * kStrip < cols ? end * kStrip : cols;
    for (index i = 0; i < count; i++) {
      const T* __restrict row = dy + i * cols;
      T* __restrict sum = dtable + ids[i] * cols;
      for (index c = from; c < to; c++) sum[c] += row[c];
    }
  });
}

}  // namespace

template <class T>
void fill_embedding(KernelTable<T>& t) {
  t.embedding_forward = embedding_forward<T>;
  t.embedding_backward = embedding_backward<T>;
}
template void fill_embedding(KernelTable<float>&);
template void fill_embedding(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
