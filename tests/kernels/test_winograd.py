"""Winograd convolution: the table of conv2d with each tile forced, its error, its bits, its route."""

from typing import Any

import numpy as np
import pytest

from pydl import _core, config
from tests.cases import CONV2D, CONV2D_NETS, Conv2dCase
from tests.kernels.test_conv2d import DIRECTIONS, DTYPES, PLAIN, arrays, check, options, run
from tests.reference import conv2d as reference
from tests.reference import winograd

SAME: Any = ((1, 1), (1, 1, 1, 1), (1, 1), 1)


def is_winograd(case: Conv2dCase) -> bool:
    return case.w[:2] in ((3, 3), (5, 5)) and case.strides == case.dilation == (1, 1) and case.groups == 1


CASES = [case for case in CONV2D if is_winograd(case)] + [
    Conv2dCase("padding_beyond_kernel", (2, 6, 7, 4), (3, 3, 4, 5), padding=(4, 3, 5, 2)),
    Conv2dCase("uneven_padding", (2, 9, 4, 17), (3, 3, 17, 33), padding=(0, 1, 2, 0)),
    Conv2dCase("5x5_many_tiles", (3, 25, 27, 20), (5, 5, 20, 40), padding=(2, 2, 2, 2)),
    Conv2dCase("5x5_uneven_padding", (2, 9, 4, 17), (5, 5, 17, 33), padding=(0, 5, 2, 1)),
    Conv2dCase("one_output", (2, 3, 3, 5), (3, 3, 5, 6)),
    Conv2dCase("many_tiles", (3, 25, 27, 20), (3, 3, 20, 40), padding=(1, 1, 1, 1)),
    Conv2dCase("channel_blocks", (2, 15, 14, 260), (3, 3, 260, 40), padding=(1, 1, 1, 1)),
]
NETS = [
    case._replace(x=(min(case.x[0], 2), *case.x[1:]))
    for case in CONV2D_NETS
    if case.name in ("slide2", "vgg5", "res2", "go", "lenet2", "go1")
]

both_types = pytest.mark.parametrize("dtype", DTYPES)
each_algorithm = pytest.mark.parametrize("algorithm", winograd.ALGORITHMS)
each_net = pytest.mark.parametrize("case", NETS, ids=lambda case: case.name)


def test_header_equals_the_output_of_its_generator() -> None:
    assert winograd.HEADER.read_text() == winograd.tool.header()


@pytest.mark.parametrize(("outputs", "taps"), winograd.tool.POINTS)
def test_transforms_compute_an_exact_convolution(outputs: int, taps: int) -> None:
    bt, g, at = (np.array(matrix) for matrix in winograd.tool.matrices(outputs, taps))
    x, w = np.arange(outputs + taps - 1) ** 3 - 7, np.arange(taps) ** 2 - 2
    assert (at @ ((g @ w) * (bt @ x)) == [x[i : i + taps] @ w for i in range(outputs)]).all()


@both_types
@each_algorithm
def test_reference_on_every_isa(algorithm: str, dtype: Any, isa: str, rng: np.random.Generator) -> None:
    _core.force_conv2d_algorithm(algorithm)
    for case in CASES:
        check(case, dtype, rng)


@both_types
@each_algorithm
@each_net
def test_reference_of_nets(case: Conv2dCase, algorithm: str, dtype: Any, rng: np.random.Generator) -> None:
    _core.force_conv2d_algorithm(algorithm)
    check(case, dtype, rng)


@both_types
@each_algorithm
@each_net
def test_data_with_a_large_mean(case: Conv2dCase, algorithm: str, dtype: Any, rng: np.random.Generator) -> None:
    _core.force_conv2d_algorithm(algorithm)
    check(case, dtype, rng, mean=10.0)


@each_algorithm
def test_same_bits_for_any_thread_count(isa: str, algorithm: str, rng: np.random.Generator) -> None:
    _core.force_conv2d_algorithm(algorithm)
    for case in NETS:
        inputs = arrays(case, np.float32, rng)
        results = []
        for threads in (1, 2, 3):
            _core.set_num_threads(threads)
            results.append([array.tobytes() for array in run(case, *inputs)])
        assert results[0] == results[1] == results[2], case.name


@both_types
@each_algorithm
@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu"])
def test_fused_activation(activation: str, algorithm: str, dtype: Any, rng: np.random.Generator) -> None:
    _core.force_conv2d_algorithm(algorithm)
    x, w, bias, _ = arrays(CASES[-2], dtype, rng)
    linear = _core.conv2d_forward(x, w, bias, *options(CASES[-2]))
    fused = _core.conv2d_forward(x, w, bias, *options(CASES[-2]), activation, 0.3)
    eps = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(fused, _core.activation_forward(linear, activation, 0.3), rtol=eps, atol=eps)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@each_algorithm
def test_nan_and_infinity_stay_in_their_tiles(algorithm: str, value: float, rng: np.random.Generator) -> None:
    """A NaN pixel makes every output that reads it NaN, and may do so for the rest of their tiles."""
    x, w, bias, dy = arrays(Conv2dCase("", (1, 40, 40, 3), (3, 3, 3, 4), padding=(1, 1, 1, 1)), np.float64, rng)
    for array in (x, dy):
        array[0, 20, 20, 0] = value
    with np.errstate(invalid="ignore"):
        exact = [
            np.isfinite(reference.forward(x, w, bias, *SAME)),
            np.isfinite(reference.backward_input(dy, w, x.shape, *SAME)),
        ]
    _core.force_conv2d_algorithm(algorithm)
    y, dx = _core.conv2d_forward(x, w, bias, *SAME), _core.conv2d_backward_input(dy, w, x.shape, *SAME)
    outputs = winograd.outputs(algorithm, 3)
    for finite, result in zip(exact, (y, dx), strict=True):
        bad = ~np.isfinite(result)
        assert bad[~finite].all()
        rows, columns = np.nonzero(bad.any((0, 3)))
        for where in (rows, columns):
            assert where.min() > 20 - outputs - 1
            assert where.max() < 20 + outputs + 1


def algorithms(case: Conv2dCase) -> list[str]:
    return list(config.explain_conv2d(case.x, case.w, *options(case)).values())


def test_algorithm_depends_on_shape_and_precision() -> None:
    nets = {case.name: case for case in CONV2D_NETS}
    assert algorithms(nets["go"]) == ["winograd_5x5"] * 3
    assert algorithms(nets["res2"]) == ["winograd_4x4"] * 3
    assert algorithms(nets["alex2"]) == algorithms(nets["lenet2"]) == ["winograd_4x4"] * 3
    assert algorithms(nets["go"]._replace(x=(1, 19, 19, 192))) == ["winograd_5x5"] * 2 + ["implicit_gemm"]  # few tiles
    assert algorithms(nets["vgg5"]._replace(x=(8, 6, 6, 512))) == ["implicit_gemm"] * 3  # tiles extend past the output
    assert algorithms(nets["mobile_dw"]) == ["depthwise"] * 3
    assert algorithms(nets["resnext"]) == ["grouped"] * 3
    for name in ("res_1x1", "res3_s2"):
        assert algorithms(nets[name]) == ["implicit_gemm"] * 3, name
    for name in ("slide1", "lenet1", "vgg1.1"):  # few channels
        assert algorithms(nets[name]) == ["implicit_gemm", "space_to_depth", "implicit_gemm"], name
    assert algorithms(nets["alex1"]) == ["space_to_depth"] * 3
    with config.precision("strict"):
        for name in ("go", "alex1", "lenet1"):
            assert algorithms(nets[name]) == ["implicit_gemm"] * 3
    assert algorithms(nets["go"]) == ["winograd_5x5"] * 3


def test_strict_precision_has_the_bits_of_a_direct_convolution(rng: np.random.Generator) -> None:
    case = NETS[0]._replace(x=(4, 14, 14, 64), w=(3, 3, 64, 64), padding=(1, 1, 1, 1))
    inputs = arrays(case, np.float32, rng)
    fast = run(case, *inputs)
    with config.precision("strict"):
        strict = run(case, *inputs)
    _core.force_conv2d_algorithm("direct")
    for a, b, c in zip(strict[:3], run(case, *inputs)[:3], fast[:3], strict=True):
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"\[precision\] name: expected 'default' or 'strict', got 'exact'"):
        config.precision("exact")
    with pytest.raises(ValueError, match=r"\[conv2d\] algorithm: unknown name 'fft'"):
        _core.force_conv2d_algorithm("fft")
    with pytest.raises(ValueError, match=r"\[conv2d_algorithm\] direction: expected forward, .* got 'up'"):
        _core.conv2d_algorithm("up", (1, 4, 4, 1), (3, 3, 1, 1), *PLAIN)
    with pytest.raises(ValueError, match=r"\[conv2d_algorithm\] w_shape: the kernel spans 3 rows"):
        config.explain_conv2d((1, 2, 4, 1), (3, 3, 1, 1))
    assert set(config.explain_conv2d((1, 4, 4, 1), (3, 3, 1, 1))) == set(DIRECTIONS)
