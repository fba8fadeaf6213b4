// Matrix products: 2-D, and batches of them.
#include <string>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/launch.h"
#include "runtime/threads/parallel.h"

namespace pydl {
namespace {

constexpr const char* kOp = "matmul";

// A batch of products of one shape; operands advance by their strides, so a stride of 0 shares an operand.
template <class T>
struct Batch {
  GemmShape shape;
  index count, a_stride, b_stride, c_stride;
  Activation activation;
  T alpha;

  void run(const KernelCall& call) const {
    const T *a = call.in<T>(0), *b = call.in<T>(1), *packed = call.packed<T>();
    T* c = call.out<T>(0);
    const Epilogue<T> epilogue{call.in<T>(2), activation, alpha};
    auto some = [&](index begin, index end) {
      for (index i = begin; i < end; i++)
        call.kernels<T>().gemm.multiply(shape, a + i * a_stride, b + i * b_stride, packed, epilogue, c + i * c_stride);
    };
    if (count < 2 || shape.M * shape.N * shape.K > kSerialWork) return some(0, count);
    using Some = decltype(some);
    parallel_for(
        count, 1, [](void* context, index begin, index end) { (*static_cast<Some*>(context))(begin, end); }, &some);
  }

  // A product of this many multiply-adds uses all threads itself; smaller products are distributed over the threads.
  static constexpr index kSerialWork = 1 << 21;
};

template <class T>
Array matmul(const Array& a, const py::object& b_object, const py::object& bias_object, Activation activation,
             double alpha, bool transpose_a, bool transpose_b) {
  PYDL_CHECK(a.ndim() == 2 || a.ndim() == 3, "[matmul] a: expected 2 or 3 dimensions, got ", describe(a));
  const bool batched = a.ndim() == 3;
  const index rows = a.shape(batched), cols = a.shape(batched + 1);  // as stored
  Batch<T> batch{};
  GemmShape& shape = batch.shape;
  shape.M = transpose_a ? cols : rows;
  shape.K = transpose_a ? rows : cols;
  shape.lda = cols;
  shape.trans_a = transpose_a;
  shape.trans_b = transpose_b;
  batch.count = batched ? a.shape(0) : 1;
  batch.activation = activation;
  batch.alpha = T(alpha);

  const bool b_batched = batched && is_array(b_object) && as_array(b_object).ndim() == 3;
  std::vector<index> b_shape{shape.K, -1};
  if (transpose_b) b_shape = {-1, shape.K};
  if (b_batched) b_shape.insert(b_shape.begin(), batch.count);
  const Array b = checked_as<T>(kOp, "b", b_object, b_shape);
  shape.N = b.shape(b.ndim() - (transpose_b ? 2 : 1));
  shape.ldb = b.shape(b.ndim() - 1);
  shape.ldc = shape.N;
  const Array bias = checked_or_none<T>(kOp, "bias", bias_object, {shape.N});

  const Array c = batched ? make_array<T>({batch.count, shape.M, shape.N}) : make_array<T>({shape.M, shape.N});
  batch.a_stride = rows * cols;
  batch.b_stride = b_batched ? shape.K * shape.N : 0;
  batch.c_stride = shape.M * shape.N;
  if (batched && !b_batched && !transpose_a) {  // one tall product
    shape.M *= batch.count;
    batch.count = 1;
  }

  Plan::Packing packed;
  if (!b_batched)
    packed = packing(
        {1}, [shape](const Kernels& table) { return table.of<T>().gemm.packed_size(shape) * index(sizeof(T)); },
        [shape](const KernelCall& call) { call.kernels<T>().gemm.pack_b(shape, call.in<T>(0), call.out<T>(0)); });
  launch(
      kOp, {memory_of(a), memory_of(b), memory_of(bias)}, {c}, [batch](const KernelCall& call) { batch.run(call); },
      std::move(packed));
  return c;
}

}  // namespace

void bind_gemm(py::module_& m) {
  m.def(
      "matmul",
      [](const py::object& a_object, const py::object& b, const py::object& bias, const py::object& activation,
         const py::object& alpha_object, bool transpose_a, bool transpose_b) {
        const Array a = checked(kOp, "a", a_object);
        const Activation act = checked_activation(kOp, "activation", activation);
        const double alpha = checked_real(kOp, "alpha", alpha_object);
        return by_dtype(kOp, "a", a, [&](auto zero) {
          return matmul<decltype(zero)>(a, b, bias, act, alpha, transpose_a, transpose_b);
        });
      },
      py::arg("a"), py::arg("b"), py::arg("bias") = py::none(), py::arg("activation") = "linear",
      py::arg("alpha") = 0.0, py::arg("transpose_a") = false, py::arg("transpose_b") = false,
      "activation(op(a) @ op(b) + bias) for 2-D a and b, or for every matrix of a 3-D a with a 3-D or one 2-D b.");
}

}  // namespace pydl
