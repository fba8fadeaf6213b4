"""Empty arrays with huge other sizes: every function returns at once."""

from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from fresh_process import bounded, output

from pydl import _core, ops
from pydl.base.errors import ShapeError

HUGE, LARGE = 2**40, 2**31 - 1  # LARGE is the maximum size of an image
CONV = ((1, 1), (0, 0, 0, 0), (1, 1), 1)
WINDOW = ((1, 2), (1, 1), (0, 0, 0, 0))


def empty(*shape: int) -> Any:
    return np.empty(shape, np.float32)


def recurrent(cell: str, gates: int, x: Any) -> None:
    """Forward and backward; weight gradients are zeros."""
    width = 3 * gates
    weights = {"kernel": np.ones((x.shape[2], width), "f4"), "recurrent_kernel": np.ones((3, width), "f4")}
    weights["bias"] = np.ones((2, width) if cell == "gru" else width, "f4")
    y, (h, _, saved) = _core.recurrent_forward(cell, x, True, weights)
    assert (y.size, h.size) == (0, 0)
    gradients = _core.recurrent_backward(cell, x, y, True, True, {**weights, "saved": saved})
    assert gradients[0].shape == x.shape
    assert not gradients[1][0].any()


def images(*shape: int) -> None:
    """Pooling, resizing and transposition of empty images."""
    x = empty(*shape)
    for axis in range(x.ndim):
        _core.flip(x, axis)
        _core.flip(x.astype(bool), axis)
        _core.concatenate([x, x], axis)
        for end in range(axis + 1, 5):
            if 0 in shape[:axis] + shape[end:]:  # otherwise empty sums: zeros
                _core.reduce("sum", x, axis, end)
        if 0 < shape[axis] <= LARGE:  # indices are int32
            _core.argmax(x, axis)
            _core.pad(x, np.eye(4, dtype=int)[axis].tolist(), (0, 0, 0, 0))
    for order in ((3, 2, 1, 0), (0, 2, 1, 3), (1, 0, 3, 2), (3, 0, 1, 2)):
        _core.transpose(x, order)
    for kind in ("nearest", "bilinear"):
        if max(shape[1:3]) < 2**29:
            assert _core.resize2d_backward(_core.resize2d_forward(x, (2, 3), kind), (2, 3), kind).shape == shape
    if min(shape[1:3]) == 0 or shape[1] * shape[2] > LARGE:
        return
    y, argmax = _core.max_pool2d_forward(x, *WINDOW, True)
    mean = _core.avg_pool2d_forward(x, *WINDOW)
    if max(shape) <= LARGE:
        assert _core.max_pool2d_backward(y, argmax, shape, *WINDOW).shape == shape
        assert _core.avg_pool2d_backward(mean, shape, *WINDOW).shape == shape


def elements(*shape: int) -> None:
    """Elementwise functions."""
    x = empty(*shape)
    for name in ("relu", "gelu", "tanh"):
        _core.activation_backward(x, _core.activation_forward(x, name), name)
    for b in (x, np.ones(shape[-1:], "f4"), np.ones((), "f4")):
        _core.binary("add", x, b)
        _core.prelu_backward(x, _core.prelu_forward(x, b), b)
    _core.rectify_backward(x, _core.rectify_forward(x, 0.1, 2.0, 0.0), 0.1, 2.0, 0.0)
    _core.dropout(x, 0.5, 1, 0)
    _core.sigmoid_cross_entropy_backward(x, x, _core.sigmoid_cross_entropy_forward(x, x))
    _core.lrn_backward(x, _core.lrn_forward(x, 2, 1.0, 0.1, 0.75), 2, 1.0, 0.1, 0.75)
    _core.sgd_update([x], [x], [x], 0.1, 0.9, True, 0.0)
    _core.adam_update([x], [x], [x], [x], 1, 0.1, 0.9, 0.9, 1e-7, 0.0)
    _core.rmsprop_update([x], [x], [x], [x], 0.1, 0.9, 0.9, 1e-7, 0.0)
    _core.empty(shape, np.dtype("f4"))


def normalized(*shape: int) -> None:
    """Softmax and normalization; the last axis is not empty."""
    x, channels = empty(*shape), np.ones(shape[-1], "f4")
    _core.softmax_backward(x, _core.softmax_forward(x))
    _core.log_softmax_backward(x, _core.log_softmax_forward(x))
    _core.batch_norm_inference(x, channels, channels, channels, channels, 0.1)
    if x.shape[0] == 0:  # no samples, of any size
        y, mean, variance = _core.group_norm_forward(x, channels, channels, 1, 0.1)
        for gradient in _core.group_norm_backward(x, y, channels, mean, variance, 1, 0.1)[1:]:
            assert not gradient.any()
    y, mean, variance = _core.layer_norm_forward(x, channels, channels, x.ndim - 1, 0.1)
    for gradient in _core.layer_norm_backward(x, y, channels, mean, variance, x.ndim - 1, 0.1)[1:]:
        assert not gradient.any()


def convolutions(*shape: int) -> None:
    x = empty(*shape)
    for groups, w in ((1, np.ones((1, 2, shape[3], 5), "f4")), (shape[3], np.ones((1, 2, 1, shape[3]), "f4"))):
        options = (*CONV[:3], groups)
        y = _core.conv2d_forward(x, w, None, *options)
        assert _core.conv2d_backward_input(y, w, shape, *options, w[0, 0, 0, : shape[3]].copy()).shape == shape
        for gradient in _core.conv2d_backward_weight(x, y, w.shape, *options, True):
            assert not gradient.any()


def matrices() -> None:
    for a, b in (((HUGE, 0), (0, 0)), ((0, HUGE), (HUGE, 0)), ((HUGE, 2, 0), (0, 0)), ((HUGE, 0, 2), (2, 3))):
        _core.matmul(empty(*a), empty(*b))
    assert not _core.matmul(empty(3, 0), empty(0, 4)).any()


def tables() -> None:
    ids = np.zeros((3, 0), np.int64)
    _core.embedding_forward(np.empty((HUGE, 0), np.int64), np.ones((3, 4), "f4"))
    _core.embedding_forward(ids, empty(HUGE, 0))
    _core.embedding_backward(empty(3, 0, 0), ids, HUGE)
    assert not _core.embedding_backward(empty(HUGE, 0, 4), np.empty((HUGE, 0), np.int64), 3).any()
    with pytest.raises(ValueError, match=r"\[embedding_forward\] ids: expected row indices in \[0, 3\), got 7"):
        _core.embedding_forward(np.full(2, 7), empty(3, 0))
    with pytest.raises(ValueError, match=r"\[embedding_backward\] ids: expected row indices"):
        _core.embedding_backward(empty(2, 0), np.full(2, 7), 3)
    _core.id_mask(np.empty((HUGE, 0), np.int64))
    _core.step_mask(empty(0, HUGE), 0.0)
    _core.apply_mask(empty(HUGE, 0, 2), np.empty((HUGE, 0), bool))
    logits = empty(0, 5)
    _core.softmax_cross_entropy_backward(logits, logits, _core.softmax_cross_entropy_forward(logits, logits)[0])


def a_plan() -> None:
    """In a plan, which then has nothing to run."""
    x = empty(LARGE, 1, 3, 0)
    plan = _core.Plan()
    plan.begin([x], [])
    y = _core.activation_forward(_core.max_pool2d_forward(x, *WINDOW, False)[0], "relu")
    assert plan.end([y], [], lambda y: y) is None
    assert plan.run(x).shape == (LARGE, 1, 2, 0)


def everything() -> None:
    """All of the above, for a new process: a kernel that loops over a huge size handles no signals."""
    for shape in ((HUGE, 2, 2, 0), (LARGE, 1, 3, 0), (0, 2, HUGE, 1), (1, 0, LARGE, 3), (HUGE, 0, 2, 2)):
        images(*shape)
        elements(*shape)
    for shape in ((HUGE, 0, 3), (0, HUGE, 3), (0, LARGE, 2, 5)):
        normalized(*shape)
    for shape in ((0, LARGE, 3, 2), (0, 1, LARGE, 1), (0, 2**20, 2**20, 4)):
        convolutions(*shape)
    for cell, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        for shape in ((0, LARGE, 2), (0, 5, 2)):
            recurrent(cell, gates, empty(*shape))
    matrices()
    tables()
    a_plan()
    print("done")


def test_empty_arrays_take_no_time_and_no_memory() -> None:
    script = (
        f"import sys; sys.path += {[str(ROOT), str(ROOT / 'tests')]!r}; "
        "from tests.runtime.test_empty_arrays import everything; everything()"
    )
    assert output("-c", bounded(script), timeout=50) == "done"


def test_results_larger_than_memory_are_refused() -> None:
    for call in (
        lambda: _core.reduce("sum", empty(HUGE, 2**20, 0), 2, 3),
        lambda: _core.step_mask(empty(HUGE, 2**20, 0), 0.0),
        lambda: _core.matmul(empty(HUGE, 0), empty(0, HUGE)),
        lambda: _core.repeat_to(empty(1), (2**31 - 1,) * 3),
    ):
        with pytest.raises((ValueError, MemoryError), match=r"^\["):
            call()


def test_unstack_refuses_too_many_slices() -> None:
    for x in (empty(2**31, 0), np.zeros((2**20 + 1, 1), np.float32)):
        with pytest.raises(ShapeError, match=r"^\[unstack\] x: expected at most 1048576 slices, got \d+ along axis 0"):
            ops.unstack(x)
