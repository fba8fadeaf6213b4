// The contract between the bindings and the kernels: shapes as plain structs, one table of function pointers per
// element type, one table of tables per instruction set.
//
// Legend of dimensions, used everywhere:
//   N batch  H W rows and columns of the input  C input channels  KH KW kernel  O output channels  OH OW output size
//   M N K of a matrix product: c[M,N] = a[M,K] * b[K,N];   T time steps  B batch  I inputs  U units
// Names of arrays: x input, w weight, b bias, y output; dx dw db dy their gradients.
// Layouts are dense row-major: activations (N,H,W,C), convolution weights (KH,KW,C/groups,O), dense weights (in,out).
// Outputs and gradients are OVERWRITTEN unless the name says otherwise; outputs never alias inputs except where stated.
// Kernels trust their arguments: every check is made in the bindings.
#pragma once
#include <cstddef>
#include <cstdint>

namespace pydl {

using index = std::ptrdiff_t;

// ---- pointwise -------------------------------------------------------------------------------------------------

// Keras's names. `alpha` below is the slope of leaky_relu, the scale of elu, and ignored by the others.
enum class Activation : int {
  linear,
  relu,
  sigmoid,
  tanh,
  elu,
  gelu,       // exact: x Phi(x)
  gelu_tanh,  // Keras's gelu(approximate=True)
  softplus,
  softsign,
  selu,
  silu,
  leaky_relu,
  hard_sigmoid,
  exponential,
  relu6,
};
inline constexpr int kActivationCount = 15;

enum class BinaryOp : int { add, subtract, multiply, divide, maximum, minimum };
enum class ReduceOp : int { sum, mean, max, min };

// What a matrix product or convolution does to a finished tile while it is still in registers: y = act(acc + bias).
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // one value per output column / channel, or null
  Activation activation = Activation::linear;
  T alpha = T(0);
};

// ---- matrix product --------------------------------------------------------------------------------------------

// c[M,N] = epilogue(op(a)[M,K] * op(b)[K,N]); with `accumulate`, the old c is added before the epilogue.
// lda, ldb, ldc are the row strides, in elements, of the arrays as stored (a is K x M when trans_a).
struct GemmShape {
  index M, N, K;
  index lda, ldb, ldc;
  bool trans_a = false, trans_b = false;
  bool accumulate = false;
};

// ---- convolution and pooling -----------------------------------------------------------------------------------

// How a convolution is computed. In a shape, a wish: `automatic` is the fastest that fits, `direct` one of those that
// add up products and do nothing else; the others where they fit the shape, else direct. Winograd's have tiles of 4 x 4
// or 5 x 5 outputs; space_to_depth makes blocks of x's pixels its channels, and another algorithm does the rest;
// grouped is depthwise with small groups.
enum class ConvAlgorithm : int {
  automatic,
  direct,
  implicit_gemm,
  depthwise,
  winograd_4x4,
  winograd_5x5,
  space_to_depth,
  grouped
};
enum class ConvDirection : int { forward, backward_input, backward_weight };

// y[n,oh,ow,o] = sum over kh,kw,c of x[n, oh*stride_h - pad_top + kh*dilation_h, ..., c] * w[kh,kw,c,o]
// Padding below and to the right is implied by OH and OW. Taps outside the image are zero.
struct Conv2dShape {
  index N, H, W, C;
  index KH, KW, O;
  index OH, OW;
  index stride_h = 1, stride_w = 1;
  index pad_top = 0, pad_left = 0;
  index dilation_h = 1, dilation_w = 1;
  index groups = 1;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
  bool output_is_read_at_once = false;  // by the kernel that called this one: it should stay in the caches
};

// Windows may overhang the image; the part outside does not exist (max ignores it, average does not count it).
struct Pool2dShape {
  index N, H, W, C;
  index KH, KW;
  index OH, OW;
  index stride_h, stride_w;
  index pad_top = 0, pad_left = 0;

  bool few_cells() const { return KH * KW <= 256; }  // their numbers fit into a byte
};

// ---- normalisation ---------------------------------------------------------------------------------------------

// x is (N, S, C): S pixels (or steps) of C channels, in `groups` groups that divide C. mean and variance: (N, groups).
struct GroupNormShape {
  index N, S, C, groups;
};

// y_c = x_c / (bias + alpha * (sum of x_k^2, |k - c| <= radius))^beta, along rows of channels.
struct LrnRule {
  index radius;
  double bias, alpha, beta;
};
// Bilinear: centres of pixels on centres, held at the edges; otherwise the nearest pixel.
struct Resize2dShape {
  index N, H, W, C;
  index factor_h, factor_w;
  bool bilinear;
};

inline constexpr index kMaxAxes = 8;  // that a copy can tell apart

// ---- recurrent networks ----------------------------------------------------------------------------------------

// B sequences of T steps with I inputs through a layer of U units. Layouts, gate orders and masks are Keras's.
struct RecurrentShape {
  index B, T, I, U;
  Activation activation = Activation::tanh;               // one whose slope follows from its value
  Activation recurrent_activation = Activation::sigmoid;  // of the gates; likewise
  bool go_backwards = false;      // the last step first; y and dy are in the order of processing
  bool return_sequences = true;   // y and dy are (B,T,U), else (B,U): the last output
  bool outputs_in_order = false;  // y and dy are in the order of x instead
  index output_stride = 0;        // between rows of y and dy: those of two directions may lie side by side
  index tokens = 0;               // not 0: x are numbers below this, of rows of the kernel (tokens, G*U); I is 0
  bool reset_after = true;        // GRU: r * (h U) with a bias of its own, else (r * h) U
};

// Null: absent (zeros, no mask, no dropout, no bias).
template <class T>
struct RecurrentInputs {
  const T *x, *kernel, *recurrent_kernel, *bias;  // (B,T,I) (I,G*U) (U,G*U) (G*U), GRU with reset_after (2,3*U)
  const T *h0, *c0;                               // (B,U)
  const unsigned char* mask;                      // (B,T): 0 where the step is left out: state and output stay
  const T *dropout, *recurrent_dropout;           // (B,I) (B,U): what x and h are multiplied with on their way in
  const std::int64_t* tokens = nullptr;           // (B,T), instead of x
};
template <class T>
struct RecurrentOutputs {
  T *y, *h, *c;  // c: LSTM only
  T* saved;      // for backward, or null: saved_size elements
};
template <class T>
struct RecurrentGradients {
  const T *dy, *dh, *dc;  // of y, h, c; null for zeros
  T* saved;               // of forward; overwritten
  T* dx;                  // or null
  T* dweights;            // rows: I or tokens of the kernel, bias, U of the recurrent kernel, with reset_after its bias
  T *dh0, *dc0;           // or null
};

// ---- optimisers ------------------------------------------------------------------------------------------------

// One parameter tensor with its gradient and the state the rule needs (unused state pointers are null).
template <class T>
struct Parameter {
  T* w;
  const T* g;
  T* m;
  T* v;
  T* u;
  index n;
};

struct SgdRule {
  double learning_rate, momentum;
  bool nesterov;
  double weight_decay;  // decoupled: w -= learning_rate * weight_decay * w before the step
};
struct RmspropRule {
  double learning_rate, rho, momentum, epsilon;  // m holds the momentum (null if 0), v the mean square,
                                                 // u the mean gradient of the centered form (else null)
  double weight_decay;
};
struct AdamRule {
  double learning_rate, beta_1, beta_2, epsilon;
  double weight_decay;  // decoupled (AdamW); 0 gives Adam
  std::int64_t step;    // 1 for the first update; u holds the largest v so far, for AMSGrad (else null)
};

// ---- the table -------------------------------------------------------------------------------------------------

// `packed` is null, or what pack made of kernel, recurrent_kernel and bias for a shape that differs in B and T only.
template <class T>
struct RecurrentKernels {
  index (*packed_size)(const RecurrentShape&);
  void (*pack)(const RecurrentShape&, const RecurrentInputs<T>&, T* packed);
  index (*saved_size)(const RecurrentShape&);
  void (*forward)(const RecurrentShape&, const RecurrentInputs<T>&, const T* packed, const RecurrentOutputs<T>&);
  void (*backward)(const RecurrentShape&, const RecurrentInputs<T>&, const RecurrentGradients<T>&);
};

template <class T>
struct KernelTable {
  // gemm.cpp. `packed` is null, or what gemm_pack_b made from b for the same shape (M is free to differ).
  void (*gemm)(const GemmShape&, const T* a, const T* b, const T* packed, const Epilogue<T>&, T* c);
  index (*gemm_packed_size)(const GemmShape&);  // in elements; 0: this shape gains nothing from packing
  void (*gemm_pack_b)(const GemmShape&, const T* b, T* packed);

  // conv2d.cpp. `packed` as above, from w. db may be null.
  void (*conv2d_forward)(const Conv2dShape&, const T* x, const T* w, const T* packed, const Epilogue<T>&, T* y);
  index (*conv2d_packed_size)(const Conv2dShape&, ConvDirection);  // not for backward_weight
  void (*conv2d_pack)(const Conv2dShape&, ConvDirection, const T* w, T* packed);
  // The epilogue is for the transposed convolution, which is this function as a layer of its own.
  void (*conv2d_backward_input)(const Conv2dShape&, const T* dy, const T* w, const T* packed, const Epilogue<T>&,
                                T* dx);
  void (*conv2d_backward_weight)(const Conv2dShape&, const T* x, const T* dy, T* dw, T* db);

  ConvAlgorithm (*conv2d_algorithm)(const Conv2dShape&, ConvDirection);  // what these functions do for a shape

  // pool2d.cpp. argmax[n,oh,ow,c] = kh*KW + kw, the place in its window of the first maximum (a NaN wins over any
  // number): uint8 for windows of few cells (few_cells), else int32. It may be null in forward.
  void (*max_pool2d_forward)(const Pool2dShape&, const T* x, T* y, void* argmax);
  void (*max_pool2d_backward)(const Pool2dShape&, const T* dy, const void* argmax, T* dx);
  void (*avg_pool2d_forward)(const Pool2dShape&, const T* x, T* y);
  void (*avg_pool2d_backward)(const Pool2dShape&, const T* dy, T* dx);

  // elementwise.cpp. y may be x. In backward, `saved` is y for relu, relu6, leaky_relu, sigmoid, tanh, elu, selu,
  // softplus, exponential, hard_sigmoid, softsign and linear, and x for gelu, gelu_tanh and silu; dx may be dy.
  void (*activation_forward)(Activation, T alpha, index n, const T* x, T* y);
  void (*activation_backward)(Activation, T alpha, index n, const T* saved, const T* dy, T* dx);
  // The general relu of Keras: max_value from there up, x from threshold up, else slope * (x - threshold).
  void (*rectify_forward)(T slope, T max_value, T threshold, index n, const T* x, T* y);
  void (*rectify_backward)(T slope, T max_value, T threshold, index n, const T* x, const T* dy, T* dx);
  // y = x, or alpha * x where x < 0; alpha is read as b of `binary` below. dalpha is one term per element, to be
  // summed.
  void (*prelu_forward)(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col, T* y);
  void (*prelu_backward)(index rows, index cols, const T* x, const T* alpha, index alpha_row, index alpha_col,
                         const T* dy, T* dx, T* dalpha);
  // c[i,j] = op(a[i,j], b[i*b_row + j*b_col]) for a of rows x cols; strides 0 or natural, so b is full, a row, a column
  // or a scalar. c may be a.
  void (*binary)(BinaryOp, index rows, index cols, const T* a, const T* b, index b_row, index b_col, T* c);

  // reduce.cpp. x is (outer, axis, inner), y is (outer, inner).
  void (*reduce)(ReduceOp, index outer, index axis, index inner, const T* x, T* y);
  void (*argmax)(index outer, index axis, index inner, const T* x, std::int32_t* y);

  // softmax.cpp: rows x cols, along the last axis.
  void (*softmax_forward)(index rows, index cols, const T* x, T* y);
  void (*softmax_backward)(index rows, index cols, const T* y, const T* dy, T* dx);
  void (*log_softmax_forward)(index rows, index cols, const T* x, T* y);
  void (*log_softmax_backward)(index rows, index cols, const T* y, const T* dy, T* dx);

  // batch_norm.cpp: rows x cols, a mean and a (biased) variance per column; rows, cols >= 1. gamma and beta may be
  // null.
  void (*batch_norm_inference)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta,
                               const T* mean, const T* variance, T* y);
  void (*batch_norm_forward)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y,
                             T* mean, T* variance);
  // `constant`: y was made by batch_norm_inference, so that mean and variance do not depend on x.
  void (*batch_norm_backward)(index rows, index cols, T epsilon, bool constant, const T* x, const T* dy, const T* gamma,
                              const T* mean, const T* variance, T* dx, T* dgamma, T* dbeta);

  // group_norm.cpp and layer_norm.cpp: likewise per group of channels of a sample, and per row; no size is 0.
  void (*group_norm_forward)(const GroupNormShape&, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                             T* variance);
  void (*group_norm_backward)(const GroupNormShape&, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                              const T* variance, T* dx, T* dgamma, T* dbeta);
  void (*layer_norm_forward)(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y,
                             T* mean, T* variance);
  void (*layer_norm_backward)(index rows, index cols, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                              const T* variance, T* dx, T* dgamma, T* dbeta);

  // lrn.cpp: rows x cols, along the last axis.
  void (*lrn_forward)(const LrnRule&, index rows, index cols, const T* x, T* y);
  void (*lrn_backward)(const LrnRule&, index rows, index cols, const T* x, const T* dy, T* dx);

  // loss.cpp: losses fused with their last activation. loss has one value per row.
  // Sparse labels are checked by the binding to lie in [0, cols). probs (rows x cols) is saved for backward.
  void (*softmax_cross_entropy_forward)(index rows, index cols, const T* logits, const std::int64_t* labels, T* probs,
                                        T* loss);
  void (*softmax_cross_entropy_backward)(index rows, index cols, const T* probs, const std::int64_t* labels,
                                         const T* dloss, T* dlogits);
  void (*softmax_cross_entropy_dense_forward)(index rows, index cols, const T* logits, const T* target, T* probs,
                                              T* loss);
  void (*softmax_cross_entropy_dense_backward)(index rows, index cols, const T* probs, const T* target, const T* dloss,
                                               T* dlogits);
  // Elementwise over n: loss = max(z,0) - z*t + log(1+exp(-|z|)).
  void (*sigmoid_cross_entropy_forward)(index n, const T* logits, const T* target, T* loss);
  void (*sigmoid_cross_entropy_backward)(index n, const T* logits, const T* target, const T* dloss, T* dlogits);

  // dropout.cpp: y = x * mask / (1 - rate). The mask is Philox4x32-10 of (seed, offset + element), so backward is the
  // same call on dy.
  void (*dropout)(index n, double rate, std::uint64_t seed, std::uint64_t offset, const T* x, T* y);

  // embedding.cpp: y[i] = table[ids[i]] for `count` ids, checked by the binding to be rows of the table; and dtable
  // (rows x cols) = zeros with dy[i] added to row ids[i], in the order of i.
  void (*embedding_forward)(index count, index cols, const std::int64_t* ids, const T* table, T* y);
  void (*embedding_backward)(index count, index rows, index cols, const std::int64_t* ids, const T* dy, T* dtable);

  // join.cpp: row r of y is row r of each part in turn, part k of cols[k] columns; x (outer, axis, inner) with `axis`
  // in reverse.
  void (*concatenate)(index rows, index count, const index* cols, const T* const* parts, T* y);
  void (*flip)(index outer, index axis, index inner, const T* x, T* y);

  // rearrange.cpp: y (dense, of these sizes) = x read with these strides, in elements; 0 repeats. And x with margins
  // of zeros: before[k] in front of axis k (negative: so many cut off), y_sizes says how many behind. At most kMaxAxes.
  void (*rearrange)(index axes, const index* sizes, const index* strides, const T* x, T* y);
  void (*pad)(index axes, const index* sizes, const index* before, const index* y_sizes, const T* x, T* y);

  // resize.cpp: y has factor_h rows and factor_w columns for each of x.
  void (*resize2d_forward)(const Resize2dShape&, const T* x, T* y);
  void (*resize2d_backward)(const Resize2dShape&, const T* dy, T* dx);

  // mask.cpp: mask[r] = whether any element of row r differs from value; y = x with zeros in the rows whose mask is
  // false.
  void (*step_mask)(index rows, index cols, T value, const T* x, bool* mask);
  void (*apply_mask)(index rows, index cols, const T* x, const bool* mask, T* y);

  RecurrentKernels<T> rnn, lstm, gru;  // rnn.cpp, lstm.cpp, gru.cpp

  // optimizer.cpp: one call updates every parameter in place.
  void (*sgd_update)(const SgdRule&, const Parameter<T>* parameters, index count);
  void (*rmsprop_update)(const RmspropRule&, const Parameter<T>* parameters, index count);
  void (*adam_update)(const AdamRule&, const Parameter<T>* parameters, index count);
};

struct Kernels {
  const char* isa;
  KernelTable<float> f32;
  KernelTable<double> f64;

  template <class T>
  const KernelTable<T>& of() const;
};
template <>
inline const KernelTable<float>& Kernels::of<float>() const {
  return f32;
}
template <>
inline const KernelTable<double>& Kernels::of<double>() const {
  return f64;
}

}  // namespace pydl
