"""Zeros, infinities, NaN and the largest numbers: kernels follow the definition, and PyTorch."""

from typing import Any

import numpy as np
import pytest

from pydl import _core

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
INF, NAN = np.inf, np.nan
EDGES = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e-30, -1e-30, 88.0, -88.0, -104.0, 200.0, -200.0, 6.0, 20.0, -20.0]
LARGEST = [3e38, -3e38, 1e30, -1e30]
INPUT_IS_SAVED = {"gelu", "gelu_tanh", "silu"}
ALPHA = {"elu": 0.7, "leaky_relu": 0.3}


def same(actual: Array, expected: Array, rtol: float = 1e-5, what: Any = "") -> None:
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-7, err_msg=str(what))


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_equal_pytorch(isa: str, dtype: Any) -> None:
    import torch
    from torch.nn import functional as F

    theirs: dict[str, Any] = {
        "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "elu": lambda x: F.elu(x, 0.7), "selu": F.selu,
        "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "softplus": F.softplus,
        "softsign": F.softsign, "silu": F.silu, "leaky_relu": lambda x: F.leaky_relu(x, 0.3), "relu6": F.relu6,
        "hard_sigmoid": F.hardsigmoid, "exponential": torch.exp
    }  # fmt: skip
    for name, function in theirs.items():
        for values in (EDGES, EDGES + LARGEST):
            if name.startswith("gelu"):  # PyTorch's is NaN at infinity
                values = [v for v in values if abs(v) < 1e30 or v == -INF]
            x = np.array(values, dtype)
            tensor = torch.tensor(x, requires_grad=True)
            expected = function(tensor)
            expected.backward(torch.ones_like(expected))
            assert tensor.grad is not None
            y = _core.activation_forward(x, name, ALPHA.get(name, 0.0))
            saved = x if name in INPUT_IS_SAVED else y
            dx = _core.activation_backward(np.ones_like(x), saved, name, ALPHA.get(name, 0.0))
            same(y, expected.detach().numpy(), what=name)
            known = ~np.isnan(x)  # PyTorch's derivative there differs between elements
            same(dx[known], tensor.grad.numpy()[known], what=(name, "slope"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_elu_of_alpha_zero_has_no_gradient_below_zero(isa: str, dtype: Any) -> None:
    y = _core.activation_forward(np.array([-2, 0, 3], dtype), "elu", 0.0)
    assert _core.activation_backward(np.ones_like(y), y, "elu", 0.0).tolist() == [0, 0, 1]


@pytest.mark.oracle
def test_prelu_equals_pytorch(isa: str) -> None:
    import torch

    x, alpha = np.array([[0.0, -0.0, 1.0, -1.0, INF, -INF, NAN]] * 3, "f4").T.copy(), np.array([0.5, 0.0, -2.0], "f4")
    tensor, slope = torch.tensor(x, requires_grad=True), torch.tensor(alpha, requires_grad=True)
    torch.prelu(tensor, slope).sum().backward()
    assert tensor.grad is not None
    dx, _ = _core.prelu_backward(np.ones_like(x), x, alpha)
    same(dx[:6], tensor.grad.numpy()[:6])


ROWS = [
    [0, 1, 2],
    [INF, 0, 1],
    [-INF, 0, 1],
    [-INF] * 3,
    [INF] * 3,
    [INF, -INF, 0],
    [NAN, 0, 1],
    [-3e38] * 3,
    [3e38] * 3,
]


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 7])
def test_softmax_and_cross_entropy_equal_pytorch(isa: str, width: int, dtype: Any) -> None:
    import torch
    from torch.nn import functional as F

    x = np.tile(np.array(ROWS, dtype), (1, width))
    dy = np.linspace(-1, 2, x.size).reshape(x.shape).astype(dtype)
    for name in ("softmax", "log_softmax"):
        tensor = torch.tensor(x, requires_grad=True)
        expected = getattr(torch, name)(tensor, -1)
        expected.backward(torch.tensor(dy))
        assert tensor.grad is not None
        y = getattr(_core, f"{name}_forward")(x)
        same(y, expected.detach().numpy(), what=name)
        same(getattr(_core, f"{name}_backward")(dy, y), tensor.grad.numpy(), what=(name, "gradient"))
    for label in range(3):
        labels = np.full(len(x), label)
        tensor = torch.tensor(x, requires_grad=True)
        expected = F.cross_entropy(tensor, torch.tensor(labels), reduction="none")
        expected.sum().backward()
        assert tensor.grad is not None
        for target in (labels, np.eye(x.shape[1], dtype=dtype)[labels]):  # one-hot labels and class labels agree
            loss, probs = _core.softmax_cross_entropy_forward(x, target)
            same(loss, expected.detach().numpy(), what=label)
            gradient = _core.softmax_cross_entropy_backward(probs, target, np.ones_like(loss))
            same(gradient, tensor.grad.numpy(), what=(label, "gradient"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [3, 16, 100])
def test_class_of_probability_zero(isa: str, classes: int, dtype: Any) -> None:
    """A class with logit -inf adds 0 log 0 = 0 to the loss; as the target, or a smoothed one, it makes it infinite."""
    logits = np.zeros((4, classes), dtype)
    logits[1:, 0] = -INF
    target = np.eye(classes, dtype=dtype)[[1, 1, 0, 1]]
    target[3] = 0.9 * target[3] + 0.1 / classes
    loss, probs = _core.softmax_cross_entropy_forward(logits, target)
    same(loss, np.array([np.log(classes), np.log(classes - 1), INF, INF]))
    gradient = _core.softmax_cross_entropy_backward(probs, target, np.ones(4, dtype))
    expected = np.where(logits == -INF, 0, 1) / np.array([[classes]] + [[classes - 1]] * 3) - target
    same(gradient, expected)
    assert np.isnan(_core.softmax_cross_entropy_forward(np.full((1, classes), NAN, dtype), target[:1] * 0)[0]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinite_logits_of_a_sigmoid(isa: str, dtype: Any) -> None:
    """The limit of the loss: 0 if the target is met, else infinity."""
    z = np.array([INF, -INF, INF, -INF, INF, -INF, NAN, 0, 3, 3e38, -3e38] * 4, dtype)
    t = np.array([0, 0, 1, 1, 0.5, 0.5, 0, 1, 0, 1, 0] * 4, dtype)
    expected = np.array([INF, 0, 0, INF, INF, INF, NAN, np.log(2), 3.0485873515737420, 0, 0] * 4)
    same(_core.sigmoid_cross_entropy_forward(z, t), expected)
    slopes = np.array([1, 0, 0, -1, 0.5, -0.5, NAN, -0.5, 0.9525741268224334, 0, 0] * 4)
    same(_core.sigmoid_cross_entropy_backward(z, t, np.ones_like(z)), slopes)
    assert np.isfinite(_core.sigmoid_cross_entropy_forward(z[7:9], t[7:9])).all()


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_and_pools_equal_pytorch(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    import torch
    from torch.nn import functional as F

    for channels in (1, 3, 8, 19):
        x = rng.choice([0.0, -0.0, 1, -1, INF, -INF, NAN], (2, 6, 5, channels)).astype(dtype)
        tensor, images = torch.tensor(x), torch.tensor(x).permute(0, 3, 1, 2)
        for axis in range(4):
            same(_core.argmax(x, axis), np.asarray(torch.argmax(tensor, axis)), what=("argmax", axis))
            for name, function in (("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin)):
                same(_core.reduce(name, x, axis, axis + 1), function(tensor, axis).numpy(), what=(name, axis))
        for name, pool in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
            y = getattr(_core, f"{name}_pool2d_forward")(x, (2, 3), (1, 2), (0, 0, 0, 0), *([False] * (name == "max")))
            same(y[0] if name == "max" else y, pool(images, (2, 3), (1, 2)).permute(0, 2, 3, 1).numpy(), what=name)
        for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
            with np.errstate(all="ignore"):
                expected = getattr(np, name)(x[0], x[1])
            same(_core.binary(name, x[0].copy(), x[1].copy()), expected, what=name)
