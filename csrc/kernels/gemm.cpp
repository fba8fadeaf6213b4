#include "simd.h"
#include "table.h"

namespace pydl::PYDL_ISA {

template <class T>
void fill_gemm(KernelTable<T>&) {}
template void fill_gemm(KernelTable<float>&);
template void fill_gemm(KernelTable<double>&);

}  // namespace pydl::PYDL_ISA
