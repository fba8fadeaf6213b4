"""Convolutions and matrix products of unusual shapes, to find slow ones."""

from dataclasses import replace

from . import conv2d, gemm
from .case import Case
from .shapes import Conv2dCase

SAME3 = (1, 1, 1, 1)

LAYERS = (
    Conv2dCase("7x7x512", (8, 7, 7, 512), (3, 3, 512, 512), padding=SAME3),
    Conv2dCase("14x14x384", (8, 14, 14, 384), (3, 3, 384, 384), padding=SAME3),
    *(Conv2dCase(f"channels_{c}", (8, 28, 28, c), (3, 3, c, c), padding=SAME3) for c in (3, 20, 48, 130, 200)),
    Conv2dCase("batch_1_wide", (1, 56, 56, 64), (3, 3, 64, 64), padding=SAME3),
    Conv2dCase("batch_1_deep", (1, 14, 14, 256), (3, 3, 256, 256), padding=SAME3),
    Conv2dCase("odd_image", (4, 43, 57, 64), (3, 3, 64, 96), padding=SAME3),
    Conv2dCase("odd_all", (7, 13, 17, 101), (3, 3, 101, 37)),
    Conv2dCase("1x7", (8, 17, 17, 192), (1, 7, 192, 192), padding=(0, 0, 3, 3)),
    Conv2dCase("7x1", (8, 17, 17, 192), (7, 1, 192, 192), padding=(3, 3, 0, 0)),
    Conv2dCase("3x5", (8, 28, 28, 64), (3, 5, 64, 64), padding=(1, 1, 2, 2)),
    Conv2dCase("5x5", (8, 28, 28, 32), (5, 5, 32, 64), padding=(2, 2, 2, 2)),
    Conv2dCase("7x7_stride_2", (4, 224, 224, 3), (7, 7, 3, 64), (2, 2), (3, 3, 3, 3)),
    Conv2dCase("4x4_stride_2", (16, 32, 32, 64), (4, 4, 64, 128), (2, 2), SAME3),
    Conv2dCase("1x1_narrow", (8, 28, 28, 512), (1, 1, 512, 128)),
    Conv2dCase("1x1_deep", (4, 7, 7, 2048), (1, 1, 2048, 512)),
    Conv2dCase("depthwise_stride_2", (8, 112, 112, 64), (3, 3, 1, 64), (2, 2), SAME3, groups=64),
    Conv2dCase("depthwise_5x5", (8, 28, 28, 240), (5, 5, 1, 240), padding=(2, 2, 2, 2), groups=240),
    Conv2dCase("sequence", (1, 1, 16000, 16), (1, 9, 16, 32), padding=(0, 0, 4, 4)),
    Conv2dCase("groups_2", (8, 27, 27, 96), (5, 5, 48, 256), padding=(2, 2, 2, 2), groups=2),
)
PRODUCTS = (
    *((n, n, n) for n in (10, 100, 300, 1000)),
    *(
        (17, 1000, 300),
        (1000, 1000, 3),
        (33, 65, 1001),
        (7, 4096, 4096),
        (16, 4096, 1024),
        (4096, 10, 500),
        (1, 10, 1000),
    ),
)


def _in_sweep(case: Case) -> Case:
    return replace(case, name=f"sweep/{case.name}", suite="sweep")


CASES = (
    *(_in_sweep(conv2d.case(layer, direction)) for layer in LAYERS for direction in conv2d.DIRECTIONS),
    *(_in_sweep(gemm.case(shape)) for shape in PRODUCTS),
)
