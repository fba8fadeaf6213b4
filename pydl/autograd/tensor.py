"""Tensor: an array, its gradient, and the op that computed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _core
from ..base.errors import DTypeError
from ..base.quiet import quiet
from .tape import Array, Backward, Node, cannot_replay, gradients, state


def as_array(data: Any, dtype: Any = None) -> Array:
    """A C-contiguous array of numbers or bools. Arrays keep their dtype; Python floats become float32, ints int32."""
    if isinstance(data, Tensor):
        data = data.array
    array = np.asarray(data, dtype)
    if dtype is None and not isinstance(data, np.ndarray | np.generic):
        if array.dtype.kind == "f":
            array = quiet.run(array.astype, np.float32)
        elif array.dtype.kind in "iu" and (array == array.astype(np.int32)).all():
            array = array.astype(np.int32)
    if array.dtype.kind not in "fiub":
        raise DTypeError(f"[tensor] data: expected numbers, got {array.dtype} from {type(data).__name__}")
    if not (array.flags.c_contiguous and array.flags.aligned and array.dtype.byteorder in "=|"):
        native = array.dtype.newbyteorder("=")
        array = np.array(array, native, order="C").view(native)  # the view drops an explicit byte order, "<"
    return array


class Tensor(_core.TensorFields):
    """A NumPy array with its gradient and the op that computed it.

    It takes part in arithmetic with tensors, arrays and numbers (`+ - * / ** @ == < [...]`), and NumPy functions accept
    it.

    Args:
        data: Numbers or bools of any shape: a list, an array or a tensor. Arrays keep their dtype and are not copied if
            they are contiguous; Python's floats become float32, its integers int32 if they fit.
        requires_grad: Whether ops that read this tensor are recorded; only for floats.
        dtype: The dtype; None for that of the data.

    Attributes:
        array: The array itself, for ops and kernels. Read values with `numpy()`.
        grad: After `backward()`, the gradient of a leaf, an array; further backward passes add to it. None at first.
        node: The op that made this tensor, if it was recorded.
        mask: Bools of the leading axes, usually (batch, steps), True for steps that count; None: all. Layers propagate
            it; losses and metrics use it.

    Raises:
        DTypeError: If the data holds no numbers, or `requires_grad` is set for integers or bools.

    Example:
        >>> x = pydl.Tensor([1.0, 2.0], requires_grad=True)
        >>> y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        array([2., 4.], dtype=float32)
    """

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None) -> None:
        self.array = as_array(data, dtype)
        self.requires_grad = bool(requires_grad)
        if requires_grad and self.array.dtype.kind != "f":
            raise DTypeError(f"[tensor] requires_grad: expected a floating type, got {self.array.dtype}")

    # -- properties and values

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes, a tuple."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    @property
    def _keras_mask(self) -> Any:
        """Alias of `mask`, as in Keras."""
        return self.mask

    @_keras_mask.setter
    def _keras_mask(self, mask: Any) -> None:
        self.mask = None if mask is None else as_array(mask).astype(bool, copy=False)

    def numpy(self) -> Array:
        """The values as an array, which is not copied.

        A model that reads values in its forward pass gets no plan.

        Returns:
            The array, of the shape and dtype of the tensor.

        Example:
            >>> pydl.Tensor([1, 2]).numpy()
            array([1, 2], dtype=int32)
        """
        cannot_replay("the forward pass reads the values of a tensor; compute with pydl.ops instead")
        return self.array

    @property
    def data(self) -> Array:
        """The same as `numpy()`."""
        return self.numpy()

    def item(self) -> Any:
        """The only element as a Python number.

        Returns:
            A float, int or bool.

        Raises:
            ValueError: If there are more elements than one.

        Example:
            >>> pydl.Tensor([2.5]).item()
            2.5
        """
        return self.numpy().item()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """The values for np.asarray, plots and files, without history: a conversion is not recorded."""
        array = self.numpy()
        if dtype is None or array.dtype == dtype:
            return array.copy() if copy else array
        if copy is False:
            raise ValueError(f"[tensor] copy: expected True or None for {array.dtype} as {dtype}, got False")
        return array.astype(dtype)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else format(repr(self), spec)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        """Whether the value is one of the elements, as for arrays."""
        return (value.numpy() if isinstance(value, Tensor) else value) in self.numpy()

    def __repr__(self) -> str:
        values = np.array2string(self.array, prefix="Tensor(", separator=", ", threshold=100)
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype}{', requires_grad' * self.requires_grad})"

    def __reduce__(self) -> tuple[Any, ...]:  # pickle and deepcopy take the values, not the history
        return Tensor, (self.array, self.requires_grad)

    # -- gradients

    def backward(self, gradient: Any = None) -> None:
        """Adds the gradient of this tensor to the `.grad` of every leaf under it, and frees the tape.

        Args:
            gradient: The gradient of this tensor, of its shape and of floats; None, for 1, if it has a single element.

        Raises:
            RuntimeError: If the tensor has no history, or it has been freed.
            ShapeError: If the gradient does not have the shape of the tensor.
            ValueError: If it is None and there are several elements.
        """
        if gradient is None and self.size != 1:
            raise ValueError(
                f"[backward] gradient: expected one for a tensor of several elements, got None for shape {self.shape}"
            )
        for leaf, dx in gradients(self, gradient):
            leaf.grad = dx if leaf.grad is None else leaf.grad + dx

    def detach(self) -> Tensor:
        """The same values without history: no gradient flows through the result.

        Returns:
            A tensor on the same array.

        Example:
            >>> x = pydl.Variable([1.0])
            >>> (x * 2).detach().requires_grad
            False
        """
        return wrap(self.array)

    # -- methods that are ops: pydl/ops/tensor_methods.py sets them, because ops import this module

    if TYPE_CHECKING:

        def _binary(self, other: Any) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _binary
        __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = _binary
        __eq__ = __ne__ = _binary  # type: ignore[assignment]

        def __neg__(self) -> Tensor: ...

        def __abs__(self) -> Tensor: ...

        def __getitem__(self, index: Any) -> Tensor: ...

        def reshape(self, *shape: Any) -> Tensor: ...

        def sum(self, axis: Any = None, keepdims: bool = False, *, dtype: Any = None, out: None = None) -> Tensor: ...

        def mean(self, axis: Any = None, keepdims: bool = False, *, dtype: Any = None, out: None = None) -> Tensor: ...

        @property
        def T(self) -> Tensor: ...

        @staticmethod
        def _stack(x: Sequence[Any]) -> Tensor: ...


_core.set_tensor_type(Tensor)
wrap = _core.wrap  # a tensor of an array that is known to be contiguous; no check, no history


def as_tensor(x: Any) -> Tensor:
    """x as a tensor. A list of tensors is stacked, so that gradients reach them."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, list | tuple) and _holds_tensors(x):
        return Tensor._stack(x)
    return wrap(as_array(x))


def _holds_tensors(x: Sequence[Any]) -> bool:
    return any(isinstance(i, Tensor) or (isinstance(i, list | tuple) and _holds_tensors(i)) for i in x)


def record(array: Array, inputs: Sequence[Tensor], backward: Backward, op: str = "") -> Tensor:
    """The output tensor of an op, recorded if one of the inputs needs a gradient.

    `backward` maps dy to the gradients of the inputs, in their order; it must not hold the output tensor.
    `op` is the name for the Node.
    """
    y = wrap(array)
    if state.grad_enabled:
        for x in inputs:
            if x.requires_grad:
                y.requires_grad = True
                y.node = Node(inputs, backward, op)
                break
    return y


def record_many(
    arrays: Sequence[Array],
    inputs: Sequence[Tensor],
    backward: Callable[[Sequence[Array | None]], Sequence[Array | None]],
) -> list[Tensor]:
    """`record` for several outputs. `backward` maps their gradients (None: not used) to those of the inputs.

    On the tape each output depends on a token, and the token on the inputs. So backward visits the token after all
    outputs, when the gradient of each is stored.
    """
    stored: list[Array | None] = [None] * len(arrays)

    def store(i: int) -> Backward:
        def backward_of_one(dy: Array) -> tuple[Array]:
            stored[i] = dy
            return (token.array,)

        return backward_of_one

    def backward_of_all(_: Array) -> Sequence[Array | None]:
        dys = list(stored)
        stored[:] = [None] * len(stored)
        return backward(dys)

    token = record(np.zeros(1, arrays[0].dtype), inputs, backward_of_all)
    return [record(array, (token,), store(i)) for i, array in enumerate(arrays)]


def will_record(*inputs: Tensor | None) -> bool:
    """Whether `record` would record an op of these inputs."""
    return state.grad_enabled and any([x is not None and x.requires_grad for x in inputs])
