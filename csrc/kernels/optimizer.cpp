#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_optimizer(KernelTable<T>&) {}
template void fill_optimizer(KernelTable<float>&);
template void fill_optimizer(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
