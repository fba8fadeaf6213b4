// Recurrent networks: simple RNN, LSTM and GRU have the same functions.
#pragma once
#include "contract/types.h"

namespace pydl {

// B sequences of T steps with I inputs through a layer of U units. Layouts, gate orders and masks are Keras's.
struct RecurrentShape {
  index B, T, I, U;
  Activation activation = Activation::tanh;               // its slope must follow from its value
  Activation recurrent_activation = Activation::sigmoid;  // of the gates; likewise
  bool go_backwards = false;                              // the last step first; y and dy are in processing order
  bool return_sequences = true;                           // y and dy are (B,T,U), else (B,U): the last output
  bool outputs_in_order = false;                          // y and dy are in the order of x instead
  index output_stride = 0;  // between rows of y and dy: those of two directions may be side by side
  index id_rows = 0;        // not 0: x are ids of rows of the kernel (id_rows, G*U), and I is 0
  bool reset_after = true;  // GRU: r * (h U) with a bias of its own, else (r * h) U
};

// Null: absent (zeros, no mask, no dropout, no bias).
template <class Storage>
struct RecurrentInputs {
  const Storage *x, *kernel, *recurrent_kernel, *bias;  // (B,T,I) (I,G*U) (U,G*U) (G*U), GRU with reset_after (2,3*U)
  const Storage *h0, *c0;                               // (B,U)
  const unsigned char* mask;                            // (B,T): 0 for masked steps, which repeat state and output
  const Storage *dropout, *recurrent_dropout;           // (B,I) (B,U): factors of x and h
  const std::int64_t* ids = nullptr;                    // (B,T), instead of x
};
template <class Storage>
struct RecurrentOutputs {
  Storage *y, *h, *c;  // c: LSTM only
  Storage* saved;      // reserve space for backward, or null: saved_size elements
};
template <class Storage>
struct RecurrentGradients {
  const Storage *dy, *dh, *dc;  // of y, h, c; null for zeros
  Storage* saved;               // the reserve space; overwritten
  Storage* dx;                  // or null
  Storage* dweights;   // rows: I or id_rows of the kernel, bias, U of the recurrent kernel, with reset_after its bias
  Storage *dh0, *dc0;  // or null
};

// `packed` is null, or what pack made of kernel, recurrent_kernel and bias for a shape that differs in B and T only.
template <class Storage>
struct RecurrentCellKernels {
  index (*packed_size)(const RecurrentShape&);
  void (*pack)(const RecurrentShape&, const RecurrentInputs<Storage>&, Storage* packed);
  index (*saved_size)(const RecurrentShape&);
  void (*forward)(const RecurrentShape&, const RecurrentInputs<Storage>&, const Storage* packed,
                  const RecurrentOutputs<Storage>&);
  void (*backward)(const RecurrentShape&, const RecurrentInputs<Storage>&, const RecurrentGradients<Storage>&);
};

template <class Storage>
struct RecurrentKernels {
  RecurrentCellKernels<Storage> rnn, lstm, gru;
};

}  // namespace pydl
