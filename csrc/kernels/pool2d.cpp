#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_pool2d(KernelTable<T>&) {}
template void fill_pool2d(KernelTable<float>&);
template void fill_pool2d(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
