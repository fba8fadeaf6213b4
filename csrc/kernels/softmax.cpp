#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_softmax(KernelTable<T>&) {}
template void fill_softmax(KernelTable<float>&);
template void fill_softmax(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
