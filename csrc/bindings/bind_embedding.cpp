// Rows of a table by their numbers. The numbers are looked at in every run, also of a plan: they are the data.
#include <memory>
#include <type_traits>

#include "../dispatch.h"
#include "bindings.h"
#include "launch.h"

namespace pydl {
namespace {

// The ids as int64, each a row of the table: the array itself, or a copy that this holds.
class Ids {
 public:
  template <class I>
  Ids(const char* op, const I* ids, index count, index rows) {
    for (index i = 0; i < count; i++) {
      // A float is cut off towards zero, as a cast does; a NaN fails the comparison.
      const bool inside = ids[i] > I(-1) && double(ids[i]) < double(rows);
      PYDL_CHECK(inside, "[", op, "] ids: expected numbers of rows in [0, ", rows, "), got ", +ids[i], " at element ",
                 i);
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
void by_id_type(const char* op, const py::array& ids, Body body) {
  if (is<std::int32_t>(ids)) return body(std::int32_t{});
  if (is<std::int64_t>(ids)) return body(std::int64_t{});
  if (is<float>(ids)) return body(float{});
  PYDL_CHECK_TYPE(is<double>(ids), "[", op, "] ids: expected int32, int64, float32 or float64, got ", describe(ids));
  body(double{});
}

template <class T>
py::array forward(const py::array& ids, const py::array& table) {
  const char* op = "embedding_forward";
  const index count = ids.size(), rows = table.shape(0), cols = table.shape(1);
  std::vector<index> shape = shape_of(ids);
  shape.push_back(cols);
  checked_size(op, "ids", shape);
  const py::array y = make_array<T>(shape);
  by_id_type(op, ids, [&](auto zero) {
    using I = decltype(zero);
    launch(op, {read(ids), read(table)}, {y}, [=](const void* const* in, void* const* out, const void*) {
      const Ids checked(op, static_cast<const I*>(in[0]), count, rows);
      kernels().of<T>().embedding_forward(count, cols, checked.data(), static_cast<const T*>(in[1]),
                                          static_cast<T*>(out[0]));
    });
  });
  return y;
}

template <class T>
py::array backward(const py::array& dy, const py::array& ids, index rows) {
  const char* op = "embedding_backward";
  const index count = ids.size(), cols = dy.shape(dy.ndim() - 1);
  checked_size(op, "rows", {rows, cols});
  const py::array dtable = make_array<T>({rows, cols});
  by_id_type(op, ids, [&](auto zero) {
    using I = decltype(zero);
    launch(op, {read(ids), read(dy)}, {dtable}, [=](const void* const* in, void* const* out, const void*) {
      const Ids checked(op, static_cast<const I*>(in[0]), count, rows);
      kernels().of<T>().embedding_backward(count, rows, cols, checked.data(), static_cast<const T*>(in[1]),
                                           static_cast<T*>(out[0]));
    });
  });
  return dtable;
}

}  // namespace

void bind_embedding(py::module_& m) {
  m.def(
      "embedding_forward",
      [](const py::object& ids_object, const py::object& table_object) {
        const char* op = "embedding_forward";
        const py::array ids = checked(op, "ids", ids_object), table = checked(op, "table", table_object, 2);
        return by_dtype(op, "table", table, [&](auto zero) { return forward<decltype(zero)>(ids, table); });
      },
      py::arg("ids"), py::arg("table"),
      "table[ids]. ValueError names the first of the ids that is no row of the table, TypeError a wrong dtype.");
  m.def(
      "embedding_backward",
      [](const py::object& dy_object, const py::object& ids_object, index rows) {
        const char* op = "embedding_backward";
        const py::array dy = checked(op, "dy", dy_object), ids = checked(op, "ids", ids_object);
        PYDL_CHECK(rows >= 0, "[", op, "] rows: expected at least 0, got ", rows);
        std::vector<index> shape = shape_of(ids);
        shape.push_back(dy.ndim() > 0 ? dy.shape(dy.ndim() - 1) : 0);
        check_shape(op, "dy", dy, shape);
        return by_dtype(op, "dy", dy, [&](auto zero) { return backward<decltype(zero)>(dy, ids, rows); });
      },
      py::arg("dy"), py::arg("ids"), py::arg("rows"), "Zeros (rows, last axis of dy), with dy[i] added to row ids[i].");
}

}  // namespace pydl
