"""The speed goals as data: groups of cases, each with the ratio to its strongest peer that it must reach."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from statistics import geometric_mean, median

from . import cases
from .cases.case import Case
from .driver import Measurement
from .timing import interval

Interval = tuple[float, float, float]  # middle, low, high


@dataclass(frozen=True)
class Group:
    title: str
    min_ratio: dict[str, float] = field(default_factory=dict)  # by pattern of case names, for each case
    min_mean: float = 0.0  # of the geometric mean of the ratios; 0: no goal
    vs_tuned_malloc: float = 0.0  # minimum ratio to torch-heap; 0: no goal
    max_microseconds: dict[str, float] = field(default_factory=dict)  # by pattern of case names, for each case
    rival: str = ""  # the ratio is to this peer; "": to the strongest

    def patterns(self) -> list[str]:
        return [*self.min_ratio, *self.max_microseconds]

    def cases(self) -> list[Case]:
        return [case for case in cases.ALL if any(fnmatchcase(case.name, pattern) for pattern in self.patterns())]

    def unknown(self) -> list[str]:
        """Patterns without a case."""
        return [pattern for pattern in self.patterns() if not any(fnmatchcase(name, pattern) for name in cases.BY_NAME)]


def _conv2d(layers: str, **min_ratio: float) -> dict[str, float]:
    return {f"conv2d/{name}/{direction}": goal for name in layers.split() for direction, goal in min_ratio.items()}


SAME_3X3 = "go vgg5 vgg3.2 vgg1.2 res2 cifar alex3"
LARGE = "alex1 alex2 go1"
SMALL_OR_STRIDED = "lenet1 lenet2 res_1x1 res_down res3_s2 vgg1.1"
EVERY_DIRECTION = {"forward": 1.0, "backward_input": 1.0, "backward_weight": 1.0}
PRODUCTS = (
    *(f"{n}x{n}x{n}" for n in (64, 128, 256, 512, 1024, 2048)),
    *("64x1024x256", "32x4096x1024", "1x4096x1024", "4096x64x576"),
)
FOUR_NETS = ("mlp", "cnn", "autoencoder", "alphago")
POINTWISE = ("loss/*", "batch_norm/*", "layer_norm/*", "optimizer/adam_4M", "dropout/*", "embedding/*", "activation/*")

GROUPS = (
    Group("3x3, stride 1: forward", _conv2d(SAME_3X3, forward=1.9), 2.5),
    Group("3x3, stride 1: backward-input", _conv2d(SAME_3X3, backward_input=1.9), 2.4),
    Group("3x3, stride 1: backward-weight", _conv2d(SAME_3X3, backward_weight=1.5), 2.1),
    Group("5x5, and 11x11 stride 4", _conv2d(LARGE, forward=2.0, backward_input=1.8, backward_weight=1.8), 2.6),
    Group("small channels, 1x1, strided", _conv2d(SMALL_OR_STRIDED, **EVERY_DIRECTION), 1.3),
    Group(
        "matrix products", {f"gemm/{shape}{suffix}": 1.0 for shape in PRODUCTS for suffix in ("", "/transpose*")}, 1.2
    ),
    Group("pooling: forward", {f"pool2d/{name}/*_forward": 1.1 for name in ("lenet", "vgg", "alex", "res")}, 1.4),
    Group("pooling: backward", {f"pool2d/{name}/*_backward": 1.5 for name in ("lenet", "vgg", "alex", "res")}, 2.5),
    Group("pointwise, loss, norms, optimiser, embedding", dict.fromkeys(POINTWISE, 1.0), 1.3),
    Group(
        "training step",
        {"nets/mlp/train": 1.2, "nets/cnn/train": 1.5, "nets/autoencoder/train": 1.1, "nets/alphago/train": 2.2},
        vs_tuned_malloc=1.0,
    ),
    Group(
        "inference, batch of training",
        {f"nets/{net}/inference_{n}": 1.05 for net, n in zip(FOUR_NETS, (32, 64, 100, 16), strict=True)},
        1.3,
    ),
    Group("inference, batch 1", {f"nets/{net}/inference_1": 1.1 for net in FOUR_NETS}, 1.3),
    Group("one epoch through fit", {"nets/*/fit": 1.3}),
    Group(
        "overhead",
        {"overhead/mlp*": 3.0},
        max_microseconds={"overhead/core": 2, "overhead/op": 5, "overhead/op_taped": 10},
    ),
)

# All participants limited to AVX2 (--isa avx2).
AVX2_GROUPS = (
    Group("convolution", {f"conv2d/{name}/*": 0.0 for name in f"{SAME_3X3} {LARGE} {SMALL_OR_STRIDED}".split()}, 1.5),
)


def _recurrent(cells: str, shapes: str, **min_ratio: float) -> dict[str, float]:
    return {
        f"{cell}/{shape}/{mode}": goal
        for cell in cells.split()
        for shape in shapes.split()
        for mode, goal in min_ratio.items()
    }


# time x batch x inputs x units
LSTM_LARGE = "100x32x128x128 50x64x256x256 35x20x650x650 25x64x512x512 28x128x28x128"
LSTM_SMALL = "100x2x128x128 100x4x128x128 100x8x128x128 100x16x128x128 128x1x256x256"
LARGE_BATCH, SMALL_BATCH = "100x32x128x128 50x64x256x256", "100x4x128x128 128x1x256x256"
RECURRENT_GROUPS = (
    Group("LSTM: inference", _recurrent("lstm", LSTM_LARGE, inference=1.03), 1.12),
    Group("LSTM: training", _recurrent("lstm", LSTM_LARGE, train=1.1), 1.25),
    Group("LSTM, batch 1 to 16", _recurrent("lstm", LSTM_SMALL, inference=1.2, train=1.2), 1.6),
    Group("GRU and RNN: inference", _recurrent("gru rnn", LARGE_BATCH, inference=1.3), 1.6),
    Group("GRU and RNN: training", _recurrent("gru rnn", LARGE_BATCH, train=1.45), 1.85),
    Group(
        "GRU and RNN against PyTorch alone",
        _recurrent("gru rnn", LARGE_BATCH, inference=1.6, train=1.6),
        2.2,
        rival="torch",
    ),
    Group(
        "GRU and RNN against PyTorch, batch 1 to 4",
        _recurrent("gru rnn", SMALL_BATCH, inference=5.0, train=5.0),
        rival="torch",
    ),
    Group("bidirectional LSTM: inference", {"bidirectional/lstm/*/inference": 1.12}),
    Group("bidirectional LSTM: training", {"bidirectional/lstm/*/train": 1.4}),
    Group("characters: training step", {"nets/char/train": 1.15}, vs_tuned_malloc=1.0),
    Group("sentiment: training step", {"nets/sentiment/train": 1.5}, vs_tuned_malloc=1.05),
    Group("characters, sentiment: inference", {f"nets/{net}/inference_32": 1.05 for net in ("char", "sentiment")}),
    Group("sentiment: inference, batch 1", {"nets/sentiment/inference_1": 1.2}),
    Group("LSTM, one step per call", {"recurrent_step/lstm/256": 5.0}, rival="torch"),
    Group("an option switched on, against the layer without", {"recurrent_options/*": 0.9}, rival="pydl-plain"),
    Group("lengths from a tenth to all steps, against padding", {"recurrent_lengths/*": 1.6}, rival="pydl-plain"),
    Group("the same, against PyTorch's packed sequences", {"recurrent_lengths/*": 1.0}, rival="torch"),
)

# Other shapes, without goals: to find the slowest.
SWEEP_GROUPS = (
    Group("other shapes: convolution", {"sweep/conv2d/*": 0.0}),
    Group("other shapes: products", {"sweep/gemm/*": 0.0}),
)

# The cases in which a peer other than PyTorch was the fastest once. To run all peers in all cases takes hours.
CASES_OF_PEER = {
    "pydl-plain": ("recurrent_options/*", "recurrent_lengths/*"),
    "numpy": ("gemm/64x64x64*",),
    "onnxruntime": (
        *("conv2d/lenet1/forward", "pool2d/lenet/max_forward", "gemm/*"),
        *("activation/4M/tanh_forward", "activation/4M/sigmoid_forward", "nets/*/inference_*"),
        *("lstm/*/inference", "gru/*/inference", "rnn/*/inference", "bidirectional/*/inference"),
    ),
    "jax": (
        *("conv2d/vgg5/backward_weight", "pool2d/vgg/max_forward", "gemm/1024x*", "loss/32x10", "batch_norm/*/forward"),
        *("nets/mlp/train", "nets/mlp/fit", "nets/autoencoder/train", "nets/cnn/inference_64"),
        *("rnn/*", "gru/*/train"),
    ),
    "tensorflow": (
        *("conv2d/res_1x1/forward", "conv2d/res_down/backward_input", "gemm/2048x*", "loss/1024x10000"),
        *("pool2d/vgg/max_forward", "pool2d/alex/max_forward", "pool2d/res/max_forward"),
        *("pool2d/vgg/avg_backward", "pool2d/res/avg_backward", "dropout/*", "embedding/*backward"),
        *("nets/cnn/train", "nets/cnn/fit", "nets/alphago/train"),
    ),
}


def takes_part(peer: str, case: Case) -> bool:
    return peer not in CASES_OF_PEER or any(fnmatchcase(case.name, pattern) for pattern in CASES_OF_PEER[peer])


def groups(suite: str, isa: str | None) -> tuple[Group, ...]:
    """The groups of a suite; none if it has no goals."""
    peers = AVX2_GROUPS if isa == "avx2" else GROUPS
    return {"peers": peers, "recurrent": RECURRENT_GROUPS, "sweep": SWEEP_GROUPS}.get(suite, ())


def select(filters: Sequence[str], groups: Sequence[Group]) -> list[Case]:
    """The cases of these groups, each once."""
    all_cases = (case for group in groups for case in group.cases())
    return list(dict.fromkeys(case for case in all_cases if not filters or any(part in case.name for part in filters)))


# ---- results -------------------------------------------------------------------------------------------------------


def verdict(goal: float, reached: Interval) -> str:
    """yes if the median reaches the goal, "within noise" if only the 95 % interval does."""
    middle, _, high = reached
    return "yes" if middle >= goal else "within noise" if high >= goal else "no"


def strongest(result: Measurement, rival: str = "") -> str:
    """The fastest peer, or the rival. torch-heap, with its tuned malloc, is not a candidate."""
    peers = [peer for peer in result.peers() if peer == rival or (not rival and peer != "torch-heap")]
    return min(peers, key=lambda peer: result.ratio(peer)[0], default="")


@dataclass(frozen=True)
class GoalResult:
    """What one case reached, and its goal."""

    result: Measurement
    peer: str
    reached: Interval  # ratio to that peer, or microseconds
    goal: float
    met: str
    is_ratio: bool = True


def mean_ratio(lines: Sequence[GoalResult]) -> Interval:
    """Geometric mean of the cases' ratios. Its interval is over the process starts."""
    ratios = [line.result.ratios(line.peer) for line in lines]
    count = max(len(of_case) for of_case in ratios)
    means = [geometric_mean(median(of_case[i % len(of_case)]) for of_case in ratios) for i in range(count)]
    return interval(means)


def goal_result(group: Group, result: Measurement) -> GoalResult:
    def find(table: dict[str, float]) -> float | None:
        return next((goal for pattern, goal in table.items() if fnmatchcase(result.case.name, pattern)), None)

    peer, limit = strongest(result, group.rival), find(group.max_microseconds)
    if limit is not None and result.times():
        middle, low, high = (1e6 * seconds for seconds in interval(result.times("pydl")))
        return GoalResult(result, peer, (middle, low, high), limit, verdict(-limit, (-middle, -high, -low)), False)
    goal = find(group.min_ratio) or 0.0
    reached = result.ratio(peer) if peer else (0.0, 0.0, 0.0)
    return GoalResult(result, peer, reached, goal, verdict(goal, reached) if peer else "not measured")


def goal_results(group: Group, results: Sequence[Measurement], threads: int) -> list[GoalResult]:
    names = {case.name for case in group.cases()}
    return [goal_result(group, result) for result in results if result.threads == threads and result.case.name in names]
