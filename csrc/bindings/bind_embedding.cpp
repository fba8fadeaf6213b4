// Rows of a table by their ids.
#include "bindings/bindings.h"
#include "bindings/ids.h"
#include "bindings/launch.h"

namespace pydl {
namespace {

template <class T>
Array forward(const Array& ids, const Array& table) {
  const char* op = "embedding_forward";
  const index count = ids.size(), rows = table.shape(0), cols = table.shape(1);
  std::vector<index> shape = shape_of(ids);
  shape.push_back(cols);
  checked_size(op, "ids", shape);
  const Array y = make_array<T>(shape);
  by_id_type(op, ids, [&](auto zero) {
    using I = decltype(zero);
    if (y.size() == 0) Ids(op, data<I>(ids), count, rows);  // without an output nothing else checks the ids
    launch(op, {memory_of(ids), memory_of(table)}, {y}, [=](const KernelCall& call) {
      const Ids checked(op, call.in<I>(0), count, rows);
      call.kernels<T>().embedding.forward(count, cols, checked.data(), call.in<T>(1), call.out<T>(0));
    });
  });
  return y;
}

template <class T>
Array backward(const Array& dy, const Array& ids, index rows) {
  const char* op = "embedding_backward";
  const index count = ids.size(), cols = dy.shape(dy.ndim() - 1);
  checked_size(op, "rows", {rows, cols});
  const Array dtable = make_array<T>({rows, cols});
  by_id_type(op, ids, [&](auto zero) {
    using I = decltype(zero);
    if (dtable.size() == 0) Ids(op, data<I>(ids), count, rows);
    launch(op, {memory_of(ids), memory_of(dy)}, {dtable}, [=](const KernelCall& call) {
      const Ids checked(op, call.in<I>(0), count, rows);
      call.kernels<T>().embedding.backward(count, rows, cols, checked.data(), call.in<T>(1), call.out<T>(0));
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
        const Array ids = checked(op, "ids", ids_object), table = checked(op, "table", table_object, 2);
        return by_dtype(op, "table", table, [&](auto zero) { return forward<decltype(zero)>(ids, table); });
      },
      py::arg("ids"), py::arg("table"),
      "table[ids]. ValueError names the first of the ids that is no row of the table, TypeError a wrong dtype.");
  m.def(
      "embedding_backward",
      [](const py::object& dy_object, const py::object& ids_object, index rows) {
        const char* op = "embedding_backward";
        const Array dy = checked(op, "dy", dy_object), ids = checked(op, "ids", ids_object);
        PYDL_CHECK(rows >= 0, "[", op, "] rows: expected at least 0, got ", rows);
        std::vector<index> shape = shape_of(ids);
        shape.push_back(dy.ndim() > 0 ? dy.shape(dy.ndim() - 1) : 0);
        check_shape(op, "dy", dy, shape);
        return by_dtype(op, "dy", dy, [&](auto zero) { return backward<decltype(zero)>(dy, ids, rows); });
      },
      py::arg("dy"), py::arg("ids"), py::arg("rows"), "Zeros (rows, last axis of dy), with dy[i] added to row ids[i].");
}

}  // namespace pydl
