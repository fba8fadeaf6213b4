"""GradientTape: gradients with regard to any tensors, as a user asks for them."""

from __future__ import annotations

from typing import Any

from ..base.errors import DTypeError
from .tape import gradients, state
from .tensor import Tensor, wrap


class GradientTape:
    """Records the ops inside `with GradientTape() as tape:`, for `tape.gradient(loss, variables)`.

    Trainable variables are recorded by themselves; `watch` adds any other tensor. A tape gives its gradients once, and
    frees what it recorded, unless it is `persistent`.
    """

    def __init__(self, persistent: bool = False) -> None:
        self._persistent = persistent

    def __enter__(self) -> GradientTape:
        self._before = state.grad_enabled
        state.grad_enabled = True
        state.open_tapes += 1
        return self

    def __exit__(self, *_: object) -> None:
        state.grad_enabled = self._before
        state.open_tapes -= 1

    def watch(self, tensor: Tensor) -> None:
        """From now on, ops that read `tensor` are recorded. TypeError unless it is a Tensor of floats."""
        if not hasattr(tensor, "requires_grad"):
            raise DTypeError(f"[watch] tensor: expected a pydl.Tensor, got {type(tensor).__name__}")
        if tensor.dtype.kind != "f":
            raise DTypeError(f"[watch] tensor: expected a floating type, got {tensor.dtype}")
        tensor.requires_grad = True

    def gradient(self, target: Tensor, sources: Any, output_gradient: Any = None) -> Any:
        """The gradients of `target` (its elements summed, or weighted by `output_gradient`) for a tensor or a list.

        None for a source that the target does not depend on. The `.grad` of the sources stays as it is.
        """
        single = isinstance(sources, Tensor)
        wanted: list[Tensor] = [sources] if single else list(sources)
        inner = {id(t) for t in wanted}
        found = {id(t): g for t, g in gradients(target, output_gradient, inner, self._persistent)}
        result = [wrap(found[id(t)]) if id(t) in found else None for t in wanted]
        return result[0] if single else result
