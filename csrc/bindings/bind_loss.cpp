// Losses fused with the activation before them.
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "runtime/memory/scratch.h"

namespace pydl {
namespace {

// Labels as kernels read them: int64, all in [0, cols). Made inside the launched body, so that a replayed plan checks
// its labels too.
class Labels {
 public:
  Labels(const char* op, bool narrow, index rows, index cols, const void* labels)
      : widened_(narrow ? rows * index(sizeof(std::int64_t)) : 0) {
    data_ = static_cast<const std::int64_t*>(narrow ? widened_.data() : labels);
    if (narrow) {
      const auto* from = static_cast<const std::int32_t*>(labels);
      auto* to = static_cast<std::int64_t*>(widened_.data());
      for (index r = 0; r < rows; r++) to[r] = from[r];
    }
    for (index r = 0; r < rows; r++)
      PYDL_CHECK(data_[r] >= 0 && data_[r] < cols, "[", op, "] labels: expected values in [0, ", cols, "), got ",
                 data_[r], " at row ", r);
  }
  const std::int64_t* data() const { return data_; }

 private:
  Scratch widened_;
  const std::int64_t* data_;
};

// One integer per row, or one number per element.
struct Target {
  Array array;
  bool sparse, narrow;
};

template <class T>
Target target_of(const char* op, const py::object& object, index rows, index cols) {
  const Array labels = checked(op, "labels", object);
  if (is<T>(labels)) {
    check_shape(op, "labels", labels, {rows, cols});
    return {labels, false, false};
  }
  const bool narrow = is<std::int32_t>(labels);
  PYDL_CHECK_TYPE(narrow || is<std::int64_t>(labels), "[", op, "] labels: expected int32 or int64 ",
                  shape_string({rows}), ", or ", py::str(py::dtype::of<T>()).cast<std::string>(), " ",
                  shape_string({rows, cols}), ", got ", describe(labels));
  check_shape(op, "labels", labels, {rows});
  return {labels, true, narrow};
}

void check_cols(const char* op, const char* name, const Array& a) {
  PYDL_CHECK(a.shape(1) > 0, "[", op, "] ", name, ": expected at least one class, got ", describe(a));
}

template <class T>
py::tuple softmax_cross_entropy_forward(const Array& logits, const py::object& labels_object) {
  constexpr const char* op = "softmax_cross_entropy_forward";
  check_cols(op, "logits", logits);
  const index rows = logits.shape(0), cols = logits.shape(1);
  const Target target = target_of<T>(op, labels_object, rows, cols);
  const Array probs = make_array<T>({rows, cols}), loss = make_array<T>({rows});
  launch(op, {memory_of(logits), memory_of(target.array)}, {probs, loss},
         [=, sparse = target.sparse, narrow = target.narrow](const KernelCall& call) {
           const T* x = call.in<T>(0);
           T *p = call.out<T>(0), *l = call.out<T>(1);
           if (sparse)
             call.kernels<T>().loss.softmax_cross_entropy_forward(
                 rows, cols, x, Labels(op, narrow, rows, cols, call.in<void>(1)).data(), p, l);
           else
             call.kernels<T>().loss.softmax_cross_entropy_dense_forward(rows, cols, x, call.in<T>(1), p, l);
         });
  return py::make_tuple(loss, probs);
}

template <class T>
Array softmax_cross_entropy_backward(const Array& probs, const py::object& labels_object,
                                     const py::object& dloss_object) {
  constexpr const char* op = "softmax_cross_entropy_backward";
  check_cols(op, "probs", probs);
  const index rows = probs.shape(0), cols = probs.shape(1);
  const Target target = target_of<T>(op, labels_object, rows, cols);
  const Array dloss = checked_as<T>(op, "dloss", dloss_object, {rows});
  const Array dlogits = make_array<T>({rows, cols});
  launch(op, {memory_of(probs), memory_of(target.array), memory_of(dloss)}, {dlogits},
         [=, sparse = target.sparse, narrow = target.narrow](const KernelCall& call) {
           const T *p = call.in<T>(0), *d = call.in<T>(2);
           T* dx = call.out<T>(0);
           if (sparse)
             call.kernels<T>().loss.softmax_cross_entropy_backward(
                 rows, cols, p, Labels(op, narrow, rows, cols, call.in<void>(1)).data(), d, dx);
           else
             call.kernels<T>().loss.softmax_cross_entropy_dense_backward(rows, cols, p, call.in<T>(1), d, dx);
         });
  return dlogits;
}

template <class T>
Array sigmoid_cross_entropy_forward(const Array& logits, const py::object& targets_object) {
  constexpr const char* op = "sigmoid_cross_entropy_forward";
  const Array targets = checked_as<T>(op, "targets", targets_object, shape_of(logits));
  const Array loss = make_array<T>(shape_of(logits));
  const index n = logits.size();
  launch(op, {memory_of(logits), memory_of(targets)}, {loss}, [=](const KernelCall& call) {
    call.kernels<T>().loss.sigmoid_cross_entropy_forward(n, call.in<T>(0), call.in<T>(1), call.out<T>(0));
  });
  return loss;
}

template <class T>
Array sigmoid_cross_entropy_backward(const Array& logits, const py::object& targets_object,
                                     const py::object& dloss_object) {
  constexpr const char* op = "sigmoid_cross_entropy_backward";
  const Array targets = checked_as<T>(op, "targets", targets_object, shape_of(logits));
  const Array dloss = checked_as<T>(op, "dloss", dloss_object, shape_of(logits));
  const Array dlogits = make_array<T>(shape_of(logits));
  const index n = logits.size();
  launch(op, {memory_of(logits), memory_of(targets), memory_of(dloss)}, {dlogits}, [=](const KernelCall& call) {
    call.kernels<T>().loss.sigmoid_cross_entropy_backward(n, call.in<T>(0), call.in<T>(1), call.in<T>(2),
                                                          call.out<T>(0));
  });
  return dlogits;
}

}  // namespace

void bind_loss(py::module_& m) {
  m.def(
      "softmax_cross_entropy_forward",
      [](const py::object& logits_object, const py::object& labels) {
        constexpr const char* op = "softmax_cross_entropy_forward";
        const Array logits = checked(op, "logits", logits_object, 2);
        return by_dtype(op, "logits", logits,
                        [&](auto zero) { return softmax_cross_entropy_forward<decltype(zero)>(logits, labels); });
      },
      py::arg("logits"), py::arg("labels"),
      "(loss (R,), probs (R, C)) of logits (R, C) and labels: integers (R,), or probabilities (R, C).");
  m.def(
      "softmax_cross_entropy_backward",
      [](const py::object& probs_object, const py::object& labels, const py::object& dloss) {
        constexpr const char* op = "softmax_cross_entropy_backward";
        const Array probs = checked(op, "probs", probs_object, 2);
        return by_dtype(op, "probs", probs, [&](auto zero) {
          return softmax_cross_entropy_backward<decltype(zero)>(probs, labels, dloss);
        });
      },
      py::arg("probs"), py::arg("labels"), py::arg("dloss"), "dlogits from the probs that forward gave.");
  m.def(
      "sigmoid_cross_entropy_forward",
      [](const py::object& logits_object, const py::object& targets) {
        constexpr const char* op = "sigmoid_cross_entropy_forward";
        const Array logits = checked(op, "logits", logits_object);
        return by_dtype(op, "logits", logits,
                        [&](auto zero) { return sigmoid_cross_entropy_forward<decltype(zero)>(logits, targets); });
      },
      py::arg("logits"), py::arg("targets"), "max(z, 0) - z t + log(1 + exp(-|z|)) of every element.");
  m.def(
      "sigmoid_cross_entropy_backward",
      [](const py::object& logits_object, const py::object& targets, const py::object& dloss) {
        constexpr const char* op = "sigmoid_cross_entropy_backward";
        const Array logits = checked(op, "logits", logits_object);
        return by_dtype(op, "logits", logits, [&](auto zero) {
          return sigmoid_cross_entropy_backward<decltype(zero)>(logits, targets, dloss);
        });
      },
      py::arg("logits"), py::arg("targets"), py::arg("dloss"), "(sigmoid(z) - t) dloss.");
}

}  // namespace pydl
