// Every family fills its part of the table of this instruction set; table.cpp calls them all.
#pragma once
#include "contract/table.h"

namespace pydl::PYDL_ISA {

#define PYDL_FAMILY(stem, Stem) \
  template <class T>            \
  void fill_##stem(Stem##Kernels<T>&);
#include "contract/families.def"

}  // namespace pydl::PYDL_ISA
