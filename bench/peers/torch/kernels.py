"""PyTorch's kernels at its ATen functions."""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from .. import Array, Pair, Variant, dropout_statistics
from .layout import LAYOUTS, channels_last, image, kernel, kernel_gradient, plain

aten = torch.ops.aten


def _symmetric(padding: tuple[int, ...]) -> list[int]:
    top, bottom, left, right = padding
    assert (top, left) == (bottom, right), "torch pads both sides equally"
    return [top, left]


# ---- matrix product ------------------------------------------------------------------------------------------------


def matmul(
    a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool
) -> list[Variant]:
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)
    ta, tb = ta.T if transpose_a else ta, tb.T if transpose_b else tb
    out = torch.empty(ta.shape[0], tb.shape[1])
    if bias is None:
        return [
            Variant(lambda: torch.mm(ta, tb), plain),
            Variant(lambda: torch.mm(ta, tb, out=out), plain, "out="),
        ]
    tbias, function = torch.from_numpy(bias), {"relu": torch.relu_, "sigmoid": torch.sigmoid_}[activation]
    return [
        Variant(lambda: function(torch.addmm(tbias, ta, tb)), plain),
        Variant(lambda: function(torch.addmm(tbias, ta, tb, out=out)), plain, "out="),
    ]


# ---- convolution ---------------------------------------------------------------------------------------------------


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Variant]:
    tbias, options = torch.from_numpy(bias), (strides, _symmetric(padding), [1, 1], groups)
    return [
        Variant(partial(F.conv2d, image(x, layout), kernel(w, layout), tbias, *options), channels_last, name)
        for name, layout in LAYOUTS.items()
    ]


def _gradients(x: Array, w: Array, dy: Array, mask: list[bool], strides: Pair, padding: Any, groups: int) -> Any:
    """The name of each layout, and a call for those of dx, dw and db that the mask selects."""
    for name, layout in LAYOUTS.items():
        tensors = image(dy, layout), image(x, layout), kernel(w, layout), [dy.shape[3]]
        options = strides, _symmetric(padding), [1, 1], False, [0, 0], groups, mask
        yield name, partial(aten.convolution_backward, *tensors, *options)


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, **options: Any) -> list[Variant]:
    calls = _gradients(np.zeros(input_shape, np.float32), w, dy, [True, False, False], **options)
    return [Variant(call, lambda result: channels_last(result[0]), name) for name, call in calls]


def conv2d_backward_weight(x: Array, dy: Array, kernel_shape: Any, **options: Any) -> list[Variant]:
    calls = _gradients(x, np.zeros(kernel_shape, np.float32), dy, [False, True, True], **options)
    return [Variant(call, lambda result: kernel_gradient(result[1:]), name) for name, call in calls]


def conv2d_transpose_inference(x: Array, w: Array, stride: int) -> list[Variant]:
    @torch.inference_mode()
    def call(tx: torch.Tensor, tw: torch.Tensor) -> torch.Tensor:
        return F.conv_transpose2d(tx, tw, stride=stride)

    return [
        Variant(partial(call, image(x, layout), kernel(w, layout)), channels_last, name)
        for name, layout in LAYOUTS.items()
    ]


# ---- pooling -------------------------------------------------------------------------------------------------------


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [
        Variant(partial(aten.max_pool2d, image(x, layout), pool_size, strides), channels_last, name)
        for name, layout in LAYOUTS.items()
    ]


def max_argmax_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [
        Variant(
            partial(aten.max_pool2d_with_indices, image(x, layout), pool_size, strides),
            lambda result: channels_last(result[0]),
            name,
        )
        for name, layout in LAYOUTS.items()
    ]


def max_pool2d_backward(
    x: Array, dy: Array, input_shape: tuple[int, ...], pool_size: Pair, strides: Pair
) -> list[Variant]:
    variants = []
    for name, layout in LAYOUTS.items():
        tx, tdy = image(x, layout), image(dy, layout)
        _, indices = aten.max_pool2d_with_indices(tx, pool_size, strides)
        gradient = aten.max_pool2d_with_indices_backward
        call = partial(gradient, tdy, tx, pool_size, strides, [0, 0], [1, 1], False, indices)
        variants.append(Variant(call, channels_last, name))
    return variants


def avg_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [
        Variant(partial(F.avg_pool2d, image(x, layout), pool_size, strides), channels_last, name)
        for name, layout in LAYOUTS.items()
    ]


def avg_pool2d_backward(dy: Array, input_shape: tuple[int, ...], pool_size: Pair, strides: Pair) -> list[Variant]:
    x = np.zeros(input_shape, np.float32)
    return [
        Variant(
            partial(
                aten.avg_pool2d_backward,
                *(image(dy, layout), image(x, layout)),
                *(pool_size, strides, [0, 0], False, True, None),
            ),
            channels_last,
            name,
        )
        for name, layout in LAYOUTS.items()
    ]


# ---- pointwise, loss, optimizer ------------------------------------------------------------------------------------


def activation_forward(x: Array, function: str) -> list[Variant]:
    tx = torch.from_numpy(x)
    out = torch.empty_like(tx)
    if function == "relu":
        return [Variant(lambda: torch.relu(tx), plain), Variant(lambda: torch.clamp_min(tx, 0, out=out), plain, "out=")]
    if function == "gelu":
        return [Variant(lambda: F.gelu(tx), plain), Variant(lambda: aten.gelu.out(tx, out=out), plain, "out=")]
    operator = getattr(torch, function)
    return [Variant(lambda: operator(tx), plain), Variant(lambda: operator(tx, out=out), plain, "out=")]


def activation_backward(x: Array, dy: Array, function: str) -> list[Variant]:
    tx, tdy = torch.from_numpy(x), torch.from_numpy(dy)
    out = torch.empty_like(tx)
    operator: Any
    arguments: tuple[Any, ...]
    if function == "gelu":
        operator, arguments = aten.gelu_backward, (tdy, tx)
    elif function == "relu":
        operator, arguments = aten.threshold_backward, (tdy, torch.relu(tx), 0)
    else:
        operator, arguments = getattr(aten, f"{function}_backward"), (tdy, getattr(torch, function)(tx))
    return [
        Variant(lambda: operator(*arguments), plain),
        Variant(lambda: operator.grad_input(*arguments, grad_input=out), plain, "out="),
    ]


def embedding_forward(ids: Array, table: Array) -> list[Variant]:
    return [Variant(partial(aten.embedding, torch.from_numpy(table), torch.from_numpy(ids)), plain)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Variant]:
    call = partial(aten.embedding_dense_backward, torch.from_numpy(dy), torch.from_numpy(ids), rows, -1, False)
    return [Variant(call, plain)]


def transpose(x: Array, axes: tuple[int, ...]) -> list[Variant]:
    tensor = torch.from_numpy(x)
    return [Variant(lambda: tensor.permute(axes).contiguous(), plain)]


def pad(x: Array, pad_width: tuple[tuple[int, int], ...]) -> list[Variant]:
    """torch counts the axes from the last."""
    tensor, widths = torch.from_numpy(x), [n for pair in reversed(pad_width) for n in pair]
    return [Variant(lambda: torch.nn.functional.pad(tensor, widths), plain)]


def upsample(x: Array, factor: int, interpolation: str) -> list[Variant]:
    """In both memory layouts."""
    options = {"scale_factor": factor, "mode": interpolation}
    last = torch.from_numpy(x).permute(0, 3, 1, 2)

    def variant(tensor: torch.Tensor, name: str) -> Variant:
        call = partial(torch.nn.functional.interpolate, tensor, **options)
        return Variant(call, lambda y: plain(y.permute(0, 2, 3, 1)), name)

    return [variant(last, "channels_last"), variant(last.contiguous(), "channels_first")]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Variant]:
    tlogits, tlabels, tdloss = torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(dloss)

    def kernels() -> tuple[torch.Tensor, torch.Tensor]:
        log_probs = aten._log_softmax(tlogits, 1, False)
        loss, weight = aten.nll_loss_forward(log_probs, tlabels, None, 0, -100)
        gradient = aten.nll_loss_backward(tdloss, log_probs, tlabels, None, 0, -100, weight)
        return loss, aten._log_softmax_backward_data(gradient, log_probs, 1, torch.float32)

    return [Variant(kernels, plain)]


def adam(params: list[Array], grads: list[Array], **rule: float) -> list[Variant]:
    variants = []
    for name in ("fused", "foreach"):
        weights = [torch.from_numpy(w.copy()) for w in params]
        for w, g in zip(weights, grads, strict=True):
            w.grad = torch.from_numpy(g)
        betas = (rule["beta_1"], rule["beta_2"])
        options: dict[str, Any] = {name: True}
        step = torch.optim.Adam(weights, rule["learning_rate"], betas, rule["epsilon"], **options).step
        variants.append(Variant(step, partial(lambda tensors, _: plain(tensors), weights), name))
    return variants


def dropout_forward(x: Array, rate: float) -> list[Variant]:
    tx = torch.from_numpy(x)
    return [
        Variant(lambda: aten.native_dropout(tx, rate, True)[0], dropout_statistics),
        Variant(lambda: aten.bernoulli(tx, 1 - rate).div_(1 - rate).mul_(tx), dropout_statistics, "bernoulli"),
    ]


def dropout_forward_backward(x: Array, rate: float) -> list[Variant]:
    tx = torch.from_numpy(x)

    def call() -> torch.Tensor:
        y, mask = aten.native_dropout(tx, rate, True)
        return aten.native_dropout_backward(y, mask, 1 / (1 - rate))

    return [Variant(call, dropout_statistics)]


def relu_tensor(x: Array, record: bool) -> list[Variant]:
    return [Variant(partial(torch.relu, torch.from_numpy(x).requires_grad_(record)), lambda y: plain(y.detach()))]
