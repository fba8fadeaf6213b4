// pydl._core.state: an object whose attributes are those of the calling thread.
//
// A type of the C API, not of pybind11 (nor threading.local), because every call of a layer or an op reads it.
#include "bindings/bindings.h"
#include "bindings/thread_state.h"

namespace pydl {
namespace {

thread_local ThreadState the_state;

PyObject* to_python(bool value) { return PyBool_FromLong(value); }
PyObject* to_python(std::int64_t value) { return PyLong_FromLongLong(value); }
PyObject* to_python(std::optional<bool> value) { return value ? to_python(*value) : py::none().release().ptr(); }
PyObject* to_python(PyObject* value) {
  return (value ? py::reinterpret_borrow<py::object>(value) : py::none()).release().ptr();
}

// False after an error, which leaves the value as it was.
bool from_python(PyObject* object, bool* value) {
  const int truth = PyObject_IsTrue(object);
  if (truth >= 0) *value = truth > 0;
  return truth >= 0;
}
bool from_python(PyObject* object, std::int64_t* value) {
  const std::int64_t number = PyLong_AsLongLong(object);
  if (number == -1 && PyErr_Occurred()) return false;
  *value = number;
  return true;
}
bool from_python(PyObject* object, std::optional<bool>* value) {
  if (object == Py_None) return value->reset(), true;
  bool truth = false;
  if (!from_python(object, &truth)) return false;
  *value = truth;
  return true;
}
bool from_python(PyObject* object, PyObject** value) {
  Py_XINCREF(object);
  Py_XSETREF(*value, object == Py_None ? nullptr : object);
  return true;
}

template <auto member>
constexpr PyGetSetDef attribute(const char* name) {
  return {name, [](PyObject*, void*) { return to_python(the_state.*member); },
          [](PyObject*, PyObject* object, void*) {
            if (object) return from_python(object, &(the_state.*member)) ? 0 : -1;
            PyErr_SetString(PyExc_AttributeError, "an attribute of the thread's state cannot be deleted");
            return -1;
          },
          nullptr, nullptr};
}

PyGetSetDef attributes[] = {
    attribute<&ThreadState::grad_enabled>("grad_enabled"),
    attribute<&ThreadState::tape_depth>("tape_depth"),
    {"plan", &get_recording_plan, &set_recording_plan, nullptr, nullptr},
    attribute<&ThreadState::post_run_writes>("post_run_writes"),
    attribute<&ThreadState::training>("training"),
    attribute<&ThreadState::layer_depth>("layer_depth"),
    {},
};
PyType_Slot slots[] = {
    {Py_tp_getset, attributes},
    {Py_tp_doc, const_cast<char*>("What the forward pass of the calling thread is part of.")},
    {},
};
PyType_Spec spec{"pydl._core.ThreadState", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                 slots};

}  // namespace

ThreadState& thread_state() { return the_state; }

void bind_thread_state(py::module_& m) {
  const auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
  if (!type) throw py::error_already_set();
  m.attr("ThreadState") = type;
  auto* of_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  m.attr("state") = py::reinterpret_steal<py::object>(of_type->tp_alloc(of_type, 0));
}

}  // namespace pydl
