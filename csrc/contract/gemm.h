// Matrix products.
#pragma once
#include "contract/types.h"

namespace pydl {

// c[M,N] = epilogue(op(a)[M,K] * op(b)[K,N]); with `accumulate`, c is added before the epilogue. lda, ldb, ldc are the
// row strides, in elements, of the arrays as stored (a is K x M when trans_a).
struct GemmShape {
  index M, N, K;
  index lda, ldb, ldc;
  bool trans_a = false, trans_b = false;
  bool accumulate = false;
};

template <class Storage>
struct GemmKernels {
  // `packed` is null, or what pack_b made from b for the same shape (M is free to differ).
  void (*multiply)(const GemmShape&, const Storage* a, const Storage* b, const Storage* packed,
                   const Epilogue<Storage>&, Storage* c);
  index (*packed_size)(const GemmShape&);  // in elements; 0: this shape gains nothing from packing
  void (*pack_b)(const GemmShape&, const Storage* b, Storage* packed);
};

}  // namespace pydl
