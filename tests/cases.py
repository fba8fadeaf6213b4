"""Shapes for tests and benchmarks: a table of named cases per family.

Corner cases come first. Cases named after a network are layers of that network.
"""

from typing import NamedTuple


class Conv2dCase(NamedTuple):
    """One convolution: x (N, H, W, C), w (KH, KW, C/groups, O), padding (top, bottom, left, right)."""

    name: str
    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


SAME3 = (1, 1, 1, 1)
SAME5 = (2, 2, 2, 2)

CONV2D = [
    Conv2dCase("one", (1, 1, 1, 1), (1, 1, 1, 1)),
    Conv2dCase("odd", (3, 7, 5, 3), (3, 3, 3, 7)),
    Conv2dCase("no_images", (0, 6, 6, 3), (3, 3, 3, 4)),
    Conv2dCase("1x1", (2, 5, 7, 6), (1, 1, 6, 9)),
    Conv2dCase("1x1_padded", (2, 5, 5, 3), (1, 1, 3, 4), padding=(1, 0, 2, 1)),
    Conv2dCase("as_large_as_its_image", (3, 2, 5, 4), (2, 5, 4, 6)),
    Conv2dCase("as_large_and_dilated", (2, 2, 2, 1), (2, 2, 1, 1), padding=(0, 1, 0, 1), dilation=(2, 2)),
    Conv2dCase("padding_beyond_kernel_top_left", (1, 5, 5, 1), (2, 2, 1, 3), strides=(4, 4), padding=(2, 0, 2, 0)),
    Conv2dCase("padding_on_one_side", (2, 3, 8, 5), (2, 2, 5, 33), strides=(2, 2), padding=(2, 0, 0, 0)),
    Conv2dCase("1x1_stride", (2, 9, 8, 20), (1, 1, 20, 33), strides=(2, 2)),
    Conv2dCase("5x5_same", (2, 9, 11, 5), (5, 5, 5, 19), padding=SAME5),
    Conv2dCase("11x11_stride_4", (1, 31, 35, 3), (11, 11, 3, 17), strides=(4, 4)),
    Conv2dCase("11x11_stride_4_winograd", (2, 47, 51, 3), (11, 11, 3, 20), strides=(4, 4)),
    Conv2dCase("5x5_stride_2", (2, 23, 26, 16), (5, 5, 16, 20), strides=(2, 2), padding=SAME5),
    Conv2dCase("6x9_stride_2x3", (2, 31, 42, 4), (6, 9, 4, 17), (2, 3), (1, 2, 3, 0)),
    Conv2dCase("7x7_stride_2", (2, 21, 24, 3), (7, 7, 3, 20), (2, 2), (3, 3, 3, 3)),
    Conv2dCase("9x9_stride_2", (2, 31, 33, 5), (9, 9, 5, 18), strides=(2, 2)),
    Conv2dCase("1x7", (2, 6, 12, 8), (1, 7, 8, 10), padding=(0, 0, 3, 3)),
    Conv2dCase("7x1", (2, 12, 6, 8), (7, 1, 8, 10), padding=(3, 3, 0, 0)),
    Conv2dCase("2x2_same", (2, 8, 8, 4), (2, 2, 4, 6), padding=(0, 1, 0, 1)),
    Conv2dCase("stride_2_same", (2, 10, 9, 16), (3, 3, 16, 24), strides=(2, 2), padding=(0, 1, 1, 1)),
    Conv2dCase("stride_1x3", (2, 8, 14, 5), (3, 2, 5, 8), strides=(1, 3), padding=(1, 1, 0, 0)),
    Conv2dCase("stride_beyond_kernel", (2, 11, 11, 4), (2, 2, 4, 6), strides=(4, 3)),
    Conv2dCase("asymmetric", (2, 6, 7, 4), (3, 4, 4, 5), padding=(2, 0, 1, 3)),
    Conv2dCase("padding_beyond_kernel", (1, 3, 4, 2), (2, 2, 2, 3), padding=(4, 3, 5, 2)),
    Conv2dCase("dilation", (2, 13, 12, 6), (3, 3, 6, 18), dilation=(2, 3)),
    Conv2dCase("dilation_stride_same", (2, 12, 11, 5), (3, 2, 5, 9), (2, 3), (2, 2, 1, 1), (2, 2)),
    Conv2dCase("kernel_is_image", (3, 6, 5, 4), (6, 5, 4, 21)),
    Conv2dCase("kernel_beyond_image", (2, 3, 3, 4), (5, 5, 4, 6), padding=SAME5),
    Conv2dCase("groups_2", (2, 7, 8, 6), (3, 3, 3, 10), padding=SAME3, groups=2),
    Conv2dCase("groups_wide", (2, 6, 6, 48), (3, 3, 16, 51), (2, 1), SAME3, groups=3),
    Conv2dCase("groups_of_4", (2, 9, 8, 20), (3, 3, 4, 20), (2, 1), SAME3, groups=5),
    Conv2dCase("groups_of_2", (2, 7, 11, 34), (3, 2, 2, 34), padding=(2, 1, 0, 1), dilation=(1, 2), groups=17),
    Conv2dCase("groups_dilation", (1, 9, 9, 8), (3, 3, 2, 12), (1, 1), SAME5, (2, 2), 4),
    Conv2dCase("depthwise", (2, 9, 10, 19), (3, 3, 1, 19), padding=SAME3, groups=19),
    Conv2dCase("depthwise_stride_2", (2, 10, 9, 33), (5, 5, 1, 33), (2, 2), SAME5, groups=33),
    Conv2dCase("depthwise_dilation", (1, 9, 9, 5), (3, 3, 1, 5), (1, 1), SAME5, (2, 2), 5),
    *(
        Conv2dCase(
            f"depthwise_{k}_taps_stride_{s}", (1, 9, 13 * s + k, 35), (k, k, 1, 35), (s, s), (0, 1, 1, 0), groups=35
        )
        for k in (2, 3, 5, 7)
        for s in (1, 2)
    ),
    Conv2dCase("depthwise_row", (1, 1, 70, 130), (1, 4, 1, 130), groups=130),
    Conv2dCase("depthwise_streamed", (1, 130, 131, 64), (3, 3, 1, 64), padding=SAME3, groups=64),
    Conv2dCase("depthwise_streamed_back", (1, 131, 130, 64), (3, 3, 1, 64), (2, 2), SAME3, groups=64),
    Conv2dCase("sequence", (1, 1, 700, 5), (1, 9, 5, 19), padding=(0, 0, 8, 0)),
    Conv2dCase("sequence_stride_3", (1, 1, 1000, 17), (1, 4, 17, 9), (1, 3), (0, 0, 3, 1), (1, 2)),
    Conv2dCase("depth_multiplier", (2, 6, 7, 5), (3, 3, 1, 15), padding=SAME3, groups=5),
    *(
        Conv2dCase(f"channels_{c}_to_{o}", (1, 5, 17, c), (3, 3, c, o), padding=SAME3)
        for c, o in ((1, 1), (2, 2), (3, 4), (4, 8), (7, 15), (8, 16), (15, 17), (16, 31), (17, 33), (33, 65), (64, 47))
    ),
    *(Conv2dCase(f"width_{n}", (1, 4, n, 3), (3, 3, 3, 9), padding=SAME3) for n in (1, 2, 6, 13, 14, 15, 29, 45)),
]

CONV2D_NETS = [
    Conv2dCase("slide1", (64, 28, 28, 1), (3, 3, 1, 25)),
    Conv2dCase("slide2", (64, 13, 13, 25), (3, 3, 25, 50)),
    Conv2dCase("lenet1", (64, 28, 28, 1), (5, 5, 1, 20)),
    Conv2dCase("lenet2", (64, 12, 12, 20), (5, 5, 20, 50)),
    Conv2dCase("alex1", (8, 227, 227, 3), (11, 11, 3, 96), strides=(4, 4)),
    Conv2dCase("alex2", (8, 27, 27, 96), (5, 5, 96, 256), padding=SAME5),
    Conv2dCase("vgg1.1", (2, 224, 224, 3), (3, 3, 3, 64), padding=SAME3),
    Conv2dCase("vgg1.2", (2, 224, 224, 64), (3, 3, 64, 64), padding=SAME3),
    Conv2dCase("vgg5", (8, 14, 14, 512), (3, 3, 512, 512), padding=SAME3),
    Conv2dCase("res2", (16, 56, 56, 64), (3, 3, 64, 64), padding=SAME3),
    Conv2dCase("res_1x1", (16, 56, 56, 64), (1, 1, 64, 256)),
    Conv2dCase("res_down", (16, 56, 56, 256), (1, 1, 256, 512), strides=(2, 2)),
    Conv2dCase("res3_s2", (16, 56, 56, 128), (3, 3, 128, 128), strides=(2, 2), padding=SAME3),
    Conv2dCase("go1", (32, 19, 19, 48), (5, 5, 48, 192), padding=SAME5),
    Conv2dCase("go", (32, 19, 19, 192), (3, 3, 192, 192), padding=SAME3),
    Conv2dCase("cifar", (128, 32, 32, 32), (3, 3, 32, 32), padding=SAME3),
    Conv2dCase("mobile_dw", (16, 28, 28, 192), (3, 3, 1, 192), padding=SAME3, groups=192),
    Conv2dCase("resnext", (8, 28, 28, 128), (3, 3, 4, 128), padding=SAME3, groups=32),
]

# The float64 reference takes too long for these: only benchmarks use them.
CONV2D_LARGE = [
    Conv2dCase("alex3", (8, 13, 13, 256), (3, 3, 256, 384), padding=SAME3),
    Conv2dCase("vgg3.2", (4, 56, 56, 256), (3, 3, 256, 256), padding=SAME3),
]


class GemmCase(NamedTuple):
    """One matrix product: op(a) is M x K, op(b) is K x N."""

    name: str
    M: int
    N: int
    K: int


GEMM = [
    GemmCase("one", 1, 1, 1),
    GemmCase("no_rows", 0, 5, 3),
    GemmCase("no_columns", 4, 0, 3),
    GemmCase("no_terms", 4, 5, 0),
    GemmCase("nothing", 0, 0, 0),
    GemmCase("odd", 7, 13, 11),
    *(GemmCase(f"rows_{m}", m, 37, 19) for m in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 28, 29, 43)),
    *(GemmCase(f"columns_{n}", 9, n, 21) for n in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65)),
    *(GemmCase(f"terms_{k}", 17, 35, k) for k in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 383, 384, 385, 769)),
    GemmCase("row", 1, 131, 67),
    GemmCase("row_long", 1, 4099, 70),
    GemmCase("column", 131, 1, 67),
    GemmCase("dot", 1, 1, 1001),
    GemmCase("outer", 33, 65, 1),
    GemmCase("skinny", 4, 517, 129),
    GemmCase("narrow", 517, 3, 129),
    GemmCase("sliced", 5, 9, 20011),
    GemmCase("blocks", 180, 530, 400),
    GemmCase("pages", 30, 1024, 1024),
    GemmCase("beyond_l2", 100, 515, 601),
]

GEMM_NETS = [
    GemmCase("cube_64", 64, 64, 64),
    GemmCase("cube_128", 128, 128, 128),
    GemmCase("cube_256", 256, 256, 256),
    GemmCase("cube_512", 512, 512, 512),
    GemmCase("cube_1024", 1024, 1024, 1024),
    GemmCase("cube_2048", 2048, 2048, 2048),
    GemmCase("thin_64", 64, 1024, 256),
    GemmCase("thin_32", 32, 4096, 1024),
    GemmCase("thin_1", 1, 4096, 1024),
    GemmCase("tall", 4096, 64, 576),
    GemmCase("mlp_1", 32, 500, 256),
    GemmCase("mlp_2", 32, 500, 500),
    GemmCase("mlp_3", 32, 10, 500),
]


class BinaryCase(NamedTuple):
    """One binary operation: the shape of a, and of a b that is broadcast to it."""

    name: str
    a: tuple[int, ...]
    b: tuple[int, ...]


ELEMENTWISE = [0, 1, 7, 63, 64, 65, 1000, 50_003]  # elements; the last runs on several threads

BINARY = [
    BinaryCase("empty", (0, 3), (0, 3)),
    BinaryCase("no_rows", (0, 3), (3,)),
    BinaryCase("no_axes", (), ()),
    BinaryCase("same", (3, 5, 7), (3, 5, 7)),
    BinaryCase("scalar", (3, 5, 7), ()),
    BinaryCase("one", (3, 5, 7), (1, 1, 1)),
    BinaryCase("row", (3, 5, 7), (7,)),
    BinaryCase("row_of_two_axes", (3, 5, 7), (5, 7)),
    BinaryCase("row_of_one", (6, 1), (1,)),
    BinaryCase("column", (3, 5, 7), (3, 5, 1)),
    BinaryCase("column_of_two_axes", (3, 5, 7), (3, 1, 1)),
    BinaryCase("wide_row", (3, 40_001), (40_001,)),
    BinaryCase("wide_column", (3, 40_001), (3, 1)),
    BinaryCase("bias", (4096, 10), (10,)),
    BinaryCase("tall_column", (4096, 10), (4096, 1)),
]

# Rows x columns of softmax and the cross-entropies.
SOFTMAX = [
    (0, 5),
    (1, 1),
    (4, 1),
    *((3, cols) for cols in (2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 65)),
    (5, 1000),
    (2, 10_007),
    (4099, 10),
]


class Pool2dCase(NamedTuple):
    """One pooling: x (N, H, W, C), padding (top, bottom, left, right)."""

    name: str
    x: tuple[int, int, int, int]
    pool_size: tuple[int, int] = (2, 2)
    strides: tuple[int, int] = (2, 2)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


POOL2D = [
    Pool2dCase("one", (1, 1, 1, 1), (1, 1), (1, 1)),
    Pool2dCase("no_images", (0, 6, 6, 3)),
    Pool2dCase("no_channels", (2, 6, 6, 0)),
    Pool2dCase("floor", (2, 7, 5, 25)),
    Pool2dCase("same", (2, 7, 5, 18), padding=(0, 1, 0, 1)),
    Pool2dCase("overlapping", (3, 9, 8, 33), (3, 3)),
    Pool2dCase("overlapping_same", (2, 8, 7, 5), (3, 2), (1, 1), (1, 1, 0, 1)),
    Pool2dCase("stride_beyond_window", (2, 11, 12, 17), (2, 2), (3, 4)),
    Pool2dCase("overlapping_columns", (2, 6, 9, 20), (2, 3), (2, 1)),
    Pool2dCase("padding_all_around", (2, 4, 5, 9), (4, 3), (2, 2), (3, 3, 2, 2)),
    Pool2dCase("window_beyond_image", (2, 2, 3, 4), (4, 5), (1, 1), (3, 2, 3, 2)),
    Pool2dCase("global", (2, 7, 6, 70), (7, 6), (1, 1)),
    Pool2dCase("1x3", (2, 5, 9, 3), (1, 3), (1, 2), (0, 0, 1, 1)),
    *(Pool2dCase(f"channels_{c}", (1, 5, 6, c), (3, 3), (2, 2), (1, 1, 1, 1)) for c in (1, 2, 3, 7, 8, 15, 16, 31, 64)),
]

POOL2D_NETS = [
    Pool2dCase("slide1", (64, 26, 26, 25)),
    Pool2dCase("slide2", (64, 11, 11, 50)),
    Pool2dCase("lenet", (64, 24, 24, 20)),
    Pool2dCase("vgg", (8, 224, 224, 64)),
    Pool2dCase("alex", (16, 55, 55, 96), (3, 3)),
    Pool2dCase("res", (16, 112, 112, 64), (3, 3)),
    Pool2dCase("global_average", (16, 7, 7, 512), (7, 7), (1, 1)),
]


class ReduceCase(NamedTuple):
    """One reduction: the axes [begin, end) of an array of this shape."""

    name: str
    shape: tuple[int, ...]
    begin: int
    end: int


REDUCE = [
    ReduceCase("one", (1,), 0, 1),
    ReduceCase("nothing_reduced", (2, 3), 1, 1),
    ReduceCase("no_rows_out", (0, 3), 1, 2),
    ReduceCase("short_rows", (9, 10), 1, 2),
    ReduceCase("rows", (5, 1000), 1, 2),
    ReduceCase("vector", (3001,), 0, 1),
    ReduceCase("slices", (70_001,), 0, 1),
    ReduceCase("slices_of_columns", (9_000, 25), 0, 1),
    ReduceCase("middle", (3, 37, 5), 1, 2),
    ReduceCase("two_axes", (2, 7, 7, 40), 1, 3),
    *(ReduceCase(f"columns_{n}", (131, n), 0, 1) for n in (1, 2, 3, 7, 10, 16, 31, 33, 63, 64, 65, 130)),
]

# Shapes of the parameters of one optimiser call: empty, tiny, and over more than one block.
OPTIMIZER = [(3, 3, 1, 25), (25,), (0,), (1,), (97, 101), (4096,), (4097,)]


class EmbeddingCase(NamedTuple):
    """Rows of a table (rows, cols) for ids of shape `ids`."""

    name: str
    ids: tuple[int, ...]
    rows: int
    cols: int


EMBEDDING = [
    EmbeddingCase("one", (1,), 1, 1),
    EmbeddingCase("no_ids", (0, 4), 5, 3),
    EmbeddingCase("no_columns", (3,), 5, 0),
    EmbeddingCase("scalar", (), 5, 7),
    EmbeddingCase("odd", (3, 5), 7, 17),
    EmbeddingCase("often", (4099,), 3, 33),
    EmbeddingCase("wide", (37, 2), 11, 1000),
    EmbeddingCase("characters", (64, 100), 65, 128),
]
EMBEDDING_NETS = [
    EmbeddingCase("words", (32, 128), 50_000, 512),
    EmbeddingCase("sentiment", (32, 200), 10_000, 32),
    EmbeddingCase("characters", (64, 100), 65, 256),
]

# Rows x channels of batch and layer normalisation: one vector or less, a panel and its tails, slices for threads.
NORM = [
    (1, 1),
    (2, 1),
    (5000, 1),
    (70_001, 3),
    *((rows, cols) for rows in (1, 2, 33, 131) for cols in (2, 7, 10, 16, 25, 33, 63, 64, 65, 130)),
    (3000, 48),
    (1500, 100),
    (40, 1000),
]


class RecurrentCase(NamedTuple):
    """Sequences (batch, time, inputs) through a layer of so many units."""

    name: str
    batch: int
    time: int
    inputs: int
    units: int


RECURRENT = [
    RecurrentCase("one", 1, 1, 1, 1),
    RecurrentCase("no_sequences", 0, 3, 2, 4),
    RecurrentCase("no_steps", 2, 0, 3, 4),
    RecurrentCase("no_inputs", 2, 3, 0, 5),
    RecurrentCase("small", 3, 5, 4, 17),
    RecurrentCase("one_sequence", 1, 140, 3, 16),
    RecurrentCase("many_rows", 33, 4, 1, 70),
    RecurrentCase("one_step", 9, 1, 7, 33),
    RecurrentCase("odd", 11, 6, 10, 40),
    RecurrentCase("beyond_l2", 3, 3, 300, 290),  # weights larger than L2
    RecurrentCase("beyond_l2_rows", 17, 2, 300, 290),
    RecurrentCase("beyond_l2_step", 1, 1, 300, 290),
]
