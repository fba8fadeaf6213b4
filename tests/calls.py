"""A valid call of every function of the extension. Tests and the fuzzer change its arguments.

A function with several calls has a case for each, named by function and variant: "recurrent_forward lstm".
"""

from typing import Any

import numpy as np

from pydl import _core

Arguments = dict[str, Any]


def function_of(case: str) -> str:
    """The name of the function that a case calls."""
    return case.partition(" ")[0]


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


def state(*names: str) -> Arguments:
    return {name: [ones(3), ones(2, 2)] for name in names}


WINDOW = {"pool_size": (2, 2), "strides": (2, 2), "padding": (0, 0, 0, 0)}
CONV = {"strides": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 2}
IMAGES, POOLED = ones(2, 6, 6, 4), ones(2, 3, 3, 4)
LABELS = np.array([0, 2])
AFFINE = {"gamma": ones(3), "beta": ones(3), "epsilon": 0.1}
LRN = {"depth_radius": 2, "bias": 1.0, "alpha": 0.1, "beta": 0.75}
RECTIFIER = {"slope": 0.1, "max_value": 2.0, "threshold": 0.5}
STEP = {"learning_rate": 0.1, "epsilon": 1e-7, "weight_decay": 0.1}

# A layer of 3 units over 2 sequences of 4 steps with 2 inputs.
SEQUENCES = ones(2, 4, 2)
DIRECTION: Arguments = {
    "h0": ones(2, 3), "mask": np.array([[1, 1, 0, 1], [0, 0, 0, 0]], bool), "activation": "tanh",
    "go_backwards": True, "return_sequences": True, "dropout_mask": ones(2, 2), "recurrent_dropout_mask": ones(2, 3)
}  # fmt: skip


def recurrent(cell: str, gates: int, *bias: int, both: bool = False, **further: Any) -> dict[str, Arguments]:
    """Forward and backward calls of a cell with `gates` gates and `further` arguments; or of `both` directions."""
    width = 3 * gates
    weights = {"kernel": ones(2, width), "recurrent_kernel": ones(3, width), "bias": ones(*bias, width)}
    first = {**DIRECTION, **weights, **further}
    forward = {"cell": cell, "x": SEQUENCES, "training": True, "first": first}
    if both:
        forward["second"] = {**first, "go_backwards": False}
    _, *ends = _core.recurrent_forward(**forward)
    backward = {"cell": cell, "x": SEQUENCES, "dy": ones(2, 4, 6 if both else 3), "with_dx": True, "with_initial": True}
    for name, (_, c, saved) in zip(("first", "second"), ends, strict=False):
        last = {"saved": np.zeros_like(saved), "dh": ones(2, 3)} | ({} if c is None else {"dc": ones(2, 3)})
        backward[name] = {**forward[name], **last}
    which = f"{cell} both" if both else cell
    return {f"recurrent_forward {which}": forward, f"recurrent_backward {which}": backward}


GOOD: dict[str, Arguments] = {
    "empty": {"shape": (2, 3), "dtype": np.dtype("f4")},
    "matmul": {"a": ones(3, 4), "b": ones(4, 5), "bias": ones(5), "activation": "relu"},
    "conv2d_forward": {"x": IMAGES, "w": ones(3, 3, 2, 6), "bias": ones(6), **CONV, "activation": "relu"},
    "conv2d_backward_input": {"dy": ones(2, 4, 4, 6), "w": ones(3, 3, 2, 6), "input_shape": (2, 6, 6, 4), **CONV},
    "conv2d_backward_weight": {
        "x": IMAGES, "dy": ones(2, 4, 4, 6), "kernel_shape": (3, 3, 2, 6), **CONV, "with_bias": True
    },
    "conv2d_algorithm": {"direction": "forward", "x_shape": (2, 6, 6, 4), "w_shape": (3, 3, 2, 6), **CONV},
    "max_pool2d_forward": {"x": IMAGES, **WINDOW, "with_argmax": True},
    "max_pool2d_backward": {
        "dy": POOLED, "argmax": np.zeros(POOLED.shape, np.uint8), "input_shape": (2, 6, 6, 4), **WINDOW
    },
    "avg_pool2d_forward": {"x": IMAGES, **WINDOW},
    "avg_pool2d_backward": {"dy": POOLED, "input_shape": (2, 6, 6, 4), **WINDOW},
    "activation_forward": {"x": ones(2, 3), "name": "elu", "alpha": 1.0},
    "activation_backward": {"dy": ones(2, 3), "saved": ones(2, 3), "name": "elu", "alpha": 1.0},
    "rectify_forward": {"x": ones(2, 3), **RECTIFIER},
    "rectify_backward": {"dy": ones(2, 3), "x": ones(2, 3), **RECTIFIER},
    "prelu_forward": {"x": ones(2, 3), "alpha": ones(3)},
    "prelu_backward": {"dy": ones(2, 3), "x": ones(2, 3), "alpha": ones(3)},
    "binary": {"name": "add", "a": ones(2, 3), "b": ones(3)},
    "reduce": {"name": "sum", "x": ones(2, 3, 4), "axis_begin": 1, "axis_end": 2},
    "argmax": {"x": ones(2, 3, 4), "axis": 1},
    "softmax_forward": {"x": ones(2, 3)},
    "softmax_backward": {"dy": ones(2, 3), "y": ones(2, 3)},
    "log_softmax_forward": {"x": ones(2, 3)},
    "log_softmax_backward": {"dy": ones(2, 3), "y": ones(2, 3)},
    "batch_norm_forward": {"x": ones(2, 3), **AFFINE},
    "batch_norm_inference": {"x": ones(2, 3), **AFFINE, "mean": ones(3), "variance": ones(3)},
    "batch_norm_backward": {
        "dy": ones(2, 3), "x": ones(2, 3), "gamma": ones(3), "mean": ones(3), "variance": ones(3), "epsilon": 0.1,
        "constant": False
    },
    "group_norm_forward": {"x": ones(2, 5, 3), **AFFINE, "groups": 3},
    "group_norm_backward": {
        "dy": ones(2, 5, 3), "x": ones(2, 5, 3), "gamma": ones(3), "mean": ones(2, 1), "variance": ones(2, 1),
        "groups": 1, "epsilon": 0.1
    },
    "layer_norm_forward": {"x": ones(2, 3), **AFFINE, "axis": 1},
    "layer_norm_backward": {
        "dy": ones(2, 3), "x": ones(2, 3), "gamma": ones(3), "mean": ones(2), "variance": ones(2), "axis": 1,
        "epsilon": 0.1
    },
    "lrn_forward": {"x": ones(2, 3), **LRN},
    "lrn_backward": {"dy": ones(2, 3), "x": ones(2, 3), **LRN},
    "softmax_cross_entropy_forward": {"logits": ones(2, 3), "labels": LABELS},
    "softmax_cross_entropy_backward": {"probs": ones(2, 3), "labels": LABELS, "dloss": ones(2)},
    "sigmoid_cross_entropy_forward": {"logits": ones(2, 3), "targets": ones(2, 3)},
    "sigmoid_cross_entropy_backward": {"logits": ones(2, 3), "targets": ones(2, 3), "dloss": ones(2, 3)},
    "dropout": {"x": ones(3), "rate": 0.5, "seed": 1, "offset": 0},
    "embedding_forward": {"ids": LABELS, "table": ones(3, 4)},
    "embedding_backward": {"dy": ones(2, 4), "ids": LABELS, "rows": 3},
    "concatenate": {"arrays": [ones(2, 3), ones(2, 4)], "axis": 1},
    "flip": {"x": ones(2, 3), "axis": 1},
    "transpose": {"x": ones(2, 3, 4), "axes": (2, 0, 1)},
    "repeat_to": {"x": ones(3, 1), "shape": (2, 3, 4)},
    "pad": {"x": ones(2, 3), "before": (1, -1), "after": (0, 2)},
    "resize2d_forward": {"x": ones(1, 2, 3, 2), "size": (2, 3), "interpolation": "bilinear"},
    "resize2d_backward": {"dy": ones(1, 4, 9, 2), "size": (2, 3), "interpolation": "nearest"},
    "step_mask": {"x": ones(2, 3), "value": 0.0},
    "id_mask": {"ids": LABELS},
    "apply_mask": {"x": ones(2, 3), "mask": np.ones(2, bool)},
    **recurrent("rnn", 1),
    **recurrent("lstm", 4, c0=ones(2, 3), recurrent_activation="sigmoid"),
    **recurrent("gru", 3, 2, recurrent_activation="sigmoid", reset_after=True),
    **recurrent("gru", 3, 2, both=True, recurrent_activation="sigmoid", reset_after=True),
    "sgd_update": {
        **state("params", "grads", "momenta"),
        "learning_rate": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.1
    },
    "rmsprop_update": {**state("params", "grads", "squares", "momenta"), **STEP, "rho": 0.9, "momentum": 0.9},
    "adam_update": {**state("params", "grads", "m", "v"), **STEP, "step": 1, "beta_1": 0.9, "beta_2": 0.9},
}  # fmt: skip
