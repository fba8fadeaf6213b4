// Ids: indices of the rows of a table. Checked in every run, also of a plan, because they are data.
#pragma once
#include <memory>
#include <type_traits>

#include "bindings/array.h"

namespace pydl {

// The ids as int64, each a row of the table: the array itself, or a copy that this holds.
class Ids {
 public:
  template <class I>
  Ids(const char* op, const I* ids, index count, index rows) {
    for (index i = 0; i < count; i++) {
      // A float is cut off towards zero, as a cast does; a NaN fails the comparison.
      const bool inside = ids[i] > I(-1) && double(ids[i]) < double(rows);
      PYDL_CHECK(inside, "[", op, "] ids: expected row indices in [0, ", rows, "), got ", +ids[i], " at element ", i);
    }
    if constexpr (std::is_same_v<I, std::int64_t>) {
      data_ = ids;
    } else {
      copy_.reset(new std::int64_t[std::size_t(count)]);
      for (index i = 0; i < count; i++) copy_[i] = std::int64_t(ids[i]);
      data_ = copy_.get();
    }
  }
  const std::int64_t* data() const { return data_; }

 private:
  const std::int64_t* data_;
  std::unique_ptr<std::int64_t[]> copy_;
};

// Calls body(zero of the type of ids).
template <class Body>
auto by_id_type(const char* op, const Array& ids, Body body) {
  if (is<std::int32_t>(ids)) return body(std::int32_t{});
  if (is<std::int64_t>(ids)) return body(std::int64_t{});
  if (is<float>(ids)) return body(float{});
  PYDL_CHECK_TYPE(is<double>(ids), "[", op, "] ids: expected int32, int64, float32 or float64, got ", describe(ids));
  return body(double{});
}

}  // namespace pydl
