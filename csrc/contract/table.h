// All kernels of one instruction set: one table per element type, one member per family.
#pragma once
#include "contract/conv2d.h"
#include "contract/elementwise.h"
#include "contract/embedding.h"
#include "contract/gemm.h"
#include "contract/layout.h"
#include "contract/loss.h"
#include "contract/norm.h"
#include "contract/optimizer.h"
#include "contract/pool2d.h"
#include "contract/recurrent.h"
#include "contract/reduce.h"
#include "contract/resize.h"
#include "contract/softmax.h"

namespace pydl {

template <class Storage>
struct KernelTable {
#define PYDL_FAMILY(stem, Stem) Stem##Kernels<Storage> stem;
#include "contract/families.def"
};

struct Kernels {
  const char* isa;
  KernelTable<float> f32;
  KernelTable<double> f64;

  template <class T>
  const KernelTable<T>& of() const;
};
template <>
inline const KernelTable<float>& Kernels::of<float>() const {
  return f32;
}
template <>
inline const KernelTable<double>& Kernels::of<double>() const {
  return f64;
}

}  // namespace pydl
