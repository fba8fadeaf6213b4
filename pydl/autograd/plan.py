"""Plans: the kernel calls of a model for inputs of one shape, recorded once, then replayed in one call of `_core`.

While a plan records, the layers (and in training the tape) run as usual, and every kernel call is appended (plan.h).
What a replay could not repeat ends the recording with a reason: values computed outside the kernels, a read of values
in Python, random numbers, writes to variables other than by `write_variable`. The layers then run on each call; the
results are the same, and `Model.explain_plan` gives the reason.

`PlanCache` holds the plans of one model. A plan is a `_core.Plan`: input and output arrays, and the kernel calls.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Protocol

from .. import _core
from ..base.locks import OwnLock
from ..base.tree import flatten, map_structure, pack_sequence_as
from . import changes
from .tape import Array, no_grad, state
from .tensor import Tensor, wrap
from .variable import Variable


class Owner(Protocol):
    """A model, or another object that has plans."""

    def _all_weights(self) -> Sequence[Variable]:
        """The variables that its calls read."""

    def _plan_parts(self) -> Sequence[Any]:
        """The layers, losses and variables whose changes invalidate its plans."""


def depend_on(layer: Any) -> None:
    """Makes the plan that records depend on a layer that it calls, which may be no attribute of the model."""
    if state.plan is not None and state.plan.snapshot is not None:
        changes.add(state.plan.snapshot, layer)


def write_variable(variable: Variable, value: Tensor) -> None:
    """Writes the value to the variable. A plan writes after each run: the pass itself reads the old value."""
    if state.plan is None:
        variable.assign(value.array)
    else:
        state.post_run_writes[id(variable)] = (variable, value)


def read_variable(variable: Variable) -> Tensor:
    """A copy of the value at this point of the pass: backward needs it, and the pass may write to the variable.

    It has no history: a state is a constant of the pass that reads it.
    """
    if state.plan is None:
        return wrap(variable.array.copy())
    value: Tensor = state.post_run_writes.get(id(variable), (None, variable))[1]
    return wrap(value.array)


def store_gradients(variables: Sequence[Variable], gradients: Sequence[Tensor]) -> None:
    """Hands the outputs of a run to the variables as their gradients, not copied."""
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.grad = gradient.array


def _wrap_all(x: Any) -> Any:
    return tuple([wrap(a) for a in x]) if type(x) is tuple else wrap(x)


def _outputs(structure: Any, masked: list[bool], *arrays: Array) -> Any:
    """The outputs of the recorded call from the arrays of a run: first the tensors, then their masks."""
    outputs, masks = [wrap(a) for a in arrays[: len(masked)]], iter(arrays[len(masked) :])
    for output, has_mask in zip(outputs, masked, strict=True):
        output.mask = next(masks) if has_mask else None
    return pack_sequence_as(structure, outputs)


class _Cached:
    """A plan, or the reason why there is none, with the snapshot that it is valid for."""

    __slots__ = ("plan", "reason", "snapshot")

    def __init__(self, snapshot: _core.Snapshot) -> None:
        self.snapshot = snapshot
        self.plan: _core.Plan | None = None
        self.reason: str | None = None


class PlanCache:
    """The plans of one model: `run` records on the first call of a shape and replays from then on.

    taped: the calls record a tape, and the weights change after each call, so nothing is packed from them.
    """

    def __init__(self, capacity: int = 16, taped: bool = False) -> None:
        self._capacity, self._taped = capacity, taped
        self._entries: OrderedDict[Any, _Cached] = OrderedDict()
        self.latest: _core.Plan | None = None  # of single-array plans, the last one run: callers try its `replay` first
        self._latest_key: Any = None
        self._lock = OwnLock()  # threads may record at the same time, each its own plan; the last one is kept

    def run(self, call: Callable[[Any], Any], x: Any, owner: Owner, variant: str = "") -> Any:
        """`call(x)`.

        Args:
            call: from a tensor (or a tuple of them) to a tensor (or several in lists, tuples and dicts).
            x: a C-contiguous array of the model's dtype, or a tuple of such arrays.
            owner: whose weights and parts `call` reads; used only when recording.
            variant: distinguishes calls that take arrays of the same shapes but compute something else.
        """
        many = type(x) is tuple
        if state.plan is not None:  # within the recording of an outer model, which records these kernels too
            return call(_wrap_all(x))
        key = (variant, *[(a.shape, a.dtype.char) for a in x]) if many else (x.shape, x.dtype.char)
        entry = self._entries.get(key)
        if entry is not None and not entry.snapshot.holds():
            self.clear()
            entry = None
        if entry is None:
            return self._record(key, call, x, owner)
        if len(self._entries) > 1:
            self._used(self._latest_key, key)  # the previous one, then this one
        self.latest, self._latest_key = None if many else entry.plan, key
        if entry.plan is None:
            with self._mode():
                return call(_wrap_all(x))
        try:
            return entry.plan.run(*x) if many else entry.plan.run(x)
        except ValueError:  # a bad label or id; the layers raise an error that says which and where
            with self._mode():
                return call(_wrap_all(x))

    def _used(self, *keys: Any) -> None:
        with self._lock:
            for key in keys:
                if key in self._entries:  # another thread may have evicted it
                    self._entries.move_to_end(key)

    def _record(self, key: Any, call: Callable[[Any], Any], x: Any, owner: Owner) -> Any:
        entry = _Cached(changes.snapshot(owner._plan_parts()))  # first: any later change invalidates it
        weights = owner._all_weights()
        # Copies: arrays that alias each other or a weight now need not do so at replay.
        x = tuple([a.copy() for a in x]) if type(x) is tuple else x.copy()
        inputs: Sequence[Array] = x if type(x) is tuple else (x,)
        plan = _core.Plan()
        plan.begin(list(inputs), [(v.array, None if self._taped else v.version) for v in weights], entry.snapshot)
        state.post_run_writes = {}
        try:
            with self._mode():
                y = call(_wrap_all(x))
            outputs, writes = flatten(y), list(state.post_run_writes.values())
            state.post_run_writes = None
            masks = [t.mask for t in outputs]
            ends = [*(t.array for t in outputs), *(m for m in masks if m is not None), *(t.array for _, t in writes)]
            outputs_of = None
            if not isinstance(y, Tensor) or any(m is not None for m in masks):
                structure = map_structure(lambda _: "", y)  # not None: a tuple of None is taken for a shape
                outputs_of = partial(_outputs, structure, [m is not None for m in masks])
            entry.reason = plan.end(
                ends, [(variable._writable(), variable.version) for variable, _ in writes], outputs_of
            )
        except BaseException:
            state.post_run_writes = None
            plan.abort()
            raise
        for variable, value in writes:
            variable.assign(value.array)
        if entry.reason is None:
            entry.plan = plan
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > self._capacity:
                oldest, _ = self._entries.popitem(last=False)
                if self._latest_key == oldest:
                    self.latest = None
        return y

    def _mode(self) -> AbstractContextManager[None]:
        return nullcontext() if self._taped else no_grad()

    def __reduce__(self) -> tuple[Any, ...]:  # copies of a model record their own
        return PlanCache, (self._capacity, self._taped)

    def clear(self) -> None:
        """Drops every plan."""
        with self._lock:
            self._entries.clear()
            self.latest = None

    def info(self) -> list[dict[str, Any]]:
        """One dict per recent input shape, the latest last.

        Keys: "inputs", "ops" (the kernels), "runs" (number of replays), "reason" (None: it replays).
        """
        return [
            {
                "inputs": key,
                "ops": entry.plan.ops if entry.plan else [],
                "runs": entry.plan.runs if entry.plan else 0,
                "reason": entry.reason,
            }
            for key, entry in list(self._entries.items())
            if entry.reason is not None or entry.snapshot.holds()  # a layer may invalidate its own plan
        ]
