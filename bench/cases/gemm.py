"""Matrix products c[M,N] = a[M,K] b[K,N] with all transposes, and fused dense layers."""

import numpy as np

from .case import Arguments, Case, normal
from .shapes import GEMM_NETS

SHAPES = [(layer.M, layer.N, layer.K) for layer in GEMM_NETS]
SHAPES.append((500, 500, 32))  # the weight gradient of a dense layer


def case(shape: tuple[int, int, int], trans_a: bool = False, trans_b: bool = False, activation: str = "") -> Case:
    m, n, k = shape

    def make(rng: np.random.Generator) -> Arguments:
        return {
            "a": normal(rng, *((k, m) if trans_a else (m, k))),
            "b": normal(rng, *((n, k) if trans_b else (k, n)), scale=k**-0.5),
            "bias": normal(rng, n) if activation else None,
            "activation": activation or "linear",
            "transpose_a": trans_a,
            "transpose_b": trans_b,
        }

    transposed = "a" * trans_a + "b" * trans_b
    suffix = f"/transpose_{transposed}" * bool(transposed) + f"/bias_{activation}" * bool(activation)
    return Case(f"gemm/{m}x{n}x{k}{suffix}", "matmul", make, flops=2.0 * m * n * k, bytes=4.0 * (m * k + k * n + m * n))


CASES = (
    *(case(shape, trans_a, trans_b) for shape in SHAPES for trans_a in (False, True) for trans_b in (False, True)),
    case((32, 500, 256), activation="sigmoid"),
    case((512, 512, 512), activation="relu"),
)
