"""Types of the compiled extension; tests/test_bindings.py holds them against the built module.

Every function checks its arguments and raises ValueError or TypeError, `[op] argument: expected …, got …`. Arrays are
C-contiguous and float32 or float64, all of one call alike; outputs are new arrays from the pool.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .autograd.tape import Node
from .autograd.tensor import Tensor

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
Sizes = Sequence[int]

__version__: str

# -- instruction set, precision, threads, memory

def isa() -> str: ...
def isas() -> dict[str, bool]: ...
def set_isa(name: str) -> None: ...
def precision() -> str: ...
def set_precision(name: str) -> None: ...
def num_threads() -> int: ...
def default_num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def thread_override() -> int: ...
def set_thread_override(n: int) -> None: ...
def build_info() -> dict[str, Any]: ...
def empty(shape: Sizes, dtype: np.dtype[Any]) -> Array: ...
def writable(array: Array) -> Array: ...
def memory_stats() -> dict[str, int]: ...
def release_memory() -> None: ...
def set_memory_limit(bytes: int) -> None: ...

# -- what Python's side of a forward pass is made of

class ThreadState:
    grad_enabled: bool
    open_tapes: int
    plan: Plan | None
    updates: dict[int, Any]
    numbers_stay: bool
    training: bool | None
    depth: int
    hidden: bool
    forward_pass: int

state: ThreadState

class TensorFields:
    array: Array
    requires_grad: bool
    fixed_array: bool
    grad: Array | None
    node: Node | None
    mask: Array | None
    lookup: tuple[Tensor, Tensor] | None

def set_tensor_type(type: type[Tensor]) -> None: ...
def wrap(array: Array) -> Tensor: ...

# -- inference plans

class Changes:
    def __init__(self) -> None: ...
    def bump(self) -> None: ...
    @property
    def count(self) -> int: ...

class Snapshot:
    def __init__(self) -> None: ...
    def add(self, part: Changes) -> bool: ...
    def add_container(self, container: Any) -> None: ...
    def holds(self) -> bool: ...

class Version:
    def __init__(self) -> None: ...
    def bump(self) -> None: ...
    @property
    def value(self) -> int: ...

class Plan:
    def __init__(self) -> None: ...
    def begin(
        self,
        inputs: Sequence[Array],
        weights: Sequence[tuple[Array, Version | None]],
        snapshot: Snapshot | None = None,
    ) -> None: ...
    def add_constant(self, array: Array, version: Version | None = None) -> None: ...
    def end(
        self,
        outputs: Sequence[Array],
        updates: Sequence[tuple[Array, Version]] = [],
        rebuild: Callable[..., Any] | None = None,
    ) -> str | None: ...
    def fail(self, reason: str) -> None: ...
    def abort(self) -> None: ...
    def run(self, *args: Array) -> Any: ...
    def replay(self, input: Any) -> Any: ...
    @property
    def snapshot(self) -> Snapshot | None: ...
    @property
    def ops(self) -> list[str]: ...

# -- kernels

def matmul(
    a: Array,
    b: Array,
    bias: Array | None = None,
    activation: str = "linear",
    alpha: float = 0.0,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> Array: ...
def conv2d_forward(
    x: Array,
    w: Array,
    bias: Array | None,
    strides: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    activation: str = "linear",
    alpha: float = 0.0,
) -> Array: ...
def conv2d_backward_input(
    dy: Array,
    w: Array,
    input_shape: Sizes,
    strides: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    bias: Array | None = None,
    activation: str = "linear",
    alpha: float = 0.0,
) -> Array: ...
def conv2d_backward_weight(
    x: Array,
    dy: Array,
    kernel_shape: Sizes,
    strides: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    with_bias: bool,
) -> tuple[Array, Array | None]: ...
def conv2d_algorithm(
    direction: str, x_shape: Sizes, w_shape: Sizes, strides: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> str: ...
def force_conv2d_algorithm(name: str) -> None: ...
def max_pool2d_forward(
    x: Array, pool_size: Sizes, strides: Sizes, padding: Sizes, with_argmax: bool
) -> tuple[Array, Array | None]: ...
def max_pool2d_backward(
    dy: Array, argmax: Array, input_shape: Sizes, pool_size: Sizes, strides: Sizes, padding: Sizes
) -> Array: ...
def avg_pool2d_forward(x: Array, pool_size: Sizes, strides: Sizes, padding: Sizes) -> Array: ...
def avg_pool2d_backward(dy: Array, input_shape: Sizes, pool_size: Sizes, strides: Sizes, padding: Sizes) -> Array: ...
def activation_forward(x: Array, name: str, alpha: float = 0.0) -> Array: ...
def activation_backward(dy: Array, saved: Array, name: str, alpha: float = 0.0) -> Array: ...
def binary(name: str, a: Array, b: Array) -> Array: ...
def rectify_forward(x: Array, slope: float, max_value: float, threshold: float) -> Array: ...
def rectify_backward(dy: Array, x: Array, slope: float, max_value: float, threshold: float) -> Array: ...
def prelu_forward(x: Array, alpha: Array) -> Array: ...
def prelu_backward(dy: Array, x: Array, alpha: Array) -> tuple[Array, Array]: ...
def reduce(name: str, x: Array, axis_begin: int, axis_end: int) -> Array: ...
def argmax(x: Array, axis: int) -> Array: ...
def softmax_forward(x: Array) -> Array: ...
def softmax_backward(dy: Array, y: Array) -> Array: ...
def log_softmax_forward(x: Array) -> Array: ...
def log_softmax_backward(dy: Array, y: Array) -> Array: ...
def batch_norm_forward(
    x: Array, gamma: Array | None, beta: Array | None, epsilon: float
) -> tuple[Array, Array, Array]: ...
def batch_norm_inference(
    x: Array, gamma: Array | None, beta: Array | None, mean: Array, variance: Array, epsilon: float
) -> Array: ...
def batch_norm_backward(
    dy: Array, x: Array, gamma: Array | None, mean: Array, variance: Array, epsilon: float, constant: bool = False
) -> tuple[Array, Array, Array]: ...
def group_norm_forward(
    x: Array, gamma: Array | None, beta: Array | None, groups: int, epsilon: float
) -> tuple[Array, Array, Array]: ...
def group_norm_backward(
    dy: Array, x: Array, gamma: Array | None, mean: Array, variance: Array, groups: int, epsilon: float
) -> tuple[Array, Array, Array]: ...
def layer_norm_forward(
    x: Array, gamma: Array | None, beta: Array | None, axis: int, epsilon: float
) -> tuple[Array, Array, Array]: ...
def layer_norm_backward(
    dy: Array, x: Array, gamma: Array | None, mean: Array, variance: Array, axis: int, epsilon: float
) -> tuple[Array, Array, Array]: ...
def lrn_forward(x: Array, depth_radius: int, bias: float, alpha: float, beta: float) -> Array: ...
def lrn_backward(dy: Array, x: Array, depth_radius: int, bias: float, alpha: float, beta: float) -> Array: ...
def softmax_cross_entropy_forward(logits: Array, labels: Array) -> tuple[Array, Array]: ...
def softmax_cross_entropy_backward(probs: Array, labels: Array, dloss: Array) -> Array: ...
def sigmoid_cross_entropy_forward(logits: Array, targets: Array) -> Array: ...
def sigmoid_cross_entropy_backward(logits: Array, targets: Array, dloss: Array) -> Array: ...
def dropout(x: Array, rate: float, seed: int, offset: int) -> Array: ...
def embedding_forward(ids: Array, table: Array) -> Array: ...
def embedding_backward(dy: Array, ids: Array, rows: int) -> Array: ...
def concatenate(arrays: Sequence[Array], axis: int) -> Array: ...
def flip(x: Array, axis: int) -> Array: ...
def transpose(x: Array, axes: Sequence[int]) -> Array: ...
def repeat_to(x: Array, shape: Sequence[int]) -> Array: ...
def pad(x: Array, before: Sequence[int], after: Sequence[int]) -> Array: ...
def resize2d_forward(x: Array, size: Sequence[int], interpolation: str) -> Array: ...
def resize2d_backward(dy: Array, size: Sequence[int], interpolation: str) -> Array: ...
def step_mask(x: Array, value: float) -> Array: ...
def id_mask(ids: Array) -> Array: ...
def apply_mask(x: Array, mask: Array) -> Array: ...
def bidirectional_forward(
    cell: str, x: Array, first: dict[str, Any], second: dict[str, Any], training: bool
) -> tuple[Array, tuple[Array, Array | None, Array | None], tuple[Array, Array | None, Array | None]]: ...
def bidirectional_backward(
    cell: str,
    x: Array,
    first: dict[str, Any],
    second: dict[str, Any],
    dy: Array | None,
    with_dx: bool,
    with_initial: bool,
) -> tuple[Array | None, tuple[Array, Array | None, Array | None], tuple[Array, Array | None, Array | None]]: ...
def rnn_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    mask: Array | None,
    activation: str,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    training: bool,
) -> tuple[Array, Array, Array | None, Array | None]: ...
def rnn_backward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    mask: Array | None,
    activation: str,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    saved: Array,
    dy: Array | None,
    dh: Array | None,
    with_dx: bool,
    with_initial: bool,
) -> tuple[Array | None, Array, Array | None, Array | None]: ...
def lstm_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    c0: Array | None,
    mask: Array | None,
    activation: str,
    recurrent_activation: str,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    training: bool,
) -> tuple[Array, Array, Array | None, Array | None]: ...
def lstm_backward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    c0: Array | None,
    mask: Array | None,
    activation: str,
    recurrent_activation: str,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    saved: Array,
    dy: Array | None,
    dh: Array | None,
    dc: Array | None,
    with_dx: bool,
    with_initial: bool,
) -> tuple[Array | None, Array, Array | None, Array | None]: ...
def gru_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    mask: Array | None,
    activation: str,
    recurrent_activation: str,
    reset_after: bool,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    training: bool,
) -> tuple[Array, Array, Array | None, Array | None]: ...
def gru_backward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h0: Array | None,
    mask: Array | None,
    activation: str,
    recurrent_activation: str,
    reset_after: bool,
    go_backwards: bool,
    return_sequences: bool,
    dropout_mask: Array | None,
    recurrent_dropout_mask: Array | None,
    saved: Array,
    dy: Array | None,
    dh: Array | None,
    with_dx: bool,
    with_initial: bool,
) -> tuple[Array | None, Array, Array | None, Array | None]: ...
def sgd_update(
    params: Sequence[Array],
    grads: Sequence[Array],
    momenta: Sequence[Array],
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> None: ...
def rmsprop_update(
    params: Sequence[Array],
    grads: Sequence[Array],
    squares: Sequence[Array],
    momenta: Sequence[Array],
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
    weight_decay: float,
    means: Sequence[Array] | None = None,
) -> None: ...
def adam_update(
    params: Sequence[Array],
    grads: Sequence[Array],
    m: Sequence[Array],
    v: Sequence[Array],
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
    largest: Sequence[Array] | None = None,
) -> None: ...
