"""GradientTape: gradients with respect to any tensors."""

from __future__ import annotations

from typing import Any

from ..base.errors import DTypeError
from .tape import gradients, state
from .tensor import Tensor, wrap


class GradientTape:
    """Records the ops in its block, so that `gradient` can differentiate them.

    Trainable variables are recorded by themselves; `watch` adds any other tensor. A tape gives its gradients once and
    then frees what it recorded.

    Args:
        persistent: Whether `gradient` may be called more than once.

    Example:
        >>> x = pydl.Variable([1.0, 2.0])
        >>> with pydl.GradientTape() as tape:
        ...     y = x * x
        >>> tape.gradient(y, x).numpy()
        array([2., 4.], dtype=float32)
    """

    def __init__(self, persistent: bool = False) -> None:
        self._persistent = persistent

    def __enter__(self) -> GradientTape:
        self._before = state.grad_enabled
        state.grad_enabled = True
        state.tape_depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        state.grad_enabled = self._before
        state.tape_depth -= 1

    def watch(self, tensor: Tensor) -> None:
        """From now on, ops that read this tensor are recorded.

        Args:
            tensor: A `pydl.Tensor` of floats.

        Raises:
            DTypeError: If it is no tensor, or not of floats.

        Example:
            >>> x = pydl.Tensor([3.0])
            >>> with pydl.GradientTape() as tape:
            ...     tape.watch(x)
            ...     y = x * x
            >>> tape.gradient(y, x).numpy()
            array([6.], dtype=float32)
        """
        if not hasattr(tensor, "requires_grad"):
            raise DTypeError(f"[watch] tensor: expected a pydl.Tensor, got {type(tensor).__name__}")
        if tensor.dtype.kind != "f":
            raise DTypeError(f"[watch] tensor: expected a floating type, got {tensor.dtype}")
        tensor.requires_grad = True

    def gradient(self, target: Tensor, sources: Any, output_gradient: Any = None) -> Any:
        """The gradients of a tensor with respect to others. It does not change their `.grad`.

        Args:
            target: The tensor that was computed; its elements are added up.
            sources: A tensor, or a list of tensors.
            output_gradient: Weights of the elements of `target`, of its shape and of floats; None for ones.

        Returns:
            A tensor of the shape of the source, or None if the target does not depend on it; for a list a list of both.

        Raises:
            RuntimeError: If nothing was recorded, or the tape has been used before and is not persistent.
            ShapeError: If `output_gradient` does not have the shape of `target`.
        """
        single = isinstance(sources, Tensor)
        tensors: list[Tensor] = [sources] if single else list(sources)
        inner = {id(t) for t in tensors}
        found = {id(t): g for t, g in gradients(target, output_gradient, inner, self._persistent)}
        result = [wrap(found[id(t)]) if id(t) in found else None for t in tensors]
        return result[0] if single else result
