// pydl._core.Plan and Version: recording and replaying a model's kernel calls (see runtime/plan.h).
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>

#include "bindings/array.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "bindings/snapshot.h"
#include "bindings/tensor.h"
#include "bindings/thread_state.h"
#include "runtime/memory/scratch.h"
#include "runtime/plan.h"

namespace pydl {
namespace {

// A plan of arrays, in Python _core.Plan: it knows the shapes of inputs and outputs, and holds the weights.
class ArrayPlan : public Plan {
 public:
  void begin(const std::vector<Array>& inputs, const std::vector<std::pair<Array, std::shared_ptr<Version>>>& weights,
             const py::object& snapshot) {
    PYDL_CHECK(!is_recording(), "[plan] another plan is recording in this thread");
    PYDL_CHECK(!begun_, "[plan] a plan records once");
    begun_ = true;
    if (!snapshot.is_none()) depends_on_ = &snapshot.cast<const Snapshot&>();
    snapshot_ = snapshot;
    std::vector<Memory> memory;
    for (const Array& a : inputs) {
      memory.push_back(memory_of(checked("plan", "input", a)));
      inputs_.push_back({a.dtype(), shape_of(a)});
      keep(std::make_shared<Array>(a));
    }
    Plan::begin(memory);
    for (const auto& [array, version] : weights) add_constant(array, version);
  }

  void add_constant(const Array& array, const std::shared_ptr<Version>& version) {
    PYDL_CHECK(recording().get() == this, "[plan] add_constant: expected a plan that records in this thread");
    Plan::add_constant(memory_of(checked("plan", "array", array)), version);
    constants_.push_back(array);
  }

  // The last outputs are not returned: each run writes them to these arrays, which it may have read before.
  py::object end(const std::vector<Array>& outputs,
                 const std::vector<std::pair<Array, std::shared_ptr<Version>>>& post_run_writes,
                 const py::object& rebuild) {
    const char* name = "post_run_writes";
    PYDL_CHECK(post_run_writes.size() <= outputs.size(), "[plan] ", name, ": expected at most ", outputs.size(),
               ", got ", post_run_writes.size());
    const std::size_t first = outputs.size() - post_run_writes.size();
    for (std::size_t i = 0; i < post_run_writes.size(); i++) {
      const auto& [array, version] = post_run_writes[i];
      const Array &checked_array = checked("plan", name, array), &output = outputs[first + i];
      check_writable("plan", name, checked_array);
      check_shape("plan", name, checked_array, shape_of(output));
      PYDL_CHECK_TYPE(array.dtype().num() == output.dtype().num(), "[plan] ", name, ": expected the dtype of ",
                      describe(output), ", got ", describe(array));
      PYDL_CHECK(version, "[plan] ", name, ": expected a version");
      writes_.push_back({array, version, array.nbytes()});
      write_bytes_ += aligned(writes_.back().bytes);
    }
    PYDL_CHECK(!rebuild.is_none() || first == 1, "[plan] rebuild: needed for ", first, " outputs");
    rebuild_ = rebuild;
    std::vector<Memory> memory;
    for (const Array& a : outputs) {
      memory.push_back(memory_of(checked("plan", "output", a)));
      outputs_.push_back({a.dtype(), shape_of(a)});
    }
    const std::string reason = Plan::end(memory);
    complete_ = reason.empty();
    if (complete_) return py::none();
    return py::str(reason);
  }

  void abort() {
    fail("aborted");
    Plan::end({});
  }

  py::object run(const py::args& inputs) {
    PYDL_CHECK(complete_, "[plan] nothing was recorded");
    PYDL_CHECK(inputs.size() == inputs_.size(), "[plan] expected ", inputs_.size(), " inputs, got ", inputs.size());
    std::vector<const void*> in;
    for (std::size_t i = 0; i < inputs.size(); i++) {
      Array a = checked("plan", "input", inputs[i]);
      PYDL_CHECK_TYPE(a.dtype().num() == inputs_[i].dtype.num(), "[plan] input: expected ",
                      py::str(inputs_[i].dtype).cast<std::string>(), ", got ", describe(a));
      check_shape("plan", "input", a, inputs_[i].shape);
      in.push_back(data<void>(a));
    }
    return run_on(in.data());
  }

  // The fast path for a single input: None if the input is not as recorded, the plan is invalid, or this call is part
  // of another forward pass or on a tape.
  py::object replay(const py::object& input) {
    if (!complete_ || inputs_.size() != 1 || !thread_state().outside()) return py::none();
    const Array array = exact_array(input);
    if (!array || !inputs_[0].fits(array) || (depends_on_ && !depends_on_->holds())) return py::none();
    const void* memory = data<void>(array);
    return run_on(&memory);
  }

  const py::object& snapshot() const { return snapshot_; }
  std::int64_t runs() const { return runs_.load(std::memory_order_relaxed); }

 private:
  struct End {
    py::dtype dtype;
    std::vector<index> shape;

    bool fits(const Array& a) const { return is_plain(a) && a.dtype().is(dtype) && has_shape(a, shape); }
  };

  py::object run_on(const void* const* in) {
    runs_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t given = outputs_.size() - writes_.size();
    Scratch room(aligned(index(outputs_.size() * sizeof(void*))) + write_bytes_);
    void** const out = static_cast<void**>(room.data());
    char* place = static_cast<char*>(room.data()) + aligned(index(outputs_.size() * sizeof(void*)));
    const bool single = rebuild_.is_none();
    py::object one;
    py::tuple several(single ? 0 : given);
    for (std::size_t i = 0; i < given; i++) {
      Array y = make_array(outputs_[i].dtype, outputs_[i].shape);
      out[i] = mutable_data<void>(y);
      if (single) {
        one = std::move(y);
      } else {
        several[i] = std::move(y);
      }
    }
    for (std::size_t i = 0; i < writes_.size(); i++) {
      out[given + i] = place;
      place += aligned(writes_[i].bytes);
    }
    launch(*this, in, out);
    for (std::size_t i = 0; i < writes_.size(); i++) {
      const Write& write = writes_[i];
      std::memcpy(mutable_data<void>(write.array), out[given + i], std::size_t(write.bytes));
      write.version->value.fetch_add(1, std::memory_order_release);
    }
    if (!rebuild_.is_none()) return rebuild_(*several);
    return make_tensor(one);
  }

  struct Write {
    Array array;
    std::shared_ptr<Version> version;
    index bytes;
  };
  static index aligned(index bytes) { return (bytes + 63) / 64 * 64; }

  py::object snapshot_ = py::none();  // what the plan depends on besides memory
  const Snapshot* depends_on_ = nullptr;
  std::vector<End> inputs_, outputs_;
  std::vector<Write> writes_;
  index write_bytes_ = 0;
  py::object rebuild_ = py::none();  // makes the result of a run from its arrays; None: the one tensor
  std::vector<Array> constants_;
  std::atomic<std::int64_t> runs_{0};
  bool begun_ = false, complete_ = false;
};

// A method of the C API: pybind11 would take as long to find it and its arguments as a small plan takes to run.
PyObject* replay(PyObject* self, PyObject* input) {
  try {
    auto* plan = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr<ArrayPlan>();
    PYDL_CHECK(plan, "[plan] __init__ was not called");
    return plan->replay(py::reinterpret_borrow<py::object>(input)).release().ptr();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
  return nullptr;
}
PyMethodDef replay_method{
    "replay", &replay, METH_O,
    "replay(self: object, input: object) -> object\n\n"
    "As run, for one input. None if the input is not as recorded, the plan is invalid, or the call "
    "is part of a forward pass."};

}  // namespace

PyObject* get_recording_plan(PyObject*, void*) {
  if (!Plan::is_recording()) return py::none().release().ptr();
  return py::cast(std::static_pointer_cast<ArrayPlan>(Plan::recording())).release().ptr();
}

int set_recording_plan(PyObject*, PyObject* plan, void*) {
  const bool is_plan = plan && py::isinstance<ArrayPlan>(plan);
  if (is_plan || plan == Py_None) {
    Plan::set_recording(is_plan ? py::cast<std::shared_ptr<ArrayPlan>>(plan) : nullptr);
    return 0;
  }
  PyErr_SetString(PyExc_TypeError, "[state] plan: expected a Plan or None");
  return -1;
}

void bind_plan(py::module_& m) {
  py::class_<Version, std::shared_ptr<Version>>(m, "Version", "Counts the changes of a weight.")
      .def(py::init<>())
      .def("bump", [](Version& v) { v.value.fetch_add(1, std::memory_order_release); })
      .def_property_readonly("value", [](const Version& v) { return v.value.load(std::memory_order_acquire); });

  // The collector must see what a snapshot holds.
  py::class_<ArrayPlan, std::shared_ptr<ArrayPlan>> plan(
      m, "Plan", py::custom_type_setup([](PyHeapTypeObject* heap_type) {
        PyTypeObject& type = heap_type->ht_type;
        type.tp_flags |= Py_TPFLAGS_HAVE_GC;
        type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
          Py_VISIT(Py_TYPE(self));
          if (!py::detail::is_holder_constructed(self)) return 0;
          Py_VISIT(py::cast<ArrayPlan&>(py::handle(self)).snapshot().ptr());
          return 0;
        };
      }),
      "A recorded list of kernel calls, replayed in one call.");
  plan.def(py::init<>())
      .def("begin", &ArrayPlan::begin, py::arg("inputs"), py::arg("weights"), py::arg("snapshot") = py::none(),
           R"(Starts recording in this thread.

weights: pairs (array, Version); without a Version, a weight is never packed.
snapshot: what the plan depends on besides the weights' values; `replay` checks that it holds.)")
      .def("add_constant", &ArrayPlan::add_constant, py::arg("array"), py::arg("version") = py::none(),
           "While recording: this array will be the same memory at every replay.")
      .def("end", &ArrayPlan::end, py::arg("outputs"),
           py::arg("post_run_writes") = std::vector<std::pair<Array, std::shared_ptr<Version>>>{},
           py::arg("rebuild") = py::none(),
           R"(Ends recording; None, or the reason why it cannot replay.

post_run_writes: pairs (array, Version) for the last of the outputs. A run writes those there, instead of giving them
out.
rebuild: makes the result of a run from the arrays; None for a single tensor.)")
      .def("fail", &ArrayPlan::fail, py::arg("reason"))
      .def("blame", &ArrayPlan::blame, py::arg("where"), "Adds once where the recording failed, if it did.")
      .def("abort", &ArrayPlan::abort)
      .def("run", &ArrayPlan::run, "Replays on new inputs of the recorded shapes and dtypes.")
      .def_property_readonly("snapshot", &ArrayPlan::snapshot)
      .def_property_readonly("runs", &ArrayPlan::runs, "How often it was replayed.")
      .def_property_readonly("ops", &ArrayPlan::ops, "The names of the recorded kernels, in order.");
  plan.attr("replay") =
      py::reinterpret_steal<py::object>(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(plan.ptr()), &replay_method));
}

}  // namespace pydl
