// Recurrent layers over whole sequences: one function for all cells, in one direction or in two.
#include <array>

#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "bindings/recurrent_direction.h"
#include "runtime/memory/scratch.h"

namespace pydl {
namespace {

constexpr const char *kForward = "recurrent_forward", *kBackward = "recurrent_backward";

constexpr RecurrentCell kCells[] = {
    {"rnn", "rnn_forward", "rnn_backward", 1, false, false, &RecurrentKernels<float>::rnn,
     &RecurrentKernels<double>::rnn},
    {"lstm", "lstm_forward", "lstm_backward", 4, true, false, &RecurrentKernels<float>::lstm,
     &RecurrentKernels<double>::lstm},
    {"gru", "gru_forward", "gru_backward", 3, false, true, &RecurrentKernels<float>::gru,
     &RecurrentKernels<double>::gru},
};

const RecurrentCell& cell_named(const char* op, const std::string& name) {
  for (const RecurrentCell& cell : kCells)
    if (name == cell.name) return cell;
  throw std::invalid_argument(message("[", op, "] cell: expected rnn, lstm or gru, got '", name, "'"));
}

template <std::size_t N>
using Arguments = std::array<RecurrentArguments, N>;

// body(i) for each direction. With as many threads as directions, each gets its own, and no thread waits for another.
template <std::size_t N, class Body>
void each_direction(const Body& body) {
  if (num_threads() != int(N)) {
    for (std::size_t i = 0; i < N; i++) body(i);
    return;
  }
  parallel_for(
      N, 1,
      [](void* context, index begin, index end) {
        for (index i = begin; i < end; i++) (*static_cast<const Body*>(context))(std::size_t(i));
      },
      const_cast<Body*>(&body));
}

// The three arrays of a launch that belong to direction i, after the one that all directions share.
template <class Item>
Item* of_direction(Item* arrays, std::size_t i) {
  return arrays + 1 + 3 * i;
}
constexpr std::size_t arrays_of(std::size_t directions) { return 1 + 3 * directions; }

// What a run knows of its directions. Their outputs are side by side, in the order of x.
template <class T, std::size_t N>
struct Directions {
  RecurrentCell cell;
  std::array<RecurrentShape, N> shapes;
  std::array<index, N> offsets;  // of their outputs in a row of y
  std::array<ReadIds, N> read_ids;
  index outputs = 0;

  // `memory` gets the inputs, kInputs for each direction.
  Directions(const char* op, const RecurrentCell& kind, const Array& x, const Arguments<N>& arguments, Memory* memory)
      : cell(kind) {
    for (std::size_t i = 0; i < N; i++) {
      const Direction<T> d = checked_direction<T>(op, cell, x, arguments[i]);
      shapes[i] = d.shape;
      read_ids[i] = d.read_ids;
      offsets[i] = outputs;
      outputs += d.shape.U;
      for (int k = 0; k < kInputs; k++) memory[kInputs * i + k] = memory_of(d.arrays[k]);
    }
    for (RecurrentShape& s : shapes) {
      s.output_stride = outputs;
      s.outputs_in_order = N > 1;
    }
  }
  const RecurrentCellKernels<T>& of(const Kernels& table) const { return cell.of(table.of<T>()); }
  index packed_bytes(const Kernels& table, std::size_t i) const {
    return of(table).packed_size(shapes[i]) * index(sizeof(T));
  }
  std::vector<index> output_shape() const {
    const RecurrentShape& s = shapes[0];
    return s.return_sequences ? std::vector<index>{s.B, s.T, outputs} : std::vector<index>{s.B, outputs};
  }
};

// How a plan packs the weights of all directions, one after the other.
template <class T, std::size_t N>
Plan::Packing packing_of(const Directions<T, N>& all) {
  const auto first_weight = [=](std::size_t i) { return all.shapes[i].id_rows ? 2 : 1; };  // ids are rows of the kernel
  std::vector<int> arguments;
  for (std::size_t i = 0; i < N; i++)
    for (int k = first_weight(i); k <= 3; k++) arguments.push_back(kInputs * int(i) + k);
  return packing(
      std::move(arguments),
      [=](const Kernels& table) {
        index sum = 0;
        for (std::size_t i = 0; i < N; i++) sum += all.packed_bytes(table, i);
        return sum;
      },
      [=](const KernelCall& call) {
        const void* const* weights = call.inputs;
        char* to = call.out<char>(0);
        for (std::size_t i = 0; i < N; to += all.packed_bytes(call.table, i), i++) {
          const void* in[kInputs] = {};
          for (int k = first_weight(i); k <= 3; k++) in[k] = *weights++;
          all.of(call.table).pack(all.shapes[i], inputs_of<T>(in), reinterpret_cast<T*>(to));
        }
      });
}

// An optional array: empty for the launch, None for Python.
template <class T>
Array made_if(bool wanted, const std::vector<index>& shape) {
  return make_array<T>(wanted ? shape : std::vector<index>{0});
}
py::object or_none(bool wanted, const Array& a) { return wanted ? py::object(a) : py::none(); }

// out: y, then h, c, saved of each direction.
template <class T, std::size_t N>
struct ForwardRun {
  Directions<T, N> all;
  bool training;

  void operator()(const KernelCall& call) const {
    each_direction<N>([&](std::size_t i) {
      const char* weights = call.packed<char>();
      for (std::size_t before = 0; weights && before < i; before++) weights += all.packed_bytes(call.table, before);
      void* const* own = of_direction(call.outputs, i);
      T *h = static_cast<T*>(own[0]), *c = static_cast<T*>(own[1]), *saved = static_cast<T*>(own[2]);
      const RecurrentOutputs<T> outputs{call.out<T>(0) + all.offsets[i], h, all.cell.has_cell_state ? c : nullptr,
                                        training ? saved : nullptr};
      with_inputs<T>(kForward, all.shapes[i], all.read_ids[i], call.inputs + kInputs * i, [&](const auto& inputs) {
        all.of(call.table).forward(all.shapes[i], inputs, reinterpret_cast<const T*>(weights), outputs);
      });
    });
  }
};

template <class T, std::size_t N>
py::tuple forward(const RecurrentCell& cell, const Array& x, const Arguments<N>& arguments, bool training) {
  Memory in[kInputs * N];
  const Directions<T, N> all(kForward, cell, x, arguments, in);
  Array out[arrays_of(N)];
  py::tuple result(1 + N);
  result[0] = out[0] = make_array<T>(all.output_shape());
  for (std::size_t i = 0; i < N; i++) {
    const RecurrentShape& s = all.shapes[i];
    const Array h = make_array<T>({s.B, s.U}), c = made_if<T>(cell.has_cell_state, {s.B, s.U});
    const Array saved = make_array<T>({training ? all.of(query_kernels()).saved_size(s) : 0});
    Array* own = of_direction(out, i);
    own[0] = h, own[1] = c, own[2] = saved;
    result[1 + i] = py::make_tuple(h, or_none(cell.has_cell_state, c), or_none(training, saved));
  }
  launch(cell.forward, in, out, ForwardRun<T, N>{all, training}, packing_of(all));
  return result;
}

// in: the inputs of forward, then dy, then saved, dh, dc of each direction. out: dx, then dweights, dh0, dc0 of each.
template <class T, std::size_t N>
struct BackwardRun {
  Directions<T, N> all;
  bool with_dx, with_initial;

  void operator()(const KernelCall& call) const {
    const RecurrentShape& s = all.shapes[0];
    const index size = with_dx ? s.B * s.T * s.I : 0;
    const Scratch further((N - 1) * size * index(sizeof(T)));  // dx of all directions but the first
    T* const dx = call.out<T>(0);
    const auto dx_of = [&](std::size_t i) { return i ? static_cast<T*>(further.data()) + index(i - 1) * size : dx; };
    each_direction<N>([&](std::size_t i) { run(i, call, with_dx ? dx_of(i) : nullptr); });
    for (std::size_t i = 1; i < N && size > 0; i++)
      call.kernels<T>().elementwise.binary(BinaryOp::add, 1, size, dx, dx_of(i), size, 1, dx);
  }
  void run(std::size_t i, const KernelCall& call, T* dx) const {
    const void* const* const given = call.inputs + kInputs * N;
    const void* const* own = of_direction(given, i);
    T* saved = static_cast<T*>(const_cast<void*>(own[0]));  // checked to be writable
    const T *dy = static_cast<const T*>(given[0]), *dh = static_cast<const T*>(own[1]),
            *dc = static_cast<const T*>(own[2]);
    void* const* made = of_direction(call.outputs, i);
    T *dweights = static_cast<T*>(made[0]), *dh0 = static_cast<T*>(made[1]), *dc0 = static_cast<T*>(made[2]);
    if (dy) dy += all.offsets[i];
    if (!with_initial) dh0 = nullptr;
    if (!with_initial || !all.cell.has_cell_state) dc0 = nullptr;
    RecurrentShape s = all.shapes[i];
    if (s.B == 0) s.T = 0;  // an empty batch makes no steps
    with_inputs<T>(kBackward, s, all.read_ids[i], call.inputs + kInputs * i, [&](const auto& inputs) {
      all.of(call.table).backward(s, inputs, RecurrentGradients<T>{dy, dh, dc, saved, dx, dweights, dh0, dc0});
    });
  }
};

template <class T, std::size_t N>
py::tuple backward(const RecurrentCell& cell, const Array& x, const Arguments<N>& arguments, py::handle dy,
                   bool with_dx, bool with_initial) {
  Memory in[kInputs * N + arrays_of(N)];
  const Directions<T, N> all(kBackward, cell, x, arguments, in);
  Memory* const given = in + kInputs * N;
  given[0] = memory_of(checked_or_none<T>(kBackward, "dy", dy, all.output_shape()));
  PYDL_CHECK(!with_dx || x.ndim() == 3, "[", kBackward, "] with_dx: expected False, ids have no gradient");
  const bool with_dc0 = with_initial && cell.has_cell_state;
  Array out[arrays_of(N)];
  py::tuple result(1 + N);
  out[0] = made_if<T>(with_dx, shape_of(x));
  result[0] = or_none(with_dx, out[0]);
  for (std::size_t i = 0; i < N; i++) {
    const RecurrentShape& s = all.shapes[i];
    const std::vector<index> of_state{s.B, s.U};
    const Array saved = checked_as<T>(kBackward, "saved", arguments[i].saved, {all.of(query_kernels()).saved_size(s)});
    check_writable(kBackward, "saved", saved);
    Memory* own = of_direction(given, i);
    own[0] = memory_of(saved);
    own[1] = memory_of(checked_or_none<T>(kBackward, "dh", arguments[i].dh, of_state));
    own[2] = memory_of(checked_or_none<T>(kBackward, "dc", arguments[i].dc, of_state));
    const index rows = s.I + s.id_rows + 1 + s.U + (cell.has_recurrent_bias && s.reset_after);
    const Array dweights = make_array<T>({rows, cell.gates * s.U});
    const Array dh0 = made_if<T>(with_initial, of_state), dc0 = made_if<T>(with_dc0, of_state);
    Array* made = of_direction(out, i);
    made[0] = dweights, made[1] = dh0, made[2] = dc0;
    result[1 + i] = py::make_tuple(dweights, or_none(with_initial, dh0), or_none(with_dc0, dc0));
  }
  launch(cell.backward, in, out, BackwardRun<T, N>{all, with_dx, with_initial});
  return result;
}

// body(zero of the type of the weights, x, the arguments of each direction)
template <class Body>
py::tuple with_directions(const char* op, py::handle x_object, const py::dict& first, py::handle second,
                          const Body& body) {
  const Array x = checked(op, "x", x_object);
  PYDL_CHECK(x.ndim() == 2 || x.ndim() == 3, "[", op, "] x: expected 3 axes, or 2 of ids, got ", describe(x));
  PYDL_CHECK_TYPE(second.is_none() || PyDict_Check(second.ptr()), "[", op, "] second: expected a dict or None, got ",
                  shown(second));
  const RecurrentArguments one(op, "first", first);
  const auto run = [&](auto zero) {
    if (second.is_none()) return body(zero, x, Arguments<1>{one});
    const RecurrentArguments two(op, "second", py::reinterpret_borrow<py::dict>(second));
    PYDL_CHECK(one.return_sequences == two.return_sequences, "[", op,
               "] return_sequences: expected the same of both directions");
    return body(zero, x, Arguments<2>{one, two});
  };
  if (x.ndim() == 3) return by_dtype(op, "x", x, run);
  return by_dtype(op, "kernel", checked(op, "kernel", one.kernel, 2), run);
}

}  // namespace

void bind_recurrent(py::module_& m) {
  m.def(
      kForward,
      [](const std::string& name, const py::object& object, bool training, const py::dict& first,
         const py::object& second) {
        const RecurrentCell& cell = cell_named(kForward, name);
        return with_directions(kForward, object, first, second, [&](auto zero, const Array& x, const auto& all) {
          return forward<decltype(zero)>(cell, x, all, training);
        });
      },
      py::arg("cell"), py::arg("x"), py::arg("training"), py::arg("first"), py::arg("second") = py::none(),
      R"(A cell ("rnn", "lstm" or "gru") over x (B, T, I), or ids (B, T), in one direction or two.

first, second: dicts of the arguments of a direction, of which all but the weights may be left out or None:
  kernel (I, G U), recurrent_kernel (U, G U) for G gates (lstm: i f g o, gru: z r n), bias (G U,), or (2, G U) of gru
  with reset_after; h0, c0 (B, U); mask (B, T) of bools; dropout_mask (B, I), recurrent_dropout_mask (B, U);
  activation, recurrent_activation; go_backwards, return_sequences, reset_after.
-> (y, (h, c, saved) of each direction), with None for what there is not. y (B, T, U), or (B, U) without
return_sequences; of two directions side by side, in the order of x. saved is what recurrent_backward needs.
Raises ValueError for shapes and options that do not fit, TypeError for types.)");
  m.def(
      kBackward,
      [](const std::string& name, const py::object& object, const py::object& dy, bool with_dx, bool with_initial,
         const py::dict& first, const py::object& second) {
        const RecurrentCell& cell = cell_named(kBackward, name);
        return with_directions(kBackward, object, first, second, [&](auto zero, const Array& x, const auto& all) {
          return backward<decltype(zero)>(cell, x, all, dy, with_dx, with_initial);
        });
      },
      py::arg("cell"), py::arg("x"), py::arg("dy"), py::arg("with_dx"), py::arg("with_initial"), py::arg("first"),
      py::arg("second") = py::none(),
      R"(Gradients of recurrent_forward: (dx, (dweights, dh0, dc0) of each direction), None where not asked for.

first, second: as forward had them, and saved, dh and dc, of which the last two may be None, as may dy.
Rows of dweights: those of the kernel, the bias, U of the recurrent kernel, with reset_after its bias. saved is
overwritten: it serves once. Raises ValueError for shapes and options that do not fit, TypeError for types.)");
}

}  // namespace pydl
