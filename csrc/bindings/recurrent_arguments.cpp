#include "bindings/recurrent_arguments.h"

#include <string>

#include "bindings/arguments.h"
#include "runtime/check.h"

namespace pydl {
namespace {

// A keyword and the field that it sets: an object or a flag.
struct Keyword {
  const char* name;
  py::object RecurrentArguments::* object = nullptr;
  bool RecurrentArguments::* flag = nullptr;
  PyObject* interned = PyUnicode_InternFromString(name);  // dict look-ups compare pointers
};

const auto& keywords() {
  using A = RecurrentArguments;
  static const Keyword all[] = {
      {"kernel", &A::kernel},
      {"recurrent_kernel", &A::recurrent_kernel},
      {"bias", &A::bias},
      {"h0", &A::h0},
      {"c0", &A::c0},
      {"mask", &A::mask},
      {"dropout_mask", &A::dropout_mask},
      {"recurrent_dropout_mask", &A::recurrent_dropout_mask},
      {"activation", &A::activation},
      {"recurrent_activation", &A::recurrent_activation},
      {"go_backwards", nullptr, &A::go_backwards},
      {"return_sequences", nullptr, &A::return_sequences},
      {"reset_after", nullptr, &A::reset_after},
      {"saved", &A::saved},
      {"dh", &A::dh},
      {"dc", &A::dc},
  };
  return all;
}

[[noreturn]] void refuse_unknown(const char* op, const char* name, const py::dict& given) {
  const auto is_known = [](py::handle key) {
    for (const Keyword& keyword : keywords())
      if (is_text(key, keyword.name)) return true;
    return false;
  };
  std::string known;
  for (const Keyword& keyword : keywords()) known += (known.empty() ? "" : ", ") + std::string(keyword.name);
  for (const auto& [key, value] : given)
    PYDL_CHECK_TYPE(is_known(key), "[", op, "] ", name, ": expected keywords among ", known, ", got ", shown(key));
  throw TypeError(message("[", op, "] ", name, ": changed while it was read"));
}

}  // namespace

RecurrentArguments::RecurrentArguments(const char* op, const char* name, const py::dict& given) {
  py::ssize_t found = 0;
  for (const Keyword& keyword : keywords()) {
    const py::handle value = PyDict_GetItemWithError(given.ptr(), keyword.interned);
    if (!value && PyErr_Occurred()) throw py::error_already_set();
    if (!value) continue;
    found++;
    if (keyword.object) {
      this->*keyword.object = py::reinterpret_borrow<py::object>(value);
      continue;
    }
    py::detail::make_caster<bool> flag;
    PYDL_CHECK_TYPE(flag.load(value, true), "[", op, "] ", keyword.name, ": expected a bool, got ", shown(value));
    this->*keyword.flag = bool(flag);
  }
  if (found != py::ssize_t(given.size())) refuse_unknown(op, name, given);
}

}  // namespace pydl
