#include "bindings/recurrent.h"

#include <array>

#include "bindings/recurrent_direction.h"
#include "runtime/memory/scratch.h"

namespace pydl {

template <>
const RecurrentKernels<float>& RecurrentCell::kernels<float>() const {
  return pydl::kernels().f32.*f32;
}
template <>
const RecurrentKernels<double>& RecurrentCell::kernels<double>() const {
  return pydl::kernels().f64.*f64;
}

namespace {

// body(i) for each direction. With as many threads each has its own, and no two threads wait for each other.
template <int N, class Body>
void each_direction(const Body& body) {
  if (num_threads() != N) {
    for (int i = 0; i < N; i++) body(i);
    return;
  }
  parallel_for(
      N, 1,
      [](void* context, index begin, index end) {
        for (index i = begin; i < end; i++) (*static_cast<const Body*>(context))(int(i));
      },
      const_cast<Body*>(&body));
}

// The directions of one call. Outputs of several lie side by side, in the order of x.
template <class T, int N>
struct Directions {
  std::array<RecurrentShape, N> shapes;
  std::array<index, N> offsets;  // of their outputs in a row of all
  std::array<ReadIds, N> read_ids;
  index outputs = 0;
  Memory memory[kInputs * N];

  Directions(const char* op, const RecurrentCell& cell, const py::array& x, const RecurrentArguments* arguments) {
    for (int i = 0; i < N; i++) {
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
  std::vector<index> output_shape() const {
    const RecurrentShape& s = shapes[0];
    return s.return_sequences ? std::vector<index>{s.B, s.T, outputs} : std::vector<index>{s.B, outputs};
  }
};

template <int N>
constexpr const char* name_of(const char* of_one, const char* of_several) {
  return N == 1 ? of_one : of_several;
}

py::object or_none(bool there, const py::array& a) { return there ? py::object(a) : py::none(); }

// body(zero) for the type of the weights.
template <class Body>
py::tuple by_type(const char* op, const py::array& x, py::handle kernel, Body body) {
  PYDL_CHECK(x.ndim() == 2 || x.ndim() == 3, "[", op, "] x: expected 3 axes, or 2 of ids, got ", describe(x));
  if (x.ndim() == 3) return by_dtype(op, "x", x, body);
  return by_dtype(op, "kernel", checked(op, "kernel", kernel, 2), body);
}

template <class T, int N>
Plan::Packing packing_of(const RecurrentCell& cell, const std::array<RecurrentShape, N>& shapes) {
  auto bytes = [=](int i) { return cell.kernels<T>().packed_size(shapes[i]) * index(sizeof(T)); };
  Plan::Packing packing;
  for (int i = 0; i < N; i++)
    for (int k = shapes[i].id_rows ? 2 : 1; k <= 3; k++) packing.arguments.push_back(kInputs * i + k);
  packing.bytes = [=] {
    index all = 0;
    for (int i = 0; i < N; i++) all += bytes(i);
    return all;
  };
  packing.pack = [=](const void* const* weights, void* packed) {
    char* to = static_cast<char*>(packed);
    for (int i = 0; i < N; to += bytes(i), i++) {
      const void* in[kInputs] = {};
      for (int k = shapes[i].id_rows ? 2 : 1; k <= 3; k++) in[k] = *weights++;
      cell.kernels<T>().pack(shapes[i], inputs_of<T>(in), reinterpret_cast<T*>(to));
    }
  };
  return packing;
}

// (y, then h, c, saved of each)
template <class T, int N>
py::tuple forward(const RecurrentCell& cell, const py::array& x, const RecurrentArguments* arguments, bool training) {
  const char* op = name_of<N>(cell.forward, "bidirectional_forward");
  const Directions<T, N> all(op, cell, x, arguments);
  py::array out[1 + 3 * N];
  out[0] = make_array<T>(all.output_shape());
  for (int i = 0; i < N; i++) {
    const RecurrentShape& s = all.shapes[i];
    out[1 + 3 * i] = make_array<T>({s.B, s.U});
    out[2 + 3 * i] = make_array<T>(cell.has_cell_state ? std::vector<index>{s.B, s.U} : std::vector<index>{0});
    out[3 + 3 * i] = make_array<T>({training ? cell.kernels<T>().saved_size(s) : 0});
  }
  const auto shapes = all.shapes;
  const auto offsets = all.offsets;
  const auto read_ids = all.read_ids;
  launch(
      op, all.memory, out,
      [=](const void* const* in, void* const* to, const void* packed) {
        each_direction<N>([&](int i) {
          const T* weights = static_cast<const T*>(packed);
          for (int before = 0; weights && before < i; before++)
            weights += cell.kernels<T>().packed_size(shapes[before]);
          auto array = [&](int k) { return static_cast<T*>(to[3 * i + k]); };
          const RecurrentOutputs<T> outputs{static_cast<T*>(to[0]) + offsets[i], array(1),
                                            cell.has_cell_state ? array(2) : nullptr, training ? array(3) : nullptr};
          with_inputs<T>(op, shapes[i], read_ids[i], in + kInputs * i, [&](const RecurrentInputs<T>& inputs) {
            cell.kernels<T>().forward(shapes[i], inputs, weights, outputs);
          });
        });
      },
      packing_of<T, N>(cell, shapes));
  py::tuple result(1 + 3 * N);
  result[0] = out[0];
  for (int i = 0; i < N; i++) {
    result[1 + 3 * i] = out[1 + 3 * i];
    result[2 + 3 * i] = or_none(cell.has_cell_state, out[2 + 3 * i]);
    result[3 + 3 * i] = or_none(training, out[3 + 3 * i]);
  }
  return result;
}

// (dx, then dweights, dh0, dc0 of each)
template <class T, int N>
py::tuple backward(const RecurrentCell& cell, const py::array& x, const RecurrentArguments* arguments,
                   const RecurrentLast* last, py::handle dy_object, bool with_dx, bool with_initial) {
  const char* op = name_of<N>(cell.backward, "bidirectional_backward");
  const Directions<T, N> all(op, cell, x, arguments);
  const py::object dy = checked_or_none<T>(op, "dy", dy_object, all.output_shape());
  PYDL_CHECK(!with_dx || x.ndim() == 3, "[", op, "] with_dx: expected False, ids have no gradient");
  const bool with_dc0 = with_initial && cell.has_cell_state;
  constexpr int kGradients = kInputs * N;  // where dy stands, and behind it what else backward needs
  Memory in[kGradients + 1 + 3 * N];
  for (int k = 0; k < kGradients; k++) in[k] = all.memory[k];
  in[kGradients] = memory_of(dy);
  py::array out[1 + 3 * N];
  out[0] = make_array<T>(with_dx ? shape_of(x) : std::vector<index>{0});
  for (int i = 0; i < N; i++) {
    const RecurrentShape& s = all.shapes[i];
    const std::vector<index> of_state{s.B, s.U}, nothing{0};
    const py::array saved = checked_as<T>(op, "saved", last[i].saved, {cell.kernels<T>().saved_size(s)});
    check_writable(op, "saved", saved);
    in[kGradients + 1 + 3 * i] = memory_of(saved);
    in[kGradients + 2 + 3 * i] = memory_of(checked_or_none<T>(op, "dh", last[i].dh, of_state));
    in[kGradients + 3 + 3 * i] = memory_of(checked_or_none<T>(op, "dc", last[i].dc, of_state));
    const index rows = s.I + s.id_rows + 1 + s.U + (cell.has_recurrent_bias && s.reset_after);
    out[1 + 3 * i] = make_array<T>({rows, cell.gates * s.U});
    out[2 + 3 * i] = make_array<T>(with_initial ? of_state : nothing);
    out[3 + 3 * i] = make_array<T>(with_dc0 ? of_state : nothing);
  }
  auto shapes = all.shapes;
  for (RecurrentShape& each : shapes)
    if (each.B == 0) each.T = 0;  // steps that nobody makes
  const auto offsets = all.offsets;
  const auto read_ids = all.read_ids;
  launch(op, in, out, [=](const void* const* from, void* const* to, const void*) {
    const index size = with_dx ? shapes[0].B * shapes[0].T * shapes[0].I : 0;
    const Scratch further((N - 1) * size * index(sizeof(T)));  // dx of all directions but the first
    T* const dx = static_cast<T*>(to[0]);
    T* const dx_further = static_cast<T*>(further.data());
    each_direction<N>([&](int i) {
      auto gradient = [&](int k) { return static_cast<const T*>(from[kGradients + 3 * i + k]); };
      auto array = [&](int k) { return static_cast<T*>(to[3 * i + k]); };
      const T* outputs = static_cast<const T*>(from[kGradients]);
      T* saved = const_cast<T*>(gradient(1));  // checked above
      const RecurrentGradients<T> gradients{outputs ? outputs + offsets[i] : nullptr,
                                            gradient(2),
                                            gradient(3),
                                            saved,
                                            !with_dx ? nullptr
                                            : i == 0 ? dx
                                                     : dx_further + (i - 1) * size,
                                            array(1),
                                            with_initial ? array(2) : nullptr,
                                            with_dc0 ? array(3) : nullptr};
      with_inputs<T>(op, shapes[i], read_ids[i], from + kInputs * i, [&](const RecurrentInputs<T>& inputs) {
        cell.kernels<T>().backward(shapes[i], inputs, gradients);
      });
    });
    for (int i = 1; i < N && size > 0; i++)
      kernels().of<T>().elementwise.binary(BinaryOp::add, 1, size, dx, dx_further + (i - 1) * size, size, 1, dx);
  });
  py::tuple result(1 + 3 * N);
  result[0] = or_none(with_dx, out[0]);
  for (int i = 0; i < N; i++) {
    result[1 + 3 * i] = out[1 + 3 * i];
    result[2 + 3 * i] = or_none(with_initial, out[2 + 3 * i]);
    result[3 + 3 * i] = or_none(with_dc0, out[3 + 3 * i]);
  }
  return result;
}

// (first, three of each) -> (first, (three), (three))
py::tuple by_direction(const py::tuple& flat) {
  auto three = [&](int i) { return py::make_tuple(flat[i], flat[i + 1], flat[i + 2]); };
  return py::make_tuple(flat[0], three(1), three(4));
}

template <int N>
py::tuple forward(const RecurrentCell& cell, py::handle x_object, const RecurrentArguments* arguments, bool training) {
  const char* op = name_of<N>(cell.forward, "bidirectional_forward");
  const py::array x = checked(op, "x", x_object);
  return by_type(op, x, arguments->kernel,
                 [&](auto zero) { return forward<decltype(zero), N>(cell, x, arguments, training); });
}
template <int N>
py::tuple backward(const RecurrentCell& cell, py::handle x_object, const RecurrentArguments* arguments,
                   const RecurrentLast* last, py::handle dy, bool with_dx, bool with_initial) {
  const char* op = name_of<N>(cell.backward, "bidirectional_backward");
  const py::array x = checked(op, "x", x_object);
  return by_type(op, x, arguments->kernel, [&](auto zero) {
    return backward<decltype(zero), N>(cell, x, arguments, last, dy, with_dx, with_initial);
  });
}

}  // namespace

py::tuple recurrent_forward(const RecurrentCell& cell, py::handle x, const RecurrentArguments& arguments,
                            bool training) {
  return forward<1>(cell, x, &arguments, training);
}
py::tuple recurrent_forward(const RecurrentCell& cell, py::handle x, const RecurrentArguments (&arguments)[2],
                            bool training) {
  return by_direction(forward<2>(cell, x, arguments, training));
}

py::tuple recurrent_backward(const RecurrentCell& cell, py::handle x, const RecurrentArguments& arguments,
                             py::handle saved, py::handle dy, py::handle dh, py::handle dc, bool with_dx,
                             bool with_initial) {
  const RecurrentLast last{saved, dh, dc};
  return backward<1>(cell, x, &arguments, &last, dy, with_dx, with_initial);
}
py::tuple recurrent_backward(const RecurrentCell& cell, py::handle x, const RecurrentArguments (&arguments)[2],
                             const RecurrentLast (&last)[2], py::handle dy, bool with_dx, bool with_initial) {
  return by_direction(backward<2>(cell, x, arguments, last, dy, with_dx, with_initial));
}

}  // namespace pydl
