// The one symbol that this folder exports: the table of one instruction set.
#include "kernels/table.h"

#define PYDL_STRING_(x) #x
#define PYDL_STRING(x) PYDL_STRING_(x)

namespace pydl::PYDL_ISA {
namespace {

template <class T>
KernelTable<T> make_table() {
  KernelTable<T> t{};
#define PYDL_FAMILY(stem, Stem) fill_##stem(t.stem);
#include "contract/families.def"
  return t;
}

}  // namespace

const Kernels& table() {
  static const Kernels kernels{PYDL_STRING(PYDL_ISA), make_table<float>(), make_table<double>()};
  return kernels;
}

}  // namespace pydl::PYDL_ISA
