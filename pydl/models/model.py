"""Model: a layer that learns, saves its weights and describes itself. Subclass it, or use Sequential."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from ..data import as_numbers
from ..layers import Layer
from ..plan import PlanCache
from ..tape import state
from ..tensor import Tensor, as_tensor
from .summary import format_summary
from .trainer import Trainer
from .weights import load_arrays, save_arrays


class Model(Trainer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    Subclasses make layers in `__init__` and use them in `call(self, x, training=None)`. Called without a tape (training
    not True, outside `with pydl.GradientTape()`, x without requires_grad) the model replays an inference plan, and the
    result has no history; otherwise its ops are recorded.
    """

    separate_inputs: tuple[type, ...] = (np.ndarray, Tensor)  # a list of these is a list of inputs
    autocast = False  # its layers cast for themselves; an embedding wants integers

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._plans = PlanCache()

    def __call__(self, inputs: Any, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        recorded = training or state.depth or state.open_tapes or state.training or args or kwargs
        several = type(inputs) is list or type(inputs) is tuple
        if several and not any(isinstance(i, self.separate_inputs) for i in inputs):  # one array, as predict takes it
            inputs, several = as_numbers("x", inputs), False
        if several:
            return super().__call__(inputs, *args, training=training, **kwargs)
        x = as_tensor(inputs)
        self.check_input_shape(x.shape)
        if recorded or x.requires_grad or x.mask is not None:
            return super().__call__(x, *args, training=training, **kwargs)
        array = x.array
        if array.dtype != self.dtype and (self.casts_integers or array.dtype.kind == "f"):
            array = array.astype(self.dtype)
        if not self.built:
            self.build_once(array.shape)
        return self._plans.run(self._infer, array, self._all_weights)

    def _infer(self, x: Tensor) -> Any:
        return Layer.__call__(self, x, training=False)

    def check_input_shape(self, shape: tuple[Any, ...]) -> None:
        """ShapeError if a model that knows its input's shape gets another."""

    def _all_weights(self) -> Any:
        return self.weights

    @property
    def layers(self) -> list[Layer]:
        """The layers of this model, in the order they were made; those inside them not counted."""
        return [layer for layer in self._children()]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index. ValueError if there is none."""
        if (name is None) == (index is None):
            raise ValueError("[get_layer] expected either a name or an index")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"[get_layer] index: expected below {len(layers)}, got {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"[get_layer] name: no layer {name!r}; there are {', '.join(la.name for la in layers)}")

    # -- weights in files

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes all weights as an .npz file, which appears whole or not at all.

        RuntimeError for a model without weights yet, FileExistsError for an old file and overwrite=False, ValueError
        for a path with the ending of another format.
        """
        if not self.built:
            raise RuntimeError(
                f"[save_weights] {self.name} has no weights yet: call it on data, fit it or give an Input"
            )
        save_arrays(filepath, [(v.name, v.array) for v in self.weights], overwrite)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Reads what `save_weights` wrote, bit by bit. ValueError if it does not fit; then no weight has changed."""
        if not self.built:
            raise RuntimeError(
                f"[load_weights] {self.name} has no weights yet: call it on data, fit it or give an Input"
            )
        weights = self.weights
        for variable, array in zip(weights, load_arrays(filepath, [(v.name, v.shape) for v in weights]), strict=True):
            variable.assign(array)

    # -- description

    def get_config(self) -> dict[str, Any]:
        """NotImplementedError: only the author of a subclass knows what its constructor was given."""
        raise NotImplementedError(
            f"[{self.name}] get_config: {type(self).__name__} is a subclass of Model; define get_config() to return "
            "its constructor's arguments"
        )

    def count_params(self) -> int:
        """The number of weights' elements. RuntimeError before the model is built."""
        if not self.built:
            raise RuntimeError(f"[count_params] {self.name} is not built: call it on data, fit it or give an Input")
        return super().count_params()

    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
    ) -> None:
        """Prints a table of layers, output shapes and parameters.

        line_length: the width, by default that of the terminal; long names wrap, they are never cut. print_fn: gets
        the text instead of print.
        """
        width = line_length or shutil.get_terminal_size((100, 24)).columns
        (print_fn or print)(format_summary(self, width, show_trainable))

    def output_shapes(self) -> list[Any]:
        """The output shape of every layer in `layers`, None where it is not known before a call."""
        return [None for _ in self.layers]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Found by calling the model on zeros, unless a subclass knows better."""
        probe = np.zeros([1 if n is None else n for n in input_shape], self.dtype)
        return (input_shape[0], *self(probe, training=False).shape[1:])
