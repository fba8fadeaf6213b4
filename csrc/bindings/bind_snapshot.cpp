// pydl._core.Changes and Snapshot: they tell whether plans, and other things derived from layers, are still valid.
#include <algorithm>

#include "bindings/critical.h"
#include "bindings/snapshot.h"
#include "runtime/check.h"

namespace pydl {
namespace {

// All changes of the process. If it is the same as before, nothing has changed, and no part needs a check.
std::atomic<std::int64_t> changes_of_all{0};

constexpr Py_ssize_t kMaxItems = 1024;  // of a larger container, such as a vocabulary, only the size is compared

Py_ssize_t size_of(PyObject* container) {
  if (PyList_Check(container)) return PyList_GET_SIZE(container);
  if (PyTuple_Check(container)) return PyTuple_GET_SIZE(container);
  return PyDict_Check(container) ? PyDict_Size(container) : PySet_GET_SIZE(container);
}

// Calls visit(item) with the items of a list or tuple, the keys and values of a dict, until one returns false.
template <class Visit>
bool all_items(PyObject* container, Visit visit) {
  if (PyDict_Check(container)) {
    PyObject *key, *value;
    Py_ssize_t place = 0;
    while (PyDict_Next(container, &place, &key, &value))
      if (!visit(key) || !visit(value)) return false;
    return true;
  }
  const bool list = PyList_Check(container);
  const Py_ssize_t size = size_of(container);
  for (Py_ssize_t i = 0; i < size; i++)
    if (!visit(list ? PyList_GET_ITEM(container, i) : PyTuple_GET_ITEM(container, i))) return false;
  return true;
}

}  // namespace

void Changes::bump() {
  count_.fetch_add(1, std::memory_order_release);
  changes_of_all.fetch_add(1, std::memory_order_release);
}

bool Snapshot::add(std::shared_ptr<Changes> part) {
  if (!known_.insert(part.get()).second) return false;
  sum_ += part->count();
  parts_.push_back(std::move(part));
  return true;
}

void Snapshot::add_container(py::object container) {
  PyObject* object = container.ptr();
  Container made{std::move(container), {}, 0};
  if (PyAnySet_Check(object)) {
    for (py::handle item : py::reinterpret_borrow<py::object>(object))
      made.items.push_back(py::reinterpret_borrow<py::object>(item));
    made.size = Py_ssize_t(made.items.size());
  } else {
    PYDL_CHECK_TYPE(PyList_Check(object) || PyTuple_Check(object) || PyDict_Check(object),
                    "[snapshot] container: expected a list, tuple, dict or set");
    PYDL_LOCKED(object);
    made.size = size_of(object);
    if (made.size <= kMaxItems)
      all_items(object, [&](PyObject* item) {
        made.items.push_back(py::reinterpret_borrow<py::object>(item));
        return true;
      });
    PYDL_UNLOCKED();
  }
  containers_.push_back(std::move(made));
}

bool Snapshot::Container::same() const {
  PyObject* container = object.ptr();
  if (PyAnySet_Check(container)) {
    if (PySet_GET_SIZE(container) != size) return false;
    return std::all_of(items.begin(), items.end(), [&](const py::object& item) {
      const int found = PySet_Contains(container, item.ptr());
      if (found < 0) PyErr_Clear();
      return found > 0;
    });
  }
  bool same = false;
  PYDL_LOCKED(container);
  std::size_t i = 0;
  same = size_of(container) == size &&
         (size > kMaxItems || all_items(container, [&](PyObject* item) { return items[i++].ptr() == item; }));
  PYDL_UNLOCKED();
  return same;
}

bool Snapshot::holds() const {
  const std::int64_t now = changes_of_all.load(std::memory_order_acquire);
  if (checked_.load(std::memory_order_relaxed) != now) {
    std::int64_t sum = 0;
    for (const auto& part : parts_) sum += part->count();
    if (sum != sum_) return false;
    checked_.store(now, std::memory_order_relaxed);
  }
  for (const Container& container : containers_)
    if (!container.same()) return false;
  return true;
}

int Snapshot::traverse(visitproc visit, void* arg) const {
  for (const Container& container : containers_) {
    Py_VISIT(container.object.ptr());
    for (const py::object& item : container.items) Py_VISIT(item.ptr());
  }
  return 0;
}

void bind_snapshot(py::module_& m) {
  py::class_<Changes, std::shared_ptr<Changes>>(m, "Changes", "Counts the changes of a layer, a variable or a loss.")
      .def(py::init<>())
      .def("bump", &Changes::bump)
      .def_property_readonly("count", &Changes::count)
      .def("__reduce__", [](const py::object& self) {  // the copy of an owner counts its own changes
        return py::make_tuple(py::type::of(self), py::tuple());
      });

  // The containers may refer to the owner of the snapshot, so the collector must see them.
  py::class_<Snapshot>(m, "Snapshot", py::custom_type_setup([](PyHeapTypeObject* heap_type) {
                         PyTypeObject& type = heap_type->ht_type;
                         type.tp_flags |= Py_TPFLAGS_HAVE_GC;
                         type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
                           Py_VISIT(Py_TYPE(self));
                           if (!py::detail::is_holder_constructed(self)) return 0;
                           return py::cast<Snapshot&>(py::handle(self)).traverse(visit, arg);
                         };
                       }),
                       "What something derived from layers depends on: their counts of changes, and their containers.")
      .def(py::init<>())
      .def("add", &Snapshot::add, py::arg("part"), "False if it is in here already.")
      .def("add_container", &Snapshot::add_container, py::arg("container"), "A list, tuple, dict or set.")
      .def("holds", &Snapshot::holds, "Whether nothing has changed since it was added.");
}

}  // namespace pydl
