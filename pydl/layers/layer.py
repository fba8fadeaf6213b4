"""Layer: the base class of all layers. `build` creates the weights, `call` computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import ops, regularizers
from ..autograd import plan
from ..autograd.changes import Counted
from ..autograd.recordable import describe
from ..autograd.tape import cannot_replay, state
from ..autograd.tensor import Tensor, as_tensor
from ..autograd.variable import Variable, numbers
from ..base.argument_names import checks_names, constructor_arguments, refuse_unknown
from ..base.dtypes import floating_dtype
from ..base.errors import positive_integer
from ..base.locks import counting
from ..base.random_streams import ReservedSeeds
from ..base.tree import flatten, is_nested, map_structure
from .added_losses import LossAdder
from .attributes import OfOnlyCall, SetByInit, checked_flag, unique_name
from .building import WeightMaker, marks_as_built
from .call_arguments import (
    Signature,
    TypedShape,
    convert_keywords,
    is_several,
    refuse_several,
    shape_of,
)
from .constructors import names_arguments
from .masks import add_masks, mask_of, set_masks, warn_of_lost_mask
from .shapes_on_zeros import shapes_on_zeros
from .symbolic import Call, call_layer, is_symbolic
from .tracking import PARTS_OR_CONTAINERS, UNWATCHED

__all__ = ["Layer"]

Shape = tuple[Any, ...]  # ints; None for an unknown size
_ATTRIBUTE_INSTEAD = "a replay would not; return the value as an output"


class Layer(WeightMaker, Counted):
    """Base of all layers, as in Keras: override `build(input_shape)`, `call(inputs)` and `get_config()`.

    Variables and layers among the attributes, also in lists, tuples, dicts and sets of any depth, are its parts.
    Setting an attribute outside `call`, or changing a list, dict or set that is one, invalidates the plans of the
    models that have the layer. A model with a layer that sets an attribute in `call` runs without a plan.

    Args:
        activity_regularizer: Regularizer of the output, or its name; None for none.
        trainable: Whether `fit` changes the weights.
        dtype: "float32", also None, or "float64": dtype of the weights, to which floating inputs are cast.
        autocast: Whether floating inputs are cast.
        name: Name of the layer; None makes a unique one of the class.
        input_shape: Shape of a sample, by which the first layer of a `Sequential` replaces an `Input`.
        input_dim: The same for samples of one axis: its size.
        **unknown: None; for another name, the error suggests the right one.

    Input shape:
        A tensor, array or structure of them of any shape, as `call` takes it.

    Output shape:
        What `call` returns.

    Raises:
        ValueError: dtype, trainable or a name is not one of these.
        TypeError: An argument is unknown.

    Example:
        >>> class Scale(pydl.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
        ...
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> layer = Scale(name="scale")
        >>> layer(np.ones((2, 3))).shape
        (2, 3)
        >>> layer.weights
        [<Variable 'factor' shape=(3,) dtype=float32 trainable=True>]
    """

    autocast = True
    supports_masking = True  # whether a mask of the inputs also applies to the outputs, if they have its axes
    _keeps_integers = True  # integer inputs are not cast; pydl's layers that compute with floats set it to False
    _passes_dtype = False  # whether the outputs have the dtype of the inputs
    _keeps_logits = True  # whether the logits of a final sigmoid are kept for a cross-entropy; models decide it
    _recordable_instead = "use a function of pydl.activations"  # see pydl.autograd.recordable
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
            cls.build = marks_as_built(cls.build)  # type: ignore[method-assign]
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
        self.dtype = floating_dtype(self.name, dtype)
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
        self._state_variables: list[Variable] = []  # state that call() keeps for the next call; no weights
        self._call_count, self._only_call = 0, None

    def __getstate__(self) -> dict[str, Any]:  # a copy is in no model yet; Graph restores the calls of its layers
        if not self.built:
            vars(self).setdefault(
                "_reserved_seeds", ReservedSeeds("initializer")
            )  # its weights will be those of the copy
        return {**vars(self), "_call_count": 0, "_only_call": None}

    def _called(self, call: Call, by_sequential: bool = False) -> None:
        """Stores the only call on symbolic tensors. A second call may depend on the first: storing it makes a cycle.

        Calls of a Sequential are not counted, so that users may call its layers too.
        """
        with counting:
            count = self._call_count if by_sequential else self._call_count + 1
            vars(self).update(_call_count=count, _only_call=None if count > 1 else self._only_call or call)

    def __setattr__(self, name: str, value: Any) -> None:
        if state.layer_depth:
            cannot_replay(f"a layer sets its attribute {name!r} in call(); {_ATTRIBUTE_INSTEAD}")
        if isinstance(value, PARTS_OR_CONTAINERS) and name not in UNWATCHED:
            self._on_part_set(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if state.layer_depth:
            cannot_replay(f"a layer deletes its attribute {name!r} in call(); {_ATTRIBUTE_INSTEAD}")
        super().__delattr__(name)

    # -- methods to override

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the output; to override. Users call the layer itself, which builds it and converts arguments.

        Args:
            inputs: Tensor, or structure of tensors, of the shape that the layer takes, floats in its dtype.
            *args: Further arguments.
            **kwargs: Further arguments by name, tensors among them.
            training: If `call` takes it, whether this is training: True, False, or None if unknown.
            mask: If `call` takes it, the mask of inputs: bools (batch, steps), True for the steps that count, or None;
                a structure of masks for several tensors.

        Returns:
            Tensor, or structure of tensors.

        Example:
            >>> class Double(pydl.layers.Layer):
            ...     def call(self, inputs):
            ...         return 2 * inputs
            >>> Double()(np.array([1.0, 2.0])).numpy()
            array([2., 4.], dtype=float32)
        """
        raise NotImplementedError(f"{type(self).__name__} does not define call()")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Mask of the output; to override by layers that make or change a mask. Here it is that of the inputs.

        Args:
            inputs: Tensor, or structure of tensors, of the shape that the layer takes.
            mask: Mask of inputs: bools (batch, steps), or None; a structure of masks for several tensors.

        Returns:
            The mask of the output, or None; a list of masks for several outputs.

        Example:
            >>> layer = pydl.layers.Embedding(9, 2, mask_zero=True)
            >>> layer.compute_mask(np.array([[7, 0]]))
            array([[ True, False]])
        """
        return flatten(mask)[0] if is_nested(mask) else mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output. Where a subclass does not override it, the layer is called on zeros.

        Args:
            input_shape: Shape of the input with the batch axis, None for an open size; a structure of shapes for
                several tensors.

        Returns:
            Tuple of sizes, None for an open size; a structure of tuples for several outputs.

        Raises:
            ShapeError: The layer cannot take the shape.

        Example:
            >>> pydl.layers.Conv2D(8, 3).compute_output_shape((None, 28, 28, 1))
            (None, 26, 26, 8)
        """
        self._build_once(input_shape)
        return shapes_on_zeros(self, lambda x: self(x, training=False), input_shape)

    def _output_shapes_of(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The output shapes of a call on symbolic tensors. Builds the layer."""
        if not self._signature.has_var_positional:
            (inputs, kwargs), args = self._signature.bind(self.name, (inputs, *args), kwargs), ()
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
        """The output shapes, with the dtype of the inputs (tensors, or typed shapes) if the layer passes it on."""
        dtypes = {leaf.dtype for leaf in flatten(inputs) if hasattr(leaf, "dtype")} if self._passes_dtype else ()
        if len(dtypes) != 1 or (dtype := next(iter(dtypes))).kind == "f":
            return shapes
        return map_structure(lambda shape: TypedShape(shape, dtype), shapes)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor as plain values. Subclasses with further arguments override and extend it.

        Returns:
            Dict that `from_config` makes the same layer of, without its weights.

        Example:
            >>> pydl.layers.Flatten(name="flat").get_config()
            {'name': 'flat', 'trainable': True, 'dtype': 'float32', 'data_format': 'channels_last'}
        """
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Makes a layer of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor.

        Returns:
            A new layer, not built.

        Example:
            >>> layer = pydl.layers.Dense(4)
            >>> pydl.layers.Dense.from_config(layer.get_config()).units
            4
        """
        return cls(**config)

    # -- calls

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Builds the layer if needed, and calls it.

        On symbolic tensors the result is symbolic: a part of a functional model.

        Args:
            *args: Arguments of `call`: tensors, arrays or structures of them. Floats are cast to the layer's dtype.
            training: Whether this is training, for this layer and those called inside; None for the value of
                the calling layer.
            **kwargs: Arguments of `call` by name, such as mask. By default mask is that of the input.

        Returns:
            What `call` returns: a tensor, or a structure of them.

        Raises:
            TypeError: An argument is unknown or missing, or `call` returns None.
            ShapeError: The input does not fit the layer.

        Example:
            >>> layer = pydl.layers.Dropout(0.5)
            >>> layer(np.ones((2, 3)), training=False).shape
            (2, 3)
        """
        signature, rest = self._signature, args[1:]
        if len(args) == 1 and not kwargs:
            inputs = args[0]
        elif not (args and signature.has_var_positional):
            (inputs, kwargs), rest = signature.bind(self.name, args, kwargs), ()
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
            kwargs = convert_keywords(self, kwargs)
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
            add_masks(signature, x, kwargs)
        before, state.training = state.training, training
        if state.layer_depth == 0 and LossAdder._losses_exist:
            self._clear_losses()
        recording = state.plan
        if recording is not None:
            plan.depend_on(self)
        state.layer_depth += 1
        try:
            y = (
                self.call(**{signature.names[0]: x}, **kwargs)
                if signature.first_by_name
                else self.call(x, *rest, **kwargs)
            )
        finally:
            state.layer_depth -= 1
            state.training = before
        if y is None:
            raise TypeError(f"[{self.name}] call: expected a tensor as its result, got None")
        if self._makes_mask or (mask is not None and self.supports_masking):
            set_masks(y, self.compute_mask(x, mask))
        elif training and mask is not None:
            warn_of_lost_mask(self, x, y, mask, "which passes none on")
        if self.activity_regularizer is not None:
            self._add_activity(y)
        if recording is not None:
            recording.blame(describe(self))
        return y

    def _convert(self, x: Any) -> Any:
        """x as a tensor of the layer's dtype. Integers are cast only by layers of pydl that compute with floats."""
        if x is None:
            return None
        tensor = as_tensor(x)
        if tensor.dtype == self.dtype or not self.autocast or (self._keeps_integers and tensor.dtype.kind != "f"):
            return tensor
        cast = ops.cast(tensor, self.dtype)
        cast.mask = tensor.mask
        return cast

    def _add_activity(self, y: Any) -> None:
        """Adds the activity regularizer's penalty per sample; 0 for an empty batch."""
        for output in flatten(y):
            assert self.activity_regularizer is not None
            self._add_losses([self.activity_regularizer(output) / max(output.shape[0] if output.ndim else 1, 1)])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
