#include <algorithm>
#include <cmath>

#include "bindings/array.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "runtime/plan.h"

namespace pydl {
namespace {

// One of the lists of a call, with one array per parameter.
enum class Role { w, g, m, v, u };  // in Parameter
struct Argument {
  const char* name;
  py::handle list;
  Role role;
  bool written() const { return role != Role::g; }
};

// No array that is written may share memory with another one of the call. (Gradients may share among themselves.)
struct Span {
  const char* begin;
  const char* end;
  bool written;
  const char* list;
  std::size_t number;
};
void check_disjoint(const char* op, std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  const char *read_end = nullptr, *written_end = nullptr;
  for (const Span& s : spans) {
    if (s.begin == s.end) continue;
    PYDL_CHECK(s.begin >= written_end && (!s.written || s.begin >= read_end), "[", op, "] ", s.list, "[", s.number,
               "]: expected arrays that do not share memory, got one that appears twice or overlaps another");
    const char*& end = s.written ? written_end : read_end;
    end = std::max(end, s.end);
  }
}

// The arrays of all lists, one vector per list; an empty optional list gives an empty vector.
template <class T>
std::vector<std::vector<Array>> checked_lists(const char* op, const std::vector<Argument>& arguments) {
  std::vector<std::vector<Array>> lists;
  std::vector<Span> spans;
  for (const Argument& argument : arguments) {
    std::vector<Array> list;
    for (py::handle item : argument.list) {
      std::string name = std::string(argument.name) + "[" + std::to_string(list.size()) + "]";
      Array a = lists.empty() ? checked(op, name.c_str(), item)
                              : checked_as<T>(op, name.c_str(), item, shape_of(lists[0][list.size()]));
      PYDL_CHECK_TYPE(is<T>(a), "[", op, "] ", name, ": expected the dtype of params[0], got ", describe(a));
      if (argument.written()) check_writable(op, name.c_str(), a);
      const char* begin = data<char>(a);
      spans.push_back({begin, begin + a.nbytes(), argument.written(), argument.name, list.size()});
      list.push_back(std::move(a));
    }
    lists.push_back(std::move(list));
  }
  check_disjoint(op, std::move(spans));
  return lists;
}

index checked_length(const char* op, const Argument& argument) {
  PYDL_CHECK_TYPE(py::isinstance<py::list>(argument.list) || py::isinstance<py::tuple>(argument.list), "[", op, "] ",
                  argument.name, ": expected a list of arrays, got ", describe(argument.list));
  return index(py::len(argument.list));
}

// Checks the lists and launches update(kernels of T, parameters, count).
template <class Update>
void update_all(const char* op, const std::vector<Argument>& arguments, const Update& update) {
  index count = checked_length(op, arguments[0]);
  for (const Argument& a : arguments) {
    index length = checked_length(op, a);
    PYDL_CHECK(length == count, "[", op, "] ", a.name, ": expected ", count, " arrays as in params, got ", length);
  }
  if (count == 0) return;
  by_dtype(op, "params[0]", checked(op, "params[0]", arguments[0].list[py::int_(0)]), [&](auto zero) {
    using T = decltype(zero);
    std::vector<std::vector<Array>> lists = checked_lists<T>(op, arguments);
    std::vector<Parameter<T>> parameters;
    for (std::size_t i = 0; i < lists[0].size(); i++) {
      Parameter<T> p{};
      p.w = mutable_data<T>(lists[0][i]);
      p.g = data<T>(lists[1][i]);
      p.n = index(lists[0][i].size());
      for (std::size_t l = 2; l < lists.size(); l++) {
        T*& state = arguments[l].role == Role::m ? p.m : arguments[l].role == Role::v ? p.v : p.u;
        state = mutable_data<T>(lists[l][i]);
      }
      parameters.push_back(p);
    }
    launch_in_place(op, [&](const Kernels& table) {
      update(table.of<T>().optimizer, parameters.data(), index(parameters.size()));
    });
  });
}

void check_number(const char* op, const char* name, double value, double low, double high) {
  PYDL_CHECK(value >= low && value <= high && std::isfinite(value), "[", op, "] ", name,
             ": expected a finite number from ", low, " to ", high, ", got ", value);
}
constexpr double kLarge = 1e300;

void sgd_update(py::handle params, py::handle grads, py::handle momenta, double learning_rate, double momentum,
                bool nesterov, double weight_decay) {
  const char* op = "sgd_update";
  check_number(op, "learning_rate", learning_rate, -kLarge, kLarge);
  check_number(op, "momentum", momentum, 0, 1);
  check_number(op, "weight_decay", weight_decay, 0, kLarge);
  SgdRule rule{learning_rate, momentum, nesterov, weight_decay};
  std::vector<Argument> arguments{{"params", params, Role::w}, {"grads", grads, Role::g}};
  if (momentum != 0) arguments.push_back({"momenta", momenta, Role::m});
  update_all(op, arguments, [&](const auto& kernels, const auto* parameters, index count) {
    kernels.sgd_update(rule, parameters, count);
  });
}

void rmsprop_update(py::handle params, py::handle grads, py::handle squares, py::handle momenta, double learning_rate,
                    double rho, double momentum, double epsilon, double weight_decay, py::handle means) {
  const char* op = "rmsprop_update";
  check_number(op, "learning_rate", learning_rate, -kLarge, kLarge);
  check_number(op, "rho", rho, 0, 1);
  check_number(op, "momentum", momentum, 0, 1);
  check_number(op, "epsilon", epsilon, 0, kLarge);
  check_number(op, "weight_decay", weight_decay, 0, kLarge);
  RmspropRule rule{learning_rate, rho, momentum, epsilon, weight_decay};
  std::vector<Argument> arguments{
      {"params", params, Role::w}, {"grads", grads, Role::g}, {"squares", squares, Role::v}};
  if (momentum != 0) arguments.push_back({"momenta", momenta, Role::m});
  if (!means.is_none()) arguments.push_back({"means", means, Role::u});
  update_all(op, arguments, [&](const auto& kernels, const auto* parameters, index count) {
    kernels.rmsprop_update(rule, parameters, count);
  });
}

void adam_update(py::handle params, py::handle grads, py::handle m, py::handle v, std::int64_t step,
                 double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                 py::handle largest) {
  const char* op = "adam_update";
  check_number(op, "learning_rate", learning_rate, -kLarge, kLarge);
  PYDL_CHECK(beta_1 >= 0 && beta_1 < 1, "[", op, "] beta_1: expected 0 <= beta_1 < 1, got ", beta_1);
  PYDL_CHECK(beta_2 >= 0 && beta_2 < 1, "[", op, "] beta_2: expected 0 <= beta_2 < 1, got ", beta_2);
  check_number(op, "epsilon", epsilon, 0, kLarge);
  check_number(op, "weight_decay", weight_decay, 0, kLarge);
  PYDL_CHECK(step >= 1, "[", op, "] step: expected 1 for the first update, 2 for the next, ..., got ", step);
  AdamRule rule{learning_rate, beta_1, beta_2, epsilon, weight_decay, step};
  std::vector<Argument> arguments{
      {"params", params, Role::w}, {"grads", grads, Role::g}, {"m", m, Role::m}, {"v", v, Role::v}};
  if (!largest.is_none()) arguments.push_back({"largest", largest, Role::u});
  update_all(op, arguments, [&](const auto& kernels, const auto* parameters, index count) {
    kernels.adam_update(rule, parameters, count);
  });
}

}  // namespace

void bind_optimizer(py::module_& m) {
  m.def("sgd_update", &sgd_update, py::arg("params"), py::arg("grads"), py::arg("momenta"), py::arg("learning_rate"),
        py::arg("momentum"), py::arg("nesterov"), py::arg("weight_decay"),
        R"(One step of gradient descent, in place: m = momentum * m - learning_rate * g; w += m.

With nesterov w += momentum * m - learning_rate * g; with momentum 0 w -= learning_rate * g, and momenta is not looked
at. Before it, w -= learning_rate * weight_decay * w. All lists hold as many arrays, of the same shapes, all float32 or
all float64, none sharing memory with another that is written.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def("rmsprop_update", &rmsprop_update, py::arg("params"), py::arg("grads"), py::arg("squares"), py::arg("momenta"),
        py::arg("learning_rate"), py::arg("rho"), py::arg("momentum"), py::arg("epsilon"), py::arg("weight_decay"),
        py::arg("means") = py::none(),
        R"(One step of RMSprop (Hinton, 2012), in place, as in Keras 3.

v = rho * v + (1 - rho) * g^2 and w -= learning_rate * g / sqrt(v + epsilon), where v is one of squares; with momentum
m = momentum * m + learning_rate * g / sqrt(v + epsilon) and w -= m. Centered, where means is a list: a = rho * a +
(1 - rho) * g with a one of means, and v - a^2 in place of v under the root. Weight decay, lists and errors as in sgd_update.)");
  m.def("adam_update", &adam_update, py::arg("params"), py::arg("grads"), py::arg("m"), py::arg("v"), py::arg("step"),
        py::arg("learning_rate"), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"), py::arg("weight_decay"),
        py::arg("largest") = py::none(),
        R"(One step of Adam (Kingma and Ba, 2014), with weight_decay AdamW (Loshchilov and Hutter, 2019), in place.

m += (1 - beta_1) * (g - m), v += (1 - beta_2) * (g^2 - v), w -= alpha * m / (sqrt(v) + epsilon) with
alpha = learning_rate * sqrt(1 - beta_2^step) / (1 - beta_1^step): epsilon is the paper's epsilon hat, as in Keras 3.
step is 1 for the first update. AMSGrad (Reddi et al., 2018), where largest is a list: the largest v so far stands under
the root. Weight decay, lists and errors as in sgd_update.)");
}

}  // namespace pydl
