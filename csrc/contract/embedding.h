// Rows of a table by their ids.
#pragma once
#include "contract/types.h"

namespace pydl {

template <class Storage>
struct EmbeddingKernels {
  // y[i] = table[ids[i]] for `count` ids, checked by the binding to be rows of the table; and dtable (rows x cols) =
  // zeros with dy[i] added to row ids[i], in the order of i.
  void (*forward)(index count, index cols, const std::int64_t* ids, const Storage* table, Storage* y);
  void (*backward)(index count, index rows, index cols, const std::int64_t* ids, const Storage* dy, Storage* dtable);
};

}  // namespace pydl
