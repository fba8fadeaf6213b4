"""Building of layers: weights are created once, whichever call and thread comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from .. import constraints, regularizers
from ..autograd.tape import no_grad, state
from ..autograd.variable import Variable
from ..base import trial
from ..base.argument_names import arguments_of
from ..base.errors import ShapeError
from ..base.locks import building
from ..base.tree import map_structure
from .added_losses import LossAdder
from .call_arguments import Signature, shape_of
from .constructors import initial_value


def marks_as_built(build: Callable[..., None]) -> Callable[..., None]:
    """Decorator of a layer's build(): runs it outside of the state of a call, and sets `built`.

    `built` is set at the end of the outermost build(), which may call that of a base class. Other threads wait for it.
    """
    arguments = arguments_of(build, is_method=True)
    takes_shapes = arguments.names or arguments.has_var_positional or arguments.has_var_keyword

    @wraps(build)
    def marking(self: WeightMaker, *args: Any, **kwargs: Any) -> None:
        with building:
            before, inner = (state.layer_depth, state.training), self._building
            state.layer_depth, state.training = 0, None
            vars(self)["_building"] = True
            try:
                reserved = vars(self)["_reserved_seeds"].used() if "_reserved_seeds" in vars(self) else nullcontext()
                with no_grad(), trial.running(None), reserved:
                    build(self, *args, **kwargs) if takes_shapes else build(self)
                if not inner:
                    vars(self)["_build_shape"] = args[0] if args else None  # for the summary of a model
                    self.built = True
            finally:
                state.layer_depth, state.training = before
                if not inner:
                    vars(self).pop("_building", None)
        if not inner and (running := trial.current()) is not None:
            self._protect(running)

    return marking


class WeightMaker(LossAdder):
    """The part of a layer that builds it."""

    built: bool
    dtype: np.dtype[Any]
    _signature: ClassVar[Signature]  # of call()

    @marks_as_built
    def build(self, input_shape: Any) -> None:
        """Makes the weights. Called before the first `call`; override it, or make the weights in `__init__`.

        Args:
            input_shape: Shape of the input with the batch axis, None for an open size; a structure of shapes for
                several tensors. `build` may take the shape of each argument of `call` by its name instead: `a_shape`
                for `a`.

        Example:
            >>> layer = pydl.layers.Dense(4)
            >>> layer.build((None, 3))
            >>> layer.built, layer.kernel.shape
            (True, (3, 4))
        """

    def _build_once(self, input_shape: Any) -> None:
        """Calls build() unless the layer is built, perhaps by another thread meanwhile."""
        if not self.built:
            with building:
                if not self.built:
                    self.build(input_shape)

    def _build_for(self, x: Any, kwargs: dict[str, Any]) -> None:
        """Calls build() with the shapes of the call's arguments: those that build() takes by name, or that of x."""
        signature = Signature(type(self).build)
        if len(signature.names) < 2:
            self._build_once(map_structure(shape_of, x))
        elif not self.built:
            with building:
                if not self.built:
                    self.build(**signature.arguments(self.name, self._signature, x, kwargs))

    def _protect(self, running: trial.Trial) -> None:
        """In a trial run: makes changes of built layers undone at its end; other layers follow once they are built."""
        layers = self._all_layers()
        running.protect([layer for layer in layers if layer.built], [*layers, *self._all_weights()])

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Makes a weight. To be called in `__init__` or `build`.

        Args:
            shape: Tuple of sizes; None is a scalar.
            initializer: Initializer or its name; None is "glorot_uniform" for floats, else "zeros".
            dtype: Dtype of the weight; None is that of the layer.
            trainable: Whether `fit` changes it. Only floats are trained.
            autocast: Accepted, as in Keras; changes nothing.
            regularizer: Regularizer or its name; None for none.
            constraint: Constraint or its name; None for none.
            aggregation: Accepted, as in Keras; changes nothing.
            name: Name of the weight; None is "variable".

        Returns:
            A new `Variable` of this shape and dtype.

        Raises:
            TypeError: shape is no tuple of sizes.
            ShapeError: A size is open (None).
            ValueError: A name is unknown.

        Example:
            >>> layer = pydl.layers.Layer(name="own")
            >>> weight = layer.add_weight((2, 3), "zeros", name="table")
            >>> weight.path, weight.shape
            ('own/table', (2, 3))
        """
        if isinstance(shape, str) or not (shape is None or hasattr(shape, "__iter__")):
            raise TypeError(f"[{self.name}] shape: expected a tuple of sizes as the first argument, got {shape!r}")
        shape, name = () if shape is None else tuple(shape), name or "variable"
        dtype = np.dtype(dtype or self.dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtype.kind == "f" else "zeros"
        if any(n is None for n in shape):
            raise ShapeError(
                f"[{self.name}] {name}: expected known sizes for the weight, got {tuple(shape)}; the input "
                "shape leaves one open"
            )
        variable = Variable(
            initial_value(self.name, name, initializer, shape, dtype),
            trainable,
            dtype,
            name=name,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        variable.path = f"{self.name}/{name}"
        variable.trainable = variable.declared_trainable and self._trainable
        self._variables.append(variable)
        return variable
