#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_loss(KernelTable<T>&) {}
template void fill_loss(KernelTable<float>&);
template void fill_loss(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
