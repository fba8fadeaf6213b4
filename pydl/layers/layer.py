"""Layer: what all layers share. Weights are made in `build`, the computation is in `call`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import constraints, ops, regularizers
from ..autograd import plan
from ..autograd.changes import Counted
from ..autograd.tape import no_grad, spoil_plan, state
from ..autograd.tensor import Tensor, as_tensor
from ..autograd.variable import Variable, numbers
from ..base import trial
from ..base.argument_names import arguments_of, checks_names, constructor_arguments, refuse_unknown
from ..base.errors import ShapeError, positive_integer
from ..base.locks import building, counting
from ..base.random_streams import Ahead
from ..base.tree import flatten, is_nested, map_structure
from .added_losses import LossAdder
from .attributes import OfOnlyCall, SetByInit, checked_dtype, checked_flag, unique_name
from .call_arguments import (
    Signature,
    TypedShape,
    as_mask,
    converted_further,
    is_several,
    mask_of,
    refuse_several,
    shape_of,
)
from .constructors import initial_value, names_arguments
from .mask_end import tell_where_a_mask_ends
from .shapes_on_zeros import shapes_on_zeros
from .symbolic import Call, call_layer, is_symbolic
from .tracking import PARTS_OR_CONTAINERS, UNWATCHED

__all__ = ["Layer"]

Shape = tuple[Any, ...]  # ints; None for a size that is open


def _that_marks_as_built(build: Callable[..., None]) -> Callable[..., None]:
    """A layer's build(), whoever calls it. Making weights is not what call() does, even if it happens then.

    Built is the layer at the end of the outermost build(), which may call that of a base: other threads wait for it.
    """
    arguments = arguments_of(build, is_method=True)
    takes_shapes = arguments.names or arguments.gathers or arguments.others

    @wraps(build)
    def marking(self: Layer, *args: Any, **kwargs: Any) -> None:
        with building:
            before, inner = (state.depth, state.training), self._building
            state.depth, state.training = 0, None
            vars(self)["_building"] = True
            try:
                ahead = vars(self)["_ahead"].used() if "_ahead" in vars(self) else nullcontext()
                with no_grad(), trial.running(None), ahead:
                    build(self, *args, **kwargs) if takes_shapes else build(self)
                if not inner:
                    vars(self)["_build_shape"] = args[0] if args else None  # what the summary of a model asks
                    self.built = True
            finally:
                state.depth, state.training = before
                if not inner:
                    vars(self).pop("_building", None)
        if not inner and (running := trial.current()) is not None:
            self._protect(running)

    return marking


class Layer(LossAdder, Counted):
    """Base of all layers, as in Keras: override `build(input_shape)`, `call(inputs)` and `get_config()`.

    Variables and layers among the attributes, also in lists, tuples, dicts and sets of any depth, are found.
    Floating inputs are cast to `dtype`. Setting an attribute outside `call`, or changing a list, dict or set that is
    one, voids the plans of the models that have the layer; setting one inside `call` makes the layer stateful, and its
    model runs without a plan.

    Args:
        activity_regularizer: a regularizer (or its name) of the layer's output.
        trainable: whether the weights are trained.
        dtype: "float32" (also None) or "float64".
        autocast: whether floating inputs are cast to dtype.
        name: unique by itself if left out.
        input_shape, or input_dim for one axis: of one sample; the first layer of a Sequential can say so in place of an
            Input.
    """

    autocast = True
    supports_masking = True  # whether a mask of the inputs holds for the outputs too, if its axes are still there
    _keeps_integers = True  # inputs that are not floating stay what they are; our own layers that compute cast them
    _passes_dtype = False  # the outputs are of the dtype of the inputs
    _signature: ClassVar[Signature]  # of call()
    _unwatched = UNWATCHED - {"_variables", "_state_variables"}
    _call_count: int  # on symbolic tensors
    _only_call: Call | None
    _takes_training = False
    _takes_mask = False
    _makes_mask = False
    input, output = OfOnlyCall("input"), OfOnlyCall("output")
    if not TYPE_CHECKING:
        name = dtype = built = _trainable = _variables = _losses = SetByInit()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            checking = checks_names(cls.__init__)
            cls.__init__ = names_arguments(checking) if cls.__module__.startswith("pydl.") else checking  # type: ignore[method-assign]
        if "build" in vars(cls):
            cls.build = _that_marks_as_built(cls.build)  # type: ignore[method-assign]
        cls._signature = signature = Signature(cls.call)
        cls._takes_training = "training" in signature.names
        cls._takes_mask = "mask" in signature.names
        cls._makes_mask = cls.compute_mask is not Layer.compute_mask

    @names_arguments
    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            refuse_unknown(type(self).__name__, unknown, constructor_arguments(type(self)))
        self.name = name or unique_name(type(self).__name__)
        self.dtype = checked_dtype(self.name, dtype)
        if not autocast:
            self.autocast = False
        if input_dim is not None:
            input_shape = (positive_integer(self.name, "input_dim", input_dim),)
        self.built = False
        self._number = next(numbers)
        self._first_shape: Shape | None = None if input_shape is None else tuple(input_shape)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = checked_flag(self.name, "trainable", trainable)
        self._variables: list[Variable] = []
        self._losses: list[Tensor] = []
        self._state_variables: list[Variable] = []  # what call() keeps for the next; no weights
        self._call_count, self._only_call = 0, None

    def __getstate__(self) -> dict[str, Any]:  # copies are in no model yet; Graph puts its own calls back
        if not self.built:
            vars(self).setdefault("_ahead", Ahead("initializer"))  # its weights will be those of the copy
        return {**vars(self), "_call_count": 0, "_only_call": None}

    def _called(self, call: Call, by_sequential: bool = False) -> None:
        """Notes a call on symbolic tensors. A second one may depend on the first: keeping both would be a cycle.

        Those that a Sequential makes are not counted: its layers may be called by others too.
        """
        with counting:
            count = self._call_count if by_sequential else self._call_count + 1
            vars(self).update(_call_count=count, _only_call=None if count > 1 else self._only_call or call)

    def __setattr__(self, name: str, value: Any) -> None:
        if state.depth:
            spoil_plan(f"layer {self.__dict__.get('name')!r} sets its attribute {name!r} in call()")
        if isinstance(value, PARTS_OR_CONTAINERS) and name not in UNWATCHED:
            self._came(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if state.depth:
            spoil_plan(f"layer {self.__dict__.get('name')!r} deletes its attribute {name!r} in call()")
        super().__delattr__(name)

    # -- to override

    @_that_marks_as_built
    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape (None: any size). The layer is built then, whoever called this."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """From tensors to tensors. May take `training` (True, False or None)."""
        raise NotImplementedError(f"{type(self).__name__} does not define call()")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the output (a list of them for several outputs) from that of the inputs: here, the same."""
        return flatten(mask)[0] if is_nested(mask) else mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output; found by calling the layer on zeros where a subclass does not say."""
        self._build_once(input_shape)
        return shapes_on_zeros(self, lambda x: self(x, training=False), input_shape)

    def _output_shapes_of(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The output shapes of a call on symbolic tensors, for which the layer is built."""
        if not self._signature.gathers:
            (inputs, kwargs), args = self._signature.sorted(self.name, (inputs, *args), kwargs), ()
        if not self.built:
            self._build_for(inputs, kwargs)
        if type(self).compute_output_shape is Layer.compute_output_shape:
            symbolic = {name: value for name, value in kwargs.items() if is_symbolic(value)}
            others = {name: value for name, value in kwargs.items() if name not in symbolic}
            shapes = map_structure(shape_of, [[inputs, *args], symbolic])
            return shapes_on_zeros(
                self, lambda zeros: self(*zeros[0], **zeros[1], **others | {"training": False}), shapes
            )
        found = Signature(type(self).compute_output_shape).arguments(self.name, self._signature, inputs, kwargs)
        shapes = self.compute_output_shape(**found) if len(found) > 1 else self.compute_output_shape(*found.values())
        return self._typed(inputs, shapes)

    def _typed(self, inputs: Any, shapes: Any) -> Any:
        """The output shapes, with the dtype of the inputs (tensors, or shapes that know theirs) if it is passed on."""
        dtypes = {leaf.dtype for leaf in flatten(inputs) if hasattr(leaf, "dtype")} if self._passes_dtype else ()
        if len(dtypes) != 1 or (dtype := next(iter(dtypes))).kind == "f":
            return shapes
        return map_structure(lambda shape: TypedShape(shape, dtype), shapes)

    def _protect(self, running: trial.Trial) -> None:
        """In a trial run: what is built is put back afterwards, the rest when it has been built."""
        layers = self._all_layers()
        running.protect([layer for layer in layers if layer.built], [*layers, *self._all_weights()])

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make a layer like this one: plain values only."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**config)

    # -- running

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Builds the layer if needed and calls it. `training` is handed on to the layers called inside.

        Arguments may be given by position or by name. On symbolic tensors the result is symbolic: a part of a model to
        be.
        """
        signature, rest = self._signature, args[1:]
        if len(args) == 1 and not kwargs:
            inputs = args[0]
        elif not (args and signature.gathers):
            (inputs, kwargs), rest = signature.sorted(self.name, args, kwargs), ()
            training = kwargs.pop("training", training)
        else:
            inputs = args[0]
        many = not isinstance(inputs, Tensor) and is_several(inputs)
        if (many or inputs is None) and signature.takes_one:
            refuse_several(self.name, inputs)
        if (not isinstance(inputs, Tensor) or kwargs or rest) and is_symbolic((inputs, rest, kwargs)):
            return call_layer(self, (inputs, *rest), kwargs if training is None else {**kwargs, "training": training})
        x: Any = map_structure(self._convert, inputs) if many else self._convert(inputs)
        if rest:
            rest = tuple([map_structure(self._convert, each) for each in rest])
        if kwargs:
            signature.check_names(self, kwargs)
            kwargs = converted_further(self, kwargs)
        if not self.built:
            self._build_for(x, kwargs)
        if training is None:
            training = state.training
        if self._takes_training:
            kwargs["training"] = training
        mask = kwargs.get("mask")
        if mask is None:
            mask = map_structure(mask_of, x) if many else None if x is None else x.mask
            if self._takes_mask:
                kwargs["mask"] = mask
        if signature.masks:
            self._add_masks(x, kwargs)
        before, state.training = state.training, training
        if state.depth == 0 and LossAdder._losses_exist:
            self._clear_losses()
        if state.plan is not None:
            plan.note(self)
        state.depth += 1
        try:
            y = (
                self.call(**{signature.names[0]: x}, **kwargs)
                if signature.first_by_name
                else self.call(x, *rest, **kwargs)
            )
        finally:
            state.depth -= 1
            state.training = before
        if y is None:
            raise TypeError(f"[{self.name}] call: expected a tensor as its result, got None")
        if self._makes_mask or (mask is not None and self.supports_masking):
            self._set_masks(y, self.compute_mask(x, mask))
        elif training and mask is not None:
            tell_where_a_mask_ends(self, x, y, mask, "which passes none on")
        if self.activity_regularizer is not None:
            self._add_activity(y)
        return y

    def _convert(self, x: Any) -> Any:
        """x as a tensor, which is cast if it is floating; by our own layers also if it is not, where they compute."""
        if x is None:
            return None
        tensor = as_tensor(x)
        if tensor.dtype == self.dtype or not self.autocast or (self._keeps_integers and tensor.dtype.kind != "f"):
            return tensor
        cast = ops.cast(tensor, self.dtype)
        cast.mask = tensor.mask
        return cast

    def _add_masks(self, x: Any, kwargs: dict[str, Any]) -> None:
        """The mask of argument `a` is argument `a_mask`, for whoever takes it."""
        first = self._signature.names[0]
        for name, wanted in self._signature.masks.items():
            value = x if name == first else kwargs.get(name)
            if value is not None and kwargs.get(wanted) is None:
                kwargs[wanted] = map_structure(mask_of, value)

    def _add_activity(self, y: Any) -> None:
        """What the activity regularizer asks for, per sample; nothing of a batch without samples."""
        for output in flatten(y):
            assert self.activity_regularizer is not None
            self._add_losses([self.activity_regularizer(output) / max(output.shape[0] if output.ndim else 1, 1)])

    @staticmethod
    def _set_masks(y: Any, masks: Any) -> None:
        """Each output gets its mask, unless a layer inside gave it one, or the axes of the mask are gone."""
        for output, mask in zip(flatten(y), masks if isinstance(masks, list | tuple) else [masks], strict=False):
            mask = mask if mask is None or type(mask) is np.ndarray else as_mask(mask)
            if mask is not None and output.mask is None and output.shape[: mask.ndim] == mask.shape:
                output.mask = mask

    def _build_once(self, input_shape: Any) -> None:
        """build(), unless it was done, or another thread does it now."""
        if not self.built:
            with building:
                if not self.built:
                    self.build(input_shape)

    def _build_for(self, x: Any, kwargs: dict[str, Any]) -> None:
        """build() for what the layer is called with: with the shapes that it takes by name, or that of x."""
        signature = Signature(type(self).build)
        if len(signature.names) < 2:
            self._build_once(map_structure(shape_of, x))
        elif not self.built:
            with building:
                if not self.built:
                    self.build(**signature.arguments(self.name, self._signature, x, kwargs))

    # -- weights

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
        """A new weight; ShapeError if a size is open.

        initializer: None is "glorot_uniform" for floats, else "zeros". Only floats are trained. autocast and
        aggregation are Keras's and change nothing here.
        """
        if isinstance(shape, str) or not (shape is None or hasattr(shape, "__iter__")):
            raise TypeError(f"[{self.name}] shape: expected a tuple of sizes as the first argument, got {shape!r}")
        shape, name = () if shape is None else tuple(shape), name or "variable"
        dtype = np.dtype(dtype or self.dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtype.kind == "f" else "zeros"
        if any(n is None for n in shape):
            raise ShapeError(
                f"[{self.name}] {name}: the input shape leaves a size open that the weight needs: {tuple(shape)}"
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
