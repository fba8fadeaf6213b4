"""A random Sequential of a few layers with its data, for the parts layers, models and plans."""

from typing import Any

import numpy as np

import pydl
from pydl import GradientTape, Tensor, layers, ops

from .hostile import pick
from .layer_specs import Spec, draw

Array = Any


def _size(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 10) if rng.random() < 0.8 else rng.integers(10, 40))


class Net:
    """`specs`, `model`, input `x`, and `weighting`, random: the loss is the sum of weighting * outputs."""

    def __init__(self, rng: np.random.Generator, depth: int) -> None:
        self.dtype = str(pick(rng, ("float32", "float32", "float64")))
        rank = int(rng.integers(1, 4))
        shape = tuple(_size(rng) for _ in range(rank))
        self.specs: list[Spec] = []
        made: list[Any] = [layers.Input(shape, dtype=self.dtype)]
        shapes = [shape]
        while len(self.specs) < depth:
            spec = draw(rng, shapes[-1])
            layer = getattr(layers, spec[0])(**spec[1], dtype=self.dtype)
            after = tuple(layer.compute_output_shape((2, *shapes[-1])))[1:]
            if int(np.prod(after)) > 20_000 or not all(after):
                continue
            self.specs.append(spec)
            made.append(layer)
            shapes.append(after)
        self.input_shape = shape
        self.model = pydl.Sequential(made)
        self.training = bool(rng.integers(2))
        for variable in self.model.weights:
            scale = 1 / np.sqrt(max(1, np.prod(variable.shape[:-1]))) if len(variable.shape) > 1 else 0.5
            value = scale * rng.standard_normal(variable.shape)
            variable.assign(np.abs(value) + 0.2 if variable.name.endswith("variance") else value)
        self.batch = int(rng.integers(1, 5) if rng.random() < 0.8 else rng.integers(5, 30))
        self.x = rng.standard_normal((self.batch, *shape)).astype(self.dtype)
        self.weighting = rng.standard_normal((self.batch, *shapes[-1])).astype(self.dtype)

    def __str__(self) -> str:
        lines = [f"    {name}({', '.join(f'{k}={v!r}' for k, v in options.items())})" for name, options in self.specs]
        head = f"Sequential on {self.dtype} ({self.batch}, {self.input_shape}), training={self.training}"
        return "\n".join([head, *lines])

    def again(self) -> pydl.Sequential:
        """A second model with the same weights."""
        made = [getattr(layers, name)(**options, dtype=self.dtype) for name, options in self.specs]
        model = pydl.Sequential([layers.Input(self.input_shape, dtype=self.dtype), *made])
        model.set_weights(self.model.get_weights())
        return model

    def gradients(self) -> list[Array]:
        """The outputs, and the gradients of the input and of every trainable weight; moving statistics are restored."""
        before = self.model.get_weights()
        x = Tensor(self.x, requires_grad=True)
        with GradientTape() as tape:
            y = self.model(x, training=self.training)
            loss = ops.sum(y * self.weighting)
        found = tape.gradient(loss, [x, *self.model.trainable_weights])
        self.model.set_weights(before)
        return [y.numpy(), *(None if g is None else g.numpy() for g in found)]
