"""conv2d: against the float64 reference, on every instruction set and thread count, and against PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import CONV2D, CONV2D_NETS, Conv2dCase
from tests.reference import conv2d as reference
from tests.reference import winograd
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
DIRECTIONS = ("forward", "backward_input", "backward_weight")
NETS = [case._replace(x=(min(case.x[0], 2), *case.x[1:])) for case in CONV2D_NETS]
PLAIN: Any = ((1, 1), (0, 0, 0, 0), (1, 1), 1)  # strides, padding, dilation, groups


def options(case: Conv2dCase) -> Any:
    return case.strides, case.padding, case.dilation, case.groups


def arrays(case: Conv2dCase, dtype: Any, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """x, w, bias and dy of standard normal numbers."""
    out = reference.output_shape(case.x, case.w, case.strides, case.padding, case.dilation)
    shapes = case.x, case.w, case.w[3:], (case.x[0], *out, case.w[3])
    x, w, bias, dy = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, w, bias, dy


def run(case: Conv2dCase, x: Array, w: Array, bias: Array, dy: Array) -> tuple[Array, Array, Array, Array]:
    """y, dx, dw and db of the kernels."""
    y = _core.conv2d_forward(x, w, bias, *options(case))
    dx = _core.conv2d_backward_input(dy, w, x.shape, *options(case))
    dw, db = _core.conv2d_backward_weight(x, dy, w.shape, *options(case), True)
    return y, dx, dw, db


def error(case: Conv2dCase, direction: str, *, mean: bool = False) -> float:
    """The rounding error of the algorithm that the case takes, relative to that of a plain sum."""
    algorithm = _core.conv2d_algorithm(direction, case.x, case.w, *options(case))
    return winograd.error(algorithm, case.w[0], direction, mean=mean)


def check(case: Conv2dCase, dtype: Any, rng: np.random.Generator, mean: float = 0.0) -> None:
    """Compares every result with the reference; x and dy are normal numbers around `mean`."""
    x, w, bias, dy = arrays(case, dtype, rng)
    x, dy = x + dtype(mean), dy + dtype(mean)
    y, dx, actual_dw, actual_db = run(case, x, w, bias, dy)
    x, w, bias, dy = (a.astype(np.float64) for a in (x, w, bias, dy))
    taps, pixels = w.shape[0] * w.shape[1], dy.size // w.shape[3]
    fan_out = taps * w.shape[3] // case.groups
    assert {a.dtype for a in (y, dx, actual_dw, actual_db)} == {np.dtype(dtype)}
    dw, db = reference.backward_weight(x, dy, w.shape, *options(case))
    # Sums of n products of standard normal numbers are about sqrt(n); of numbers of one sign, about n.
    size = np.hypot(1.0, mean)
    close = [
        ("forward", y, reference.forward(x, w, bias, *options(case)), taps * w.shape[2] + 1, size),
        ("backward_input", dx, reference.backward_input(dy, w, x.shape, *options(case)), fan_out, size),
        ("backward_weight", actual_dw, dw, pixels, size**2),
    ]
    for what, actual, expected, terms, scale in close:
        n = max(terms, 1)
        length = n**0.5 if mean == 0 or what != "backward_weight" else n
        allowed = tol(dtype, n, scale * length) * error(case, what, mean=mean != 0)
        assert_close(actual, expected, allowed, what=what)
    assert_close(actual_db, db, tol(dtype, pixels, max(pixels, 1) ** 0.5 if mean == 0 else mean * pixels), what="db")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONV2D + NETS, ids=lambda case: case.name)
def test_reference(case: Conv2dCase, dtype: Any, rng: np.random.Generator) -> None:
    check(case, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_isa(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    for case in CONV2D:
        check(case, dtype, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_on_every_isa(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    """With space_to_depth forced where it is possible: strides, and few channels in the input gradient."""
    _core.force_conv2d_algorithm("space_to_depth")
    names = set()
    for case in CONV2D:
        algorithms = [_core.conv2d_algorithm(direction, case.x, case.w, *options(case)) for direction in DIRECTIONS]
        if "space_to_depth" in algorithms:
            names.add(case.name)
            check(case, dtype, rng)
            check(case, dtype, rng, mean=10.0)
    assert {"odd", "5x5_same", "stride_1x3", "asymmetric", "padding_beyond_kernel", "stride_beyond_kernel"} < names


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_blocks(value: float, rng: np.random.Generator) -> None:
    """A NaN pixel makes every output that reads it NaN, and may do so for the rest of their blocks and tiles."""
    case = Conv2dCase("", (1, 60, 60, 3), (5, 5, 3, 16), strides=(2, 2), padding=(2, 2, 2, 2))
    x, w, bias, dy = arrays(case, np.float64, rng)
    x[0, 30, 30, 0] = dy[0, 15, 15, 0] = value
    _core.force_conv2d_algorithm("space_to_depth")
    y, dx, _, _ = run(case, x, w, bias, dy)
    with np.errstate(invalid="ignore"):
        exact = reference.forward(x, w, bias, *options(case)), reference.backward_input(dy, w, x.shape, *options(case))
    for result, expected, step in zip((y, dx), exact, (1, 2), strict=True):
        bad = ~np.isfinite(result)
        assert bad[~np.isfinite(expected)].all()
        for where in np.nonzero(bad.any((0, 3))):
            assert np.abs(where - 15 * step).max() <= 7 * step  # a tile of 5 plus the taps


@pytest.mark.parametrize("algorithm", ["automatic", "direct"])
def test_non_temporal_stores_have_the_same_bits(isa: str, algorithm: str, rng: np.random.Generator) -> None:
    """From 4 MB on, outputs are stored non-temporally: same bits as for a part of the batch, which is not."""
    _core.force_conv2d_algorithm(algorithm)
    case = Conv2dCase("large", (3, 100, 101, 48), (3, 3, 48, 64), padding=(1, 1, 1, 1))
    x, w, bias, dy = arrays(case, np.float32, rng)
    y, dx, _, _ = run(case, x, w, bias, dy)
    part = case._replace(x=(1, *case.x[1:]))
    for image in (0, 2):
        one = slice(image, image + 1)
        y_part, dx_part, _, _ = run(part, x[one].copy(), w, bias, dy[one].copy())
        assert y_part.nbytes < 4 << 20 < min(y.nbytes, dx.nbytes)
        assert_close(y[one], y_part, tol(np.float32, 9 * 48, (9 * 48) ** 0.5), what="y")
        assert_close(dx[one], dx_part, tol(np.float32, 9 * 64, (9 * 64) ** 0.5), what="dx")


@pytest.mark.parametrize("name", ["slide2", "res2", "go", "mobile_dw", "resnext", "alex1", "vgg1.1", "res_down"])
def test_same_bits_for_any_thread_count(isa: str, name: str, rng: np.random.Generator) -> None:
    case = next(case for case in CONV2D_NETS if case.name == name)
    case = case._replace(x=(3, *case.x[1:]))
    inputs = arrays(case, np.float32, rng)
    _core.set_num_threads(1)
    expected = run(case, *inputs)
    for threads in (2, 3):
        _core.set_num_threads(threads)
        for what, a, b in zip(("y", "dx", "dw", "db"), run(case, *inputs), expected, strict=True):
            assert np.array_equal(a, b), f"{what} differs with {threads} threads"


@pytest.mark.parametrize("case", CONV2D, ids=lambda case: case.name)
def test_gradient_in_a_random_direction(case: Conv2dCase, rng: np.random.Generator) -> None:
    """y is linear in x and in w, so <dy, y> = <dx, x> = <dw, w> up to rounding."""
    x, w, bias, dy = arrays(case, np.float64, rng)
    _, dx, dw, db = run(case, x, w, bias, dy)
    y = _core.conv2d_forward(x, w, None, *options(case))
    size = float(np.sqrt((dy**2).sum() * max((y**2).sum(), 1)))
    allowed = tol(np.float64, 64, size) * max(error(case, direction) for direction in DIRECTIONS)
    assert_close(np.vdot(dx, x), np.vdot(dy, y), allowed)
    assert_close(np.vdot(dw, w), np.vdot(dy, y), allowed)
    assert_close(np.vdot(db, bias), (dy * bias).sum(), tol(np.float64, 64, size))


@st.composite
def small_cases(draw: st.DrawFn) -> Conv2dCase:
    groups = draw(st.integers(1, 3))
    kernel = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = tuple(draw(st.integers(0, 4)) for _ in range(4))
    size = [
        draw(st.integers(max(1, (k - 1) * d + 1 - 2 * min(padding)), 20)) for k, d in zip(kernel, dilation, strict=True)
    ]
    c, o = draw(st.integers(1, 20)), draw(st.integers(1, 40))
    strides = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    x = draw(st.integers(0, 3)), size[0], size[1], c * groups
    return Conv2dCase("drawn", x, (*kernel, c, o * groups), strides, padding, dilation, groups)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=150)
@given(small_cases(), st.sampled_from(DTYPES))
def test_any_shape_and_option(case: Conv2dCase, dtype: Any) -> None:
    check(case, dtype, np.random.default_rng(7))


ACTIVATIONS = ["linear", "relu", "sigmoid", "tanh", "gelu", "leaky_relu", "softplus"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["odd", "1x1", "depthwise", "groups_dilation", "slide2"])
def test_fused_activation(name: str, activation: str, dtype: Any, rng: np.random.Generator) -> None:
    """The fused epilogue equals bias plus activation kernel, up to a rounding error."""
    case = next(case for case in CONV2D + NETS if case.name == name)
    x, w, bias, _ = arrays(case, dtype, rng)
    linear = _core.conv2d_forward(x, w, bias, *options(case))
    fused = _core.conv2d_forward(x, w, bias, *options(case), activation, 0.3)
    assert_close(fused, _core.activation_forward(linear, activation, 0.3), tol(dtype), rtol=tol(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("name", ["odd", "stride_beyond_kernel", "depth_multiplier", "groups_of_4", "lenet2"])
def test_backward_input_with_bias_and_activation(
    isa: str, name: str, activation: str, dtype: Any, rng: np.random.Generator
) -> None:
    """As a transposed convolution: pixels that no tap reaches get the bias too."""
    case = next(case for case in CONV2D + NETS if case.name == name)
    x, w, _, dy = arrays(case, dtype, rng)
    bias = rng.standard_normal(x.shape[3]).astype(dtype)
    linear = _core.conv2d_backward_input(dy, w, x.shape, *options(case))
    fused = _core.conv2d_backward_input(dy, w, x.shape, *options(case), bias, activation)
    expected = _core.activation_forward(linear + bias, activation)
    assert_close(fused, expected, tol(dtype, dy.shape[3] * w.shape[0] * w.shape[1], float(np.abs(linear).max())))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["odd", "5x5_same", "1x1_padded", "groups_wide", "groups_of_4", "depthwise"])
def test_nan_and_infinity_stay_in_their_window(isa: str, name: str, value: float, rng: np.random.Generator) -> None:
    """In strict mode a NaN pixel changes exactly the results that read it. It is not at the border: the result of
    0 * NaN with a padded zero is unspecified."""
    _core.set_precision("strict")
    case = next(case for case in CONV2D if case.name == name)
    x, w, bias, dy = arrays(case, np.float64, rng)
    for array in (x, dy):
        array[0, array.shape[1] // 2, array.shape[2] // 2, 0] = value
    y, dx, dw, db = run(case, x, w, bias, dy)
    with np.errstate(invalid="ignore"):
        expected = (
            reference.forward(x, w, bias, *options(case)),
            reference.backward_input(dy, w, x.shape, *options(case)),
            *reference.backward_weight(x, dy, w.shape, *options(case)),
        )
    for what, a, b in zip(("y", "dx", "dw", "db"), (y, dx, dw, db), expected, strict=True):
        assert np.array_equal(np.isfinite(a), np.isfinite(b)), what


def test_without_bias(rng: np.random.Generator) -> None:
    x, w, bias, dy = arrays(CONV2D[1], np.float32, rng)
    dw, db = _core.conv2d_backward_weight(x, dy, w.shape, *PLAIN, False)
    assert db is None
    assert np.array_equal(dw, _core.conv2d_backward_weight(x, dy, w.shape, *PLAIN, True)[0])
    zero = np.zeros_like(bias)
    assert np.array_equal(_core.conv2d_forward(x, w, None, *PLAIN), _core.conv2d_forward(x, w, zero, *PLAIN))


X = np.zeros((2, 6, 6, 4), np.float32)
W = np.zeros((3, 3, 4, 8), np.float32)
DY = np.zeros((2, 4, 4, 8), np.float32)
BAD_FORWARD = [
    ("x", (X[0], W, None, *PLAIN), ValueError, r"x: expected 4 dimensions, got float32 \(6, 6, 4\)"),
    ("x_list", ([1.0], W, None, *PLAIN), TypeError, "x: expected a NumPy array, got list"),
    ("x_int", (X.astype(int), W, None, *PLAIN), TypeError, "x: expected float32 or float64, got int64"),
    ("x_view", (X[:, ::2], W, None, *PLAIN), ValueError, "x: expected a C-contiguous"),
    ("x_empty", (X[:, :0], W, None, *PLAIN), ValueError, r"x: expected \(N, H, W, C\) with sizes from 1"),
    ("w_dtype", (X, W.astype(np.float64), None, *PLAIN), TypeError, "w: expected float32"),
    ("w_channels", (X, W[:, :, :3].copy(), None, *PLAIN), ValueError, r"w: .* with C/groups = 4, got \(3, 3, 3, 8\)"),
    ("w_empty", (X, W[:0], None, *PLAIN), ValueError, "w: expected .* with sizes from 1"),
    ("w_rank", (X, W[0], None, *PLAIN), ValueError, "w: expected shape"),
    ("bias", (X, W, np.zeros(7, np.float32), *PLAIN), ValueError, r"bias: expected shape \(8,\), got float32 \(7,\)"),
    ("strides_zero", (X, W, None, (0, 1), *PLAIN[1:]), ValueError, r"strides: expected ints from 1 .* got \(0, 1\)"),
    ("strides_float", (X, W, None, (1.5, 1), *PLAIN[1:]), TypeError, "strides: expected ints, got"),
    ("strides_int", (X, W, None, 2, *PLAIN[1:]), TypeError, "strides: expected a tuple of 2 ints, got 2"),
    ("padding_negative", (X, W, None, (1, 1), (0, -1, 0, 0), (1, 1), 1), ValueError, "padding: expected ints from 0"),
    ("padding_two", (X, W, None, (1, 1), (1, 1), (1, 1), 1), ValueError, "padding: expected 4 ints"),
    ("padding_huge", (X, W, None, (1, 1), (2**62, 0, 0, 0), (1, 1), 1), ValueError, "padding: expected ints from 0"),
    ("dilation_huge", (X, W, None, (1, 1), (0, 0, 0, 0), (1, 2**31 - 1), 1), ValueError, "w: the kernel spans"),
    ("kernel", (X, W, None, (1, 1), (0, 0, 0, 0), (3, 1), 1), ValueError, "w: the kernel spans 7 rows .* the 6 of"),
    ("groups", (X, W, None, *PLAIN[:3], 3), ValueError, "groups: expected a divisor of C = 4 and O = 8, got 3"),
    ("groups_zero", (X, W, None, *PLAIN[:3], 0), ValueError, "groups: expected a divisor"),
    ("activation", (X, W, None, *PLAIN, "rellu"), ValueError, "activation: expected one of linear, relu"),
    ("activation_type", (X, W, None, *PLAIN, 3), TypeError, "activation: expected the name"),
]


@pytest.mark.parametrize(
    ("args", "error", "text"), [row[1:] for row in BAD_FORWARD], ids=[row[0] for row in BAD_FORWARD]
)
def test_errors_of_forward(args: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=r"\[conv2d_forward\] " + text):
        _core.conv2d_forward(*args)


def test_errors_of_backward() -> None:
    with pytest.raises(ValueError, match=r"\[conv2d_backward_input\] dy: expected shape \(2, 5, 4, 8\)"):
        _core.conv2d_backward_input(DY, W, (2, 7, 6, 4), *PLAIN)
    with pytest.raises(ValueError, match=r"\[conv2d_backward_input\] input_shape: expected 4 ints"):
        _core.conv2d_backward_input(DY, W, (2, 6, 6), *PLAIN)
    with pytest.raises(ValueError, match=r"\[conv2d_backward_weight\] dy: expected shape \(2, 5, 5, 8\)"):
        _core.conv2d_backward_weight(X, DY, (2, 2, 4, 8), *PLAIN, True)
    with pytest.raises(ValueError, match=r"\[conv2d_backward_weight\] kernel_shape: expected ints from 1"):
        _core.conv2d_backward_weight(X, DY, (3, 3, 4, 0), *PLAIN, True)


def test_sizes_that_overflow_are_refused() -> None:
    huge = 2**31 - 1
    pixel = np.zeros((1, 1, 1, 1), np.float32)
    with pytest.raises(ValueError, match=r"\[conv2d_forward\] output: shape .* is too large"):
        _core.conv2d_forward(pixel, pixel, None, (1, 1), (huge,) * 4, (1, 1), 1)
    with pytest.raises(ValueError, match=r"\[conv2d_backward_input\] input_shape: shape .* is too large"):
        _core.conv2d_backward_input(pixel, pixel, (huge, huge, huge, 1), *PLAIN)
    with pytest.raises(ValueError, match=r"\[conv2d_backward_weight\] kernel_shape: shape .* is too large"):
        _core.conv2d_backward_weight(pixel, pixel, (huge, huge, 1, huge), (1, 1), (huge,) * 4, (1, 1), 1, False)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONV2D + NETS, ids=lambda case: case.name)
def test_torch(case: Conv2dCase, dtype: Any, rng: np.random.Generator) -> None:
    import torch

    x, w, bias, dy = arrays(case, dtype, rng)
    tx = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    tw = torch.tensor(w.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    tb = torch.tensor(bias, requires_grad=True)
    top, bottom, left, right = case.padding
    padded = torch.nn.functional.pad(tx, (left, right, top, bottom))
    ty = torch.nn.functional.conv2d(padded, tw, tb, case.strides, 0, case.dilation, case.groups)
    ty.backward(torch.tensor(dy.transpose(0, 3, 1, 2).copy()))
    assert tx.grad is not None
    assert tw.grad is not None
    assert tb.grad is not None
    expected = (
        ty.detach().numpy().transpose(0, 2, 3, 1),
        tx.grad.numpy().transpose(0, 2, 3, 1),
        tw.grad.numpy().transpose(2, 3, 1, 0),
        tb.grad.numpy(),
    )
    # Both results are rounded: a sum of n products of normal numbers is about sqrt(n), its error eps * n, twice.
    n = max(w[..., 0].size, w.shape[0] * w.shape[1] * w.shape[3], dy.size // w.shape[3]) + 1
    for what, a, b in zip(("y", "dx", "dw", "db"), run(case, x, w, bias, dy), expected, strict=True):
        allowed = tol(dtype, n, scale=2 * n**0.5) * max(error(case, direction) for direction in DIRECTIONS)
        assert_close(a, b, allowed, what=what)
