// pydl._core.Plan and Version: recording and replaying a model's kernel calls (see ../plan.h).
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

// What Python sees of a plan: the shapes at its ends, and the weights that it reads.
class RecordedPlan {
 public:
  void begin(const std::vector<py::array>& inputs,
             const std::vector<std::pair<py::array, std::shared_ptr<Version>>>& weights, const py::object& snapshot) {
    PYDL_CHECK(!Plan::recording(), "[plan] another plan is recording in this thread");
    PYDL_CHECK(!begun_, "[plan] a plan records once");
    begun_ = true;
    if (!snapshot.is_none()) depends_on_ = &snapshot.cast<const Snapshot&>();
    snapshot_ = snapshot;
    std::vector<Memory> memory;
    for (const py::array& a : inputs) {
      memory.push_back(memory_of(checked("plan", "input", a)));
      inputs_.push_back({a.dtype(), shape_of(a)});
      plan_->keep(std::make_shared<py::array>(a));
    }
    plan_->begin(memory);
    for (const auto& [array, version] : weights) add_constant(array, version);
  }

  void add_constant(const py::array& array, const std::shared_ptr<Version>& version) {
    PYDL_CHECK(Plan::recording() == plan_, "[plan] add_constant: expected a plan that records in this thread");
    plan_->add_constant(memory_of(checked("plan", "array", array)), version);
    constants_.push_back(array);
  }

  // The last outputs are not given out: each run writes them to these arrays, which it may have read before.
  py::object end(const std::vector<py::array>& outputs,
                 const std::vector<std::pair<py::array, std::shared_ptr<Version>>>& updates,
                 const py::object& rebuild) {
    PYDL_CHECK(updates.size() <= outputs.size(), "[plan] updates: expected at most ", outputs.size(), ", got ",
               updates.size());
    const std::size_t first = outputs.size() - updates.size();
    for (std::size_t i = 0; i < updates.size(); i++) {
      const auto& [array, version] = updates[i];
      const py::array &checked_array = checked("plan", "update", array), &output = outputs[first + i];
      check_writable("plan", "update", checked_array);
      check_shape("plan", "update", checked_array, shape_of(output));
      PYDL_CHECK_TYPE(array.dtype().num() == output.dtype().num(), "[plan] update: expected the dtype of ",
                      describe(output), ", got ", describe(array));
      PYDL_CHECK(version, "[plan] update: expected a version");
      updates_.push_back({array, version, index(array.nbytes())});
      update_bytes_ += aligned(updates_.back().bytes);
    }
    PYDL_CHECK(!rebuild.is_none() || first == 1, "[plan] rebuild: needed for ", first, " outputs");
    rebuild_ = rebuild;
    std::vector<Memory> memory;
    for (const py::array& a : outputs) {
      memory.push_back(memory_of(checked("plan", "output", a)));
      outputs_.push_back({a.dtype(), shape_of(a)});
    }
    reason_ = plan_->end(memory);
    complete_ = reason_.empty();
    if (complete_) return py::none();
    return py::str(reason_);
  }

  void abort() {
    plan_->fail("aborted");
    plan_->end({});
  }

  void fail(const std::string& reason) { plan_->fail(reason); }

  py::object run(const py::args& inputs) {
    PYDL_CHECK(complete_, "[plan] nothing was recorded");
    PYDL_CHECK(inputs.size() == inputs_.size(), "[plan] expected ", inputs_.size(), " inputs, got ", inputs.size());
    std::vector<const void*> in;
    for (std::size_t i = 0; i < inputs.size(); i++) {
      py::array a = checked("plan", "input", inputs[i]);
      PYDL_CHECK_TYPE(a.dtype().num() == inputs_[i].dtype.num(), "[plan] input: expected ",
                      py::str(inputs_[i].dtype).cast<std::string>(), ", got ", describe(a));
      check_shape("plan", "input", a, inputs_[i].shape);
      in.push_back(a.data());
    }
    return run_on(in.data());
  }

  // A single input without a word: None unless it is as recorded, nothing has voided the plan, and this call is not
  // part of another forward pass or on a tape.
  py::object replay(const py::object& input) {
    if (!complete_ || inputs_.size() != 1 || !thread_state().outside() || !inputs_[0].fits(input) ||
        (depends_on_ && !depends_on_->holds()))
      return py::none();
    const void* data = py::reinterpret_borrow<py::array>(input).data();
    return run_on(&data);
  }

  const py::object& snapshot() const { return snapshot_; }
  const std::vector<std::string>& ops() const { return plan_->ops(); }

 private:
  struct End {
    py::dtype dtype;
    std::vector<index> shape;

    bool fits(const py::object& object) const {
      if (Py_TYPE(object.ptr()) != py::detail::npy_api::get().PyArray_Type_) return false;
      const py::array a = py::reinterpret_borrow<py::array>(object);
      return is_plain(a) && a.dtype().is(dtype) && std::size_t(a.ndim()) == shape.size() &&
             std::equal(shape.begin(), shape.end(), a.shape());
    }
  };

  py::object run_on(const void* const* in) {
    const std::size_t given = outputs_.size() - updates_.size();
    Scratch room(aligned(index(outputs_.size() * sizeof(void*))) + update_bytes_);
    void** const out = static_cast<void**>(room.data());
    char* place = static_cast<char*>(room.data()) + aligned(index(outputs_.size() * sizeof(void*)));
    const bool single = rebuild_.is_none();
    py::object one;
    py::tuple several(single ? 0 : given);
    for (std::size_t i = 0; i < given; i++) {
      py::array y = make_array(outputs_[i].dtype, outputs_[i].shape);
      out[i] = mutable_data<void>(y);
      if (single) {
        one = std::move(y);
      } else {
        several[i] = std::move(y);
      }
    }
    for (std::size_t i = 0; i < updates_.size(); i++) {
      out[given + i] = place;
      place += aligned(updates_[i].bytes);
    }
    {
      KernelScope run;
      plan_->run(in, out);
    }
    for (std::size_t i = 0; i < updates_.size(); i++) {
      const Update& update = updates_[i];
      std::memcpy(mutable_data<void>(update.array), out[given + i], std::size_t(update.bytes));
      update.version->value.fetch_add(1, std::memory_order_release);
    }
    if (!rebuild_.is_none()) return rebuild_(*several);
    return make_tensor(one);
  }

  struct Update {
    py::array array;
    std::shared_ptr<Version> version;
    index bytes;
  };
  static index aligned(index bytes) { return (bytes + 63) / 64 * 64; }

  const std::shared_ptr<Plan> plan_ = Plan::make();
  py::object snapshot_ = py::none();  // what the plan depends on besides memory
  const Snapshot* depends_on_ = nullptr;
  std::vector<End> inputs_, outputs_;
  std::vector<Update> updates_;
  index update_bytes_ = 0;
  py::object rebuild_ = py::none();  // from the arrays to what a run gives; None: the one tensor
  std::vector<py::array> constants_;
  std::string reason_;
  bool begun_ = false, complete_ = false;
};

// A method of the C API: pybind11 would take as long to find it and its arguments as a small plan takes to run.
PyObject* replay(PyObject* self, PyObject* input) {
  try {
    auto* plan = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr<RecordedPlan>();
    PYDL_CHECK(plan, "[plan] __init__ was not called");
    return plan->replay(py::reinterpret_borrow<py::object>(input)).release().ptr();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
  return nullptr;
}
PyMethodDef replay_method{"replay", &replay, METH_O,
                          "replay(self: object, input: object) -> object\n\n"
                          "As run, for one input. None if it is not as recorded, the plan is void, or this is in a "
                          "forward pass."};

}  // namespace

void bind_plan(py::module_& m) {
  py::class_<Version, std::shared_ptr<Version>>(m, "Version", "Counts the changes of a weight.")
      .def(py::init<>())
      .def("bump", [](Version& v) { v.value.fetch_add(1, std::memory_order_release); })
      .def_property_readonly("value", [](const Version& v) { return v.value.load(std::memory_order_acquire); });

  // The collector must see what a snapshot holds.
  py::class_<RecordedPlan> plan(m, "Plan", py::custom_type_setup([](PyHeapTypeObject* heap_type) {
                                  PyTypeObject& type = heap_type->ht_type;
                                  type.tp_flags |= Py_TPFLAGS_HAVE_GC;
                                  type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
                                    Py_VISIT(Py_TYPE(self));
                                    if (!py::detail::is_holder_constructed(self)) return 0;
                                    Py_VISIT(py::cast<RecordedPlan&>(py::handle(self)).snapshot().ptr());
                                    return 0;
                                  };
                                }),
                                "A recorded list of kernel calls, replayed in one call.");
  plan.def(py::init<>())
      .def("begin", &RecordedPlan::begin, py::arg("inputs"), py::arg("weights"), py::arg("snapshot") = py::none(),
           R"(Starts recording in this thread.

weights: pairs (array, Version); without a Version, a weight is never packed.
snapshot: what the plan depends on besides the weights' values; `replay` asks whether it holds.)")
      .def("add_constant", &RecordedPlan::add_constant, py::arg("array"), py::arg("version") = py::none(),
           "While recording: this array will be the same memory at every replay.")
      .def("end", &RecordedPlan::end, py::arg("outputs"),
           py::arg("updates") = std::vector<std::pair<py::array, std::shared_ptr<Version>>>{},
           py::arg("rebuild") = py::none(),
           R"(Ends recording; None, or the reason why it cannot replay.

updates: pairs (array, Version) for the last of the outputs. A run writes those there, instead of giving them out.
rebuild: makes of the arrays what a run gives; None for the tensor around the only one.)")
      .def("fail", &RecordedPlan::fail, py::arg("reason"))
      .def("abort", &RecordedPlan::abort)
      .def("run", &RecordedPlan::run, "Replays on new inputs of the recorded shapes and dtypes.")
      .def_property_readonly("snapshot", &RecordedPlan::snapshot)
      .def_property_readonly("ops", &RecordedPlan::ops, "The names of the recorded kernels, in order.");
  plan.attr("replay") =
      py::reinterpret_steal<py::object>(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(plan.ptr()), &replay_method));
}

}  // namespace pydl
