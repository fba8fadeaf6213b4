#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_conv2d(KernelTable<T>&) {}
template void fill_conv2d(KernelTable<float>&);
template void fill_conv2d(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
