"""Batch and layer normalization in PyTorch, without autograd."""

from functools import partial

import torch

from .. import Array, Variant
from .layout import LAYOUTS, channels_last, image, plain

aten = torch.ops.aten


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    weights = torch.from_numpy(gamma), torch.from_numpy(beta)
    return [
        Variant(
            partial(aten.native_batch_norm, image(x, layout), *weights, None, None, True, 0.0, epsilon),
            lambda result: channels_last(result[0]),
            name,
        )
        for name, layout in LAYOUTS.items()
    ]


def batch_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    weight, bias = torch.from_numpy(gamma), torch.from_numpy(beta)

    def both(tx: torch.Tensor, tdy: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y, *saved = aten.native_batch_norm(tx, weight, bias, None, None, True, 0.0, epsilon)
        gradient = aten.native_batch_norm_backward
        return y, *gradient(tdy, tx, weight, None, None, *saved, True, epsilon, [True, True, True])

    return [
        Variant(
            partial(both, image(x, layout), image(dy, layout)),
            lambda result: [*channels_last(result[0]), *channels_last(result[1]), *plain(result[2:])],
            name,
        )
        for name, layout in LAYOUTS.items()
    ]


def layer_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    tensors = torch.from_numpy(x), x.shape[-1:], torch.from_numpy(gamma), torch.from_numpy(beta)
    return [Variant(partial(aten.native_layer_norm, *tensors, epsilon), lambda result: plain(result[0]))]


def layer_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    tx, tdy, shape = torch.from_numpy(x), torch.from_numpy(dy), x.shape[-1:]
    weights = torch.from_numpy(gamma), torch.from_numpy(beta)

    def call() -> tuple[torch.Tensor, ...]:
        y, *saved = aten.native_layer_norm(tx, shape, *weights, epsilon)
        return y, *aten.native_layer_norm_backward(tdy, tx, shape, *saved, *weights, [True, True, True])

    return [Variant(call, plain)]
