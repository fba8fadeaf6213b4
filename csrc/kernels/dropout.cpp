#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_dropout(KernelTable<T>&) {}
template void fill_dropout(KernelTable<float>&);
template void fill_dropout(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
