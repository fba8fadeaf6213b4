"""The tape: which op made a tensor, and the walk back over it.

A tensor made by an op points to a Node, a node to the tensors that the op read. A node's closure holds inputs and saved
arrays, never its own output, so there are no reference cycles: what a forward pass made goes away with its last tensor,
and `gradients` frees each node as soon as it has passed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import _core
from ..base.errors import ShapeError

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
Tensor: TypeAlias = _core.TensorFields  # what the tape reads of a tensor: it stands below the class
Backward = Callable[[Array], Sequence["Array | None"]]


state = _core.state  # what the forward pass of this thread is part of


def cannot_replay(reason: str) -> None:
    """Ends the recording of a plan, if one is under way: a replay would not repeat what happens now."""
    if state.plan is not None:
        state.plan.fail(reason)


def plan_constant(array: Array) -> Array:
    """`array`, which depends on shapes alone: a plan that is recording holds it for all replays."""
    if state.plan is not None:
        state.plan.add_constant(array)
    return array


class Node:
    """One recorded op: the tensors it read, and the function from dy to their gradients (None: needs none).

    op: its name, "" where nobody asks for it: cross-entropies look for "softmax" and "sigmoid", through "same_rank".
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
    """Walks from `root` to its leaves and yields each leaf with its gradient; frees the tape on the way unless `keep`.

    gradient: of the shape of `root`; None stands for ones. Tensors whose id is in `inner` are yielded too, though ops
    made them.
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
            dx = np.asarray(dx, x.array.dtype, order="C")  # NumPy turns arrays without axes into scalars
            if id(x) in pending:
                pending[id(x)] = _core.binary("add", pending[id(x)], dx)
            elif x.node is None and np.may_share_memory(dx, total):
                pending[id(x)] = _core.repeat_to(dx, dx.shape)  # a leaf's gradient is its own: users clip it in place
            else:
                pending[id(x)] = dx


def _inputs_first(root: Tensor) -> list[Tensor]:
    """The tensors that need gradients, each after all that it was made from (depth first, without recursion)."""
    if not root.requires_grad:
        raise RuntimeError(
            "backward() on a tensor without history: no trainable variable or watched tensor took part in it, or it "
            "was made without a tape (call the model with training=True, or inside `with pydl.GradientTape():`)"
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
                        "backward() reached a part of the tape that an earlier backward() has freed; "
                        "run the forward pass again, or add the losses and go back once"
                    )
                stack.extend((x, False) for x in tensor.node.inputs if x.requires_grad)
    return order
