#include "bindings/refusals.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/array.h"
#include "runtime/check.h"

namespace pydl {
namespace {

using Call = PyObject* (*)(PyObject* self, PyObject* const* arguments, std::size_t count, PyObject* names);
Call call = nullptr;  // pybind11's, the same for all functions

// ---- what pybind11 knows of a function: the first line of its text, "name(a: object, b: bool = False, *args) -> None"

struct Argument {
  std::string_view name, type;
  bool has_default;
};

struct Function {
  std::string name;
  std::string text;  // the arguments are parts of it
  std::vector<Argument> arguments;
  bool takes_more = false;  // *args
};

// The end of the part of a list that begins at `from`: the next comma outside of brackets and quotes.
std::size_t part_end(std::string_view text, std::size_t from) {
  int depth = 0;
  for (bool quoted = false; from < text.size(); from++) {
    const char c = text[from];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '(' || c == '[') depth++;
    if (c == ')' || c == ']') depth--;
    if (depth < 0 || (c == ',' && depth == 0)) break;
  }
  return from;
}

Argument argument_of(std::string_view part) {
  const std::size_t colon = part.find(": "), equals = part.find(" = ");
  const bool has_default = equals != part.npos;
  if (colon == part.npos) return {part, "", has_default};
  return {part.substr(0, colon), part.substr(colon + 2, (has_default ? equals : part.size()) - colon - 2), has_default};
}

void read_signature(const std::string& doc, Function& f) {
  f.text = doc.substr(0, doc.find('\n'));
  const std::string_view text = f.text;
  std::size_t from = text.find('(') + 1;
  f.name = text.substr(0, from - 1);
  while (from < text.size() && text[from] != ')') {
    const std::size_t end = part_end(text, from);
    const std::string_view part = text.substr(from, end - from);
    if (part[0] == '*')
      f.takes_more = true;
    else
      f.arguments.push_back(argument_of(part));
    from = end + (text[end] == ',' ? 2 : 0);
  }
}

std::unordered_map<PyObject*, Function>& functions() {  // by what pybind11 calls `self`
  static auto* all = new std::unordered_map<PyObject*, Function>;
  return *all;
}

// ---- what a call gave ------------------------------------------------------------------------------------------

template <class T>
bool converts(py::handle object) {
  const bool fits = py::detail::make_caster<T>().load(object, true);
  PyErr_Clear();
  return fits;
}

// What an argument of this type had to be, or nothing if it was. Types of classes: see fits_class.
std::optional<std::string> unmet(std::string_view type, py::handle given) {
  const auto is = [type](std::string_view prefix) { return type.substr(0, prefix.size()) == prefix; };
  const auto unless = [](bool met, const char* wanted) {
    return met ? std::nullopt : std::optional<std::string>(wanted);
  };
  if (is("typing.SupportsInt")) return unless(converts<index>(given), "an int from -2^63 to 2^63 - 1");
  if (is("typing.SupportsFloat")) return unless(converts<double>(given), "a number");
  if (is("bool")) return unless(converts<bool>(given), "a bool");
  if (is("str")) return unless(converts<std::string>(given), "a str");
  if (is("dict")) return unless(PyDict_Check(given.ptr()), "a dict");
  if (is("type")) return unless(PyType_Check(given.ptr()), "a class");
  if (is("numpy.dtype")) return unless(py::isinstance<py::dtype>(given), "a NumPy dtype");
  if (is("numpy.ndarray")) return unless(is_array(given), "a NumPy array");
  return std::nullopt;
}

std::string refusal(const Function& f, PyObject* const* given, std::size_t count, PyObject* names) {
  const auto of = [&](std::string_view argument) { return message("[", f.name, "] ", argument, ": "); };
  if (count > f.arguments.size() && !f.takes_more)
    return message("[", f.name, "] expected at most ", f.arguments.size(), " arguments, got ", count);
  std::vector<py::handle> values(f.arguments.size());
  for (std::size_t i = 0; i < count && i < values.size(); i++) values[i] = given[i];
  const std::size_t keywords = names ? std::size_t(PyTuple_GET_SIZE(names)) : 0;
  for (std::size_t k = 0; k < keywords; k++) {
    const py::handle name = PyTuple_GET_ITEM(names, py::ssize_t(k));
    std::size_t i = 0;
    while (i < values.size() && !is_text(name, std::string(f.arguments[i].name).c_str())) i++;
    if (i == values.size()) return message("[", f.name, "] ", shown(name), ": no argument has this name");
    if (values[i]) return of(f.arguments[i].name) + "given twice";
    values[i] = given[count + k];
  }
  for (std::size_t i = 0; i < values.size(); i++)
    if (!values[i] && !f.arguments[i].has_default) return of(f.arguments[i].name) + "missing";
  for (std::size_t i = 0; i < values.size(); i++)
    if (const auto wanted = values[i] ? unmet(f.arguments[i].type, values[i]) : std::nullopt)
      return of(f.arguments[i].name) + "expected " + *wanted + ", got " + shown(values[i]);
  for (std::size_t i = 0; i < values.size(); i++)  // an argument of a type that only pybind11 can tell
    if (values[i] && f.arguments[i].type != "object" && f.arguments[i].name != "self")
      return message(of(f.arguments[i].name), "expected ", f.arguments[i].type, ", got ", shown(values[i]));
  return message("[", f.name, "] arguments that do not fit");
}

// ---- the call --------------------------------------------------------------------------------------------------

// The error that a call left, with the function's name, unless it has one.
void name_error(PyObject* self, PyObject* const* given, std::size_t count, PyObject* names) {
  const auto known = functions().find(self);
  if (known == functions().end()) return;
  const Function& f = known->second;
  py::error_already_set error;
  PyObject* const type = error.type().ptr();
  const std::string text = py::str(error.value()).cast<std::string>();
  const bool ours = error.trace() || (!text.empty() && text[0] == '[');  // or of Python code that was called
  if (!ours && type == PyExc_TypeError && text.find("incompatible function arguments") != text.npos)
    return PyErr_SetString(PyExc_TypeError, refusal(f, given, count, names).c_str());
  if (!ours && type == PyExc_MemoryError)
    return PyErr_SetString(type, message("[", f.name, "] no memory to work in").c_str());
  if (!ours && (type == PyExc_TypeError || type == PyExc_ValueError))
    return PyErr_SetString(type, message("[", f.name, "] ", text).c_str());
  error.restore();
}

PyObject* named_call(PyObject* self, PyObject* const* given, std::size_t flags, PyObject* names) {
  PyObject* result = call(self, given, flags, names);
  if (__builtin_expect(!result, 0)) try {
      name_error(self, given, std::size_t(PyVectorcall_NARGS(flags)), names);
    } catch (...) {  // the error as it is, or that of naming it
      if (!PyErr_Occurred()) py::detail::try_translate_exceptions();
    }
  return result;
}

void name_refusals_of(py::handle object) {
  PyObject* function =
      PyInstanceMethod_Check(object.ptr()) ? PyInstanceMethod_GET_FUNCTION(object.ptr()) : object.ptr();
  if (!PyCFunction_Check(function)) return;
  PyMethodDef* definition = reinterpret_cast<PyCFunctionObject*>(function)->m_ml;
  PyObject* self = PyCFunction_GET_SELF(function);
  if (definition->ml_flags != (METH_FASTCALL | METH_KEYWORDS) || !self ||
      !py::detail::is_function_record_PyObject(self))
    return;
  read_signature(py::str(object.attr("__doc__")).cast<std::string>(), functions()[self]);
  call = reinterpret_cast<Call>(reinterpret_cast<void (*)()>(definition->ml_meth));
  definition->ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&named_call));
}

}  // namespace

void name_refusals(py::module_& m) {
  for (const auto& [name, value] : py::cast<py::dict>(m.attr("__dict__"))) {
    if (!PyType_Check(value.ptr())) {
      name_refusals_of(value);
      continue;
    }
    for (const auto& [method, of_class] : py::dict(value.attr("__dict__"))) name_refusals_of(of_class);
  }
}

}  // namespace pydl
