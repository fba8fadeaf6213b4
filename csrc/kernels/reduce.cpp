#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_reduce(KernelTable<T>&) {}
template void fill_reduce(KernelTable<float>&);
template void fill_reduce(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
