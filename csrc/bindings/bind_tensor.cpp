// pydl._core.TensorFields: the fields of pydl.Tensor. And `wrap`, which makes a tensor.
//
// A type of the C API, because every op makes a tensor, and a replayed plan makes one without running any Python.
#include <Python.h>
#include <structmember.h>

#include "bindings/bindings.h"
#include "bindings/critical.h"
#include "bindings/tensor.h"

namespace pydl {
namespace {

PyTypeObject* tensor_type = nullptr;  // pydl.Tensor

TensorFields& fields(PyObject* self) { return *reinterpret_cast<TensorFields*>(self); }

int traverse(PyObject* self, visitproc visit, void* arg) {
  const TensorFields& f = fields(self);
  Py_VISIT(Py_TYPE(self));
  for (PyObject* field : {f.array, f.grad, f.mask, f.node}) Py_VISIT(field);
  return 0;
}

int clear(PyObject* self) {
  TensorFields& f = fields(self);
  for (PyObject** field : {&f.array, &f.grad, &f.mask, &f.node}) Py_CLEAR(*field);
  return 0;
}

void deallocate(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

#define PYDL_FIELD(name, type) {#name, type, offsetof(TensorFields, name), 0, nullptr}
PyMemberDef members[] = {
    PYDL_FIELD(grad, T_OBJECT),        PYDL_FIELD(mask, T_OBJECT),      PYDL_FIELD(node, T_OBJECT),
    PYDL_FIELD(requires_grad, T_BOOL), PYDL_FIELD(fixed_array, T_BOOL), {},
};
#undef PYDL_FIELD

PyObject* get_array(PyObject* self, void*) {
  PyObject* array;
  PYDL_LOCKED(self);
  array = fields(self).array ? fields(self).array : Py_None;
  Py_INCREF(array);
  PYDL_UNLOCKED();
  return array;
}
int set_array(PyObject* self, PyObject* array, void*) {
  if (fields(self).fixed_array || !array) {
    PyErr_SetString(PyExc_AttributeError,
                    "[variable] array: expected a write with assign(value), assign_add(value) or assign_sub(value), "
                    "got another array; the array of a variable stays the same");
    return -1;
  }
  PYDL_LOCKED(self);
  Py_INCREF(array);
  Py_XSETREF(fields(self).array, array);
  PYDL_UNLOCKED();
  return 0;
}
PyGetSetDef attributes[] = {{"array", &get_array, &set_array, nullptr, nullptr}, {}};

PyType_Slot slots[] = {
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(&clear)},
    {Py_tp_dealloc, reinterpret_cast<void*>(&deallocate)},
    {Py_tp_new, reinterpret_cast<void*>(&PyType_GenericNew)},
    {Py_tp_doc, const_cast<char*>("The fields of pydl.Tensor. Those that were never set are None.")},
    {},
};
PyType_Spec spec{"pydl._core.TensorFields", sizeof(TensorFields), 0,
                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

// Null after an error.
PyObject* wrap(PyObject*, PyObject* array) {
  PyObject* tensor = tensor_type->tp_alloc(tensor_type, 0);
  if (tensor) fields(tensor).array = py::reinterpret_borrow<py::object>(array).release().ptr();
  return tensor;
}
PyMethodDef wrap_function{"wrap", &wrap, METH_O,
                          "wrap(array: object) -> object\n\nA tensor around a contiguous array; no check, no history."};

}  // namespace

py::object make_tensor(const py::object& array) {
  auto tensor = py::reinterpret_steal<py::object>(wrap(nullptr, array.ptr()));
  if (!tensor) throw py::error_already_set();
  return tensor;
}

void bind_tensor(py::module_& m) {
  const auto base = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
  if (!base) throw py::error_already_set();
  m.attr("TensorFields") = base;
  tensor_type = reinterpret_cast<PyTypeObject*>(base.ptr());
  m.def(
      "set_tensor_type",
      [base](const py::type& type) {
        PYDL_CHECK_TYPE(PyObject_IsSubclass(type.ptr(), base.ptr()) == 1,
                        "[set_tensor_type] type: expected a subclass of TensorFields, got ",
                        py::str(type).cast<std::string>());
        tensor_type = reinterpret_cast<PyTypeObject*>(py::type(type).release().ptr());
      },
      py::arg("type"), "The class of tensors that the extension makes.");
  m.attr("wrap") = py::reinterpret_steal<py::object>(PyCFunction_New(&wrap_function, nullptr));
}

}  // namespace pydl
