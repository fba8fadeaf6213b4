"""Every function of the extension with every kind of wrong argument: an error that names it, never a crash."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core

Arguments = dict[str, Any]


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
SEQUENCES: Arguments = {
    "x": ones(2, 4, 2), "h0": ones(2, 3), "mask": np.array([[1, 1, 0, 1], [0, 0, 0, 0]], bool), "activation": "tanh",
    "go_backwards": True, "return_sequences": True, "dropout_mask": ones(2, 2), "recurrent_dropout_mask": ones(2, 3)
}  # fmt: skip
LAST = {"dy": ones(2, 4, 3), "dh": ones(2, 3), "with_dx": True, "with_initial": True}


def recurrent(op: str, gates: int, *bias: int, **further: Any) -> dict[str, Arguments]:
    """Forward and backward of a recurrent cell, which has `gates` gates and these further arguments."""
    width = 3 * gates
    weights = {"kernel": ones(2, width), "recurrent_kernel": ones(3, width), "bias": ones(*bias, width)}
    arguments = {**SEQUENCES, **weights, **further}
    saved = np.zeros_like(getattr(_core, f"{op}_forward")(**arguments, training=True)[3])
    last = {**LAST, "dc": ones(2, 3)} if op == "lstm" else LAST
    return {f"{op}_forward": {**arguments, "training": True}, f"{op}_backward": {**arguments, **last, "saved": saved}}


def bidirectional() -> dict[str, Arguments]:
    """Both directions of a GRU of 3 units; what they share is not among their arguments."""
    one = recurrent("gru", 3, 2, recurrent_activation="sigmoid", reset_after=True)
    first = {name: value for name, value in one["gru_forward"].items() if name not in ("x", "training")}
    both = {"cell": "gru", "x": SEQUENCES["x"], "first": first, "second": {**first, "go_backwards": False}}
    backward = {**both, "dy": ones(2, 4, 6), "with_dx": True, "with_initial": True}
    for name in ("first", "second"):
        backward[name] = {**backward[name], "saved": one["gru_backward"]["saved"], "dh": ones(2, 3)}
    return {"bidirectional_forward": {**both, "training": True}, "bidirectional_backward": backward}


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
    **bidirectional(),
    "sgd_update": {
        **state("params", "grads", "momenta"),
        "learning_rate": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.1
    },
    "rmsprop_update": {**state("params", "grads", "squares", "momenta"), **STEP, "rho": 0.9, "momentum": 0.9},
    "adam_update": {**state("params", "grads", "m", "v"), **STEP, "step": 1, "beta_1": 0.9, "beta_2": 0.9},
}  # fmt: skip
ARGUMENTS = [(op, name) for op, arguments in GOOD.items() for name in arguments]

SIZES = (-1, 0, 1, 2**31 - 1, 2**31, 2**62, 2**63, 2**100)
ODD: list[Any] = [
    None, "", "x", b"x", 1.5, float("nan"), float("inf"), 1j, object(), [], {}, (), range(2), True, *SIZES,
    *((size, size) for size in SIZES), *((size,) * 4 for size in SIZES), (1, 2, 3), (None, None), ("a", "b"),
    (1.5,) * 4, (0, 2**31 - 1, 2**31 - 1, 2**31 - 1),
]  # fmt: skip
DTYPES = ("f2", "i4", "i8", "u1", "?", "O", "c8", ">f4", "f8", "U3", "M8[s]", "g")

EXTREMES = {"i": (-1, 2**31 - 1), "u": (255,), "b": (True,), "f": (-1, np.nan, np.inf)}


def odd_arrays(good: Any) -> list[Any]:
    """The array with other dtypes, ranks, sizes, layouts and contents."""
    good = good.copy()  # some functions write to their arguments
    frozen = good.copy()
    frozen.flags.writeable = False
    bytes_from_1 = np.zeros(good.nbytes + 1, np.uint8)[1:]
    return [
        *(good.astype(dtype) for dtype in DTYPES),
        *(good[None], good.reshape(-1), good[1:], good[:0], good[..., :0], np.zeros((), good.dtype)),
        *(np.asfortranarray(good), good[..., ::-1], np.broadcast_to(good[:1], good.shape), frozen),
        *(np.zeros(shape, good.dtype) for shape in ((1,) * 20, (0,) * good.ndim, (0, 2**40), (0, 2**30, 2**20, 1))),
        *(np.full_like(good, value) for value in EXTREMES[good.dtype.kind]),
        bytes_from_1.view(good.dtype).reshape(good.shape),
    ]


def odd_values(good: Any) -> list[Any]:
    if isinstance(good, np.ndarray):
        return ODD + odd_arrays(good)
    if isinstance(good, dict):
        return ODD + [{**copy.deepcopy(good), name: value} for name in good for value in odd_values(good[name])]
    if isinstance(good, list):
        whole = np.zeros(4, np.float32)
        lists = [good[:1], good[::-1], good * 2, [good[0]] * 2, [whole[:3], whole.reshape(2, 2)], [None, None]]
        return ODD + odd_arrays(good[0]) + lists + [[array, good[1]] for array in odd_arrays(good[0])]
    return ODD


def call(op: str, arguments: Arguments) -> None:
    """Runs, or raises an error that names the function: by our check, or by pybind11's for a number that is none."""
    try:
        getattr(_core, op)(**arguments)
        return
    except (ValueError, TypeError, MemoryError) as caught:
        error = caught
    checked = str(error).startswith(f"[{op}] ")
    number = isinstance(error, TypeError) and str(error).startswith(f"{op}(): incompatible function arguments")
    memory = isinstance(error, MemoryError) and str(error).endswith(" bytes")
    assert checked or number or memory, f"{op}: {error!r}"


@pytest.mark.parametrize("op", GOOD)
def test_the_table_holds_calls_that_work(op: str) -> None:
    getattr(_core, op)(**copy.deepcopy(GOOD[op]))


def test_the_table_is_complete() -> None:
    settings_and_state = {"isa", "isas", "build_info", "release_memory", "Version", "Plan"}
    settings_and_state |= {"precision", "set_precision", "force_conv2d_algorithm", "void_plans", "plans_epoch"}
    settings_and_state |= {"ThreadState", "state", "TensorFields", "set_tensor_type", "wrap"}
    functions = {name for name in vars(_core) if not name.startswith("_")} - settings_and_state
    assert {name for name in functions if "memory" not in name and "thread" not in name} - {"set_isa"} == set(GOOD)


@pytest.mark.parametrize(("op", "name"), ARGUMENTS)
def test_one_wrong_argument(isa: str, op: str, name: str) -> None:
    for value in odd_values(GOOD[op][name]):
        call(op, {**copy.deepcopy(GOOD[op]), name: value})


@pytest.mark.parametrize(
    ("op", "name"), [(op, name) for op, name in ARGUMENTS if isinstance(GOOD[op][name], np.ndarray | tuple | list)]
)
def test_arrays_and_sizes_of_a_wrong_kind_are_named(op: str, name: str) -> None:
    wrong = ["x", 1.5, object(), 1j] if op != "empty" else []
    for value in wrong:
        with pytest.raises(TypeError, match=rf"^\[{op}\] {name}"):
            getattr(_core, op)(**{**copy.deepcopy(GOOD[op]), name: value})


@pytest.mark.parametrize("op", ["matmul", "conv2d_forward", "activation_forward", "activation_backward", "dropout"])
def test_numbers_of_a_wrong_kind_are_named(op: str) -> None:
    name = "rate" if op == "dropout" else "alpha"
    for value in ("a", None, [1.0], 1j):
        with pytest.raises(TypeError, match=rf"^\[{op}\] {name}: expected a number, got "):
            getattr(_core, op)(**{**copy.deepcopy(GOOD[op]), name: value})


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_several_wrong_arguments(data: st.DataObject) -> None:
    op = data.draw(st.sampled_from(sorted(GOOD)))
    arguments = copy.deepcopy(GOOD[op])
    for name in data.draw(st.sets(st.sampled_from(sorted(arguments)), min_size=1)):
        arguments[name] = data.draw(st.sampled_from(odd_values(GOOD[op][name])))
    call(op, arguments)
