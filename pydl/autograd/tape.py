"""The tape: the graph of recorded ops, and backward over it.

The output of an op points to a Node, and the node to the op's input tensors. Its closure holds inputs and saved arrays,
never its own output, so there are no reference cycles: a graph is freed with its last tensor, and `gradients` frees
each node after its backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import _core
from ..base.errors import ShapeError

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
Tensor: TypeAlias = _core.TensorFields  # the fields that the tape reads; the class Tensor is above this module
Backward = Callable[[Array], Sequence["Array | None"]]


state = _core.state  # of this thread: gradient mode, tapes, the plan that records


def cannot_replay(reason: str) -> None:
    """Ends the recording of a plan, if any: a replay would not repeat what the caller does."""
    if state.plan is not None:
        state.plan.fail(reason)


def plan_constant(array: Array) -> Array:
    """`array`, which depends on shapes only: a plan that records keeps it for all replays."""
    if state.plan is not None:
        state.plan.add_constant(array)
    return array


class Node:
    """One recorded op: its input tensors, and the function from dy to their gradients (None: not needed).

    op: its name if something reads it, else "": cross-entropies look for "softmax" and "sigmoid", through "same_rank".
    """

    __slots__ = ("backward", "inputs", "op")

    def __init__(self, inputs: Sequence[Any], backward: Backward, op: str = "") -> None:
        self.inputs = inputs
        self.backward: Backward | None = backward
        self.op = op


class no_grad:
    """A block in which no op is recorded, also not in functions that are called from it. It holds for this thread.

    Example:
        >>> x = pydl.Variable([1.0])
        >>> with pydl.no_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        False
    """

    def __enter__(self) -> None:
        self._before = state.grad_enabled
        state.grad_enabled = False

    def __exit__(self, *_: object) -> None:
        state.grad_enabled = self._before


def gradients(
    root: Tensor, gradient: Any, inner: frozenset[int] | set[int] = frozenset(), keep: bool = False
) -> Iterator[tuple[Tensor, Array]]:
    """Runs backward from `root` and yields each leaf with its gradient; frees the tape meanwhile unless `keep`.

    gradient: of the shape of `root`; None means ones. inner: ids of tensors that are no leaves, but yielded too.
    """
    if gradient is None:
        dy = plan_constant(np.ones_like(root.array))
    else:
        dy = np.array(getattr(gradient, "array", gradient), root.array.dtype, order="C")
    if dy.shape != root.array.shape:
        raise ShapeError(f"[backward] gradient: expected shape {root.array.shape}, got {dy.shape}")
    order = _inputs_first(root)
    pending: dict[int, Array] = {id(root): dy}
    while order:
        tensor = order.pop()
        total = pending.pop(id(tensor), None)
        node = tensor.node
        if total is not None and (node is None or id(tensor) in inner):
            yield tensor, total
        if node is None:
            continue
        inputs, backward = node.inputs, node.backward
        if not keep:
            node.inputs, node.backward = (), None
        if total is None or backward is None:
            continue
        for x, dx in zip(inputs, backward(total), strict=True):
            if dx is None or not x.requires_grad:
                continue
            dx = np.asarray(dx, x.array.dtype, order="C")  # NumPy returns scalars in place of 0-d arrays
            if id(x) in pending:
                pending[id(x)] = _core.binary("add", pending[id(x)], dx)
            elif x.node is None and np.may_share_memory(dx, total):
                pending[id(x)] = _core.repeat_to(dx, dx.shape)  # a copy: users clip the gradient of a leaf in place
            else:
                pending[id(x)] = dx


def _inputs_first(root: Tensor) -> list[Tensor]:
    """The tensors that need gradients in topological order, inputs first (depth first, without recursion)."""
    if not root.requires_grad:
        raise RuntimeError(
            "[backward] tensor: expected one with history, got one that depends on no trainable variable or watched "
            "tensor, or was computed without a tape; call the model with training=True, or inside "
            "`with pydl.GradientTape():`"
        )
    order: list[Tensor] = []
    seen: set[int] = set()
    stack: list[tuple[Tensor, bool]] = [(root, False)]
    while stack:
        tensor, finished = stack.pop()
        if finished:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            if tensor.node is not None:
                if tensor.node.backward is None:
                    raise RuntimeError(
                        "[backward] tensor: expected a complete tape, got one that an earlier backward() has freed in "
                        "part; run the forward pass again, or add the losses and call backward() once"
                    )
                stack.extend((x, False) for x in tensor.node.inputs if x.requires_grad)
    return order
