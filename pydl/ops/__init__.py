"""Differentiable functions on tensors. They take tensors, arrays or numbers and put themselves on the tape."""

from . import tensor_methods as tensor_methods  # gives Tensor its operators
from .activation import (
    ACTIVATIONS,
    activate,
    elu,
    exp,
    gelu,
    hard_sigmoid,
    leaky_relu,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
)
from .arrays import cast
from .batch_norm import batch_norm, batch_norm_inference
from .bidirectional import bidirectional
from .comparison import equal, greater, greater_equal, less, less_equal, not_equal
from .conv1d import conv1d
from .conv2d import conv2d
from .conv2d_transpose import conv1d_transpose, conv2d_transpose
from .depthwise_conv2d import depthwise_conv2d, separable_conv2d
from .dropout import dropout
from .embedding import embedding
from .entry import public
from .group_norm import group_norm
from .gru import gru
from .layer_norm import layer_norm
from .loss import sigmoid_cross_entropy, softmax_cross_entropy
from .lrn import local_response_norm
from .lstm import lstm
from .manipulation import (
    broadcast_to,
    concatenate,
    expand_dims,
    flatten,
    flip,
    getitem,
    moveaxis,
    reshape,
    squeeze,
    stack,
    transpose,
)
from .mask import apply_mask, id_mask, mask_values, select_steps, step_mask
from .math import add, clip, divide, maximum, minimum, multiply, power, square, subtract, where
from .matmul import dense, matmul
from .pad import pad
from .pool2d import average_pool, global_average_pool, global_max_pool, max_pool
from .reduce import argmax, argmin, max, mean, min, sum
from .resize import upsample
from .rnn import rnn
from .select import select
from .sequence import unstack
from .softmax import log_softmax, softmax
from .unary import abs, cos, log, log1p, negative, sin, sqrt

__all__ = [
    "ACTIVATIONS", "abs", "activate", "add", "apply_mask", "argmax", "argmin", "average_pool", "batch_norm",
    "batch_norm_inference", "bidirectional", "broadcast_to", "cast", "clip", "concatenate", "conv1d",
    "conv1d_transpose", "conv2d", "conv2d_transpose", "cos", "dense", "depthwise_conv2d", "divide", "dropout",
    "elu", "embedding", "equal", "exp", "expand_dims", "flatten", "flip", "gelu", "getitem", "global_average_pool",
    "global_max_pool", "greater", "greater_equal", "group_norm", "gru", "hard_sigmoid", "id_mask", "layer_norm",
    "leaky_relu", "less", "less_equal", "local_response_norm", "log", "log1p", "log_softmax", "lstm", "mask_values",
    "matmul", "max", "max_pool", "maximum", "mean", "min", "minimum", "moveaxis", "multiply", "negative",
    "not_equal", "pad", "power", "prelu", "relu", "relu6", "reshape", "rnn", "select", "select_steps", "selu",
    "separable_conv2d", "sigmoid", "sigmoid_cross_entropy", "silu", "sin", "softmax", "softmax_cross_entropy",
    "softplus", "softsign", "sqrt", "square", "squeeze", "stack", "step_mask", "subtract", "sum", "tanh",
    "transpose", "unstack", "upsample", "where",
]  # fmt: skip

for _name in __all__:
    if _name != "ACTIVATIONS":
        globals()[_name] = public(globals()[_name])
