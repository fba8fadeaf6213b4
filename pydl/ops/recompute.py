"""Gradient checkpointing of recurrent layers: backward recomputes what forward would save for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from ..autograd.tape import Array, cannot_replay
from ..autograd.tensor import Tensor, record_many
from .direction import Direction

CUTS = "recompute_every cuts the sequences into segments; without it the layer replays"  # see pydl.autograd.recordable
Ends = list[Array | None]  # last states, or their gradients


class Segments:
    """A pass of a recurrent layer in segments of `every` steps; only the states between segments are saved.

    The kernels process a segment like a whole sequence. The output of a masked step repeats the previous output: for
    the first steps of a segment, that is the last output of the segment before.
    """

    def __init__(self, x: Tensor, one: Direction, every: int) -> None:
        cannot_replay(CUTS)
        self.x, self.one = x, one
        self.steps, self.backwards = x.shape[1], one.arguments["go_backwards"]
        self.bounds = [(i, min(i + every, self.steps)) for i in range(0, self.steps, every)] or [(0, 0)]
        self.begins: list[dict[str, Array | None]] = []  # the initial states of each segment
        self.return_sequences = one.arguments["return_sequences"]

    def forward(self) -> list[Array]:
        """[outputs, last state, ...]."""
        states: Ends = [self.one.arguments[name] for name in self.one.states]
        outputs: list[Array] = []
        for bounds in self.bounds:
            self.begins.append(dict(zip(self.one.states, states, strict=True)))
            x, arguments = self._segment(len(self.begins) - 1)
            y, *ends = _core.recurrent_forward(self.one.cell, x, False, arguments)
            if outputs and (early := self._early(bounds)) is not None:
                y = np.where(early[..., None], outputs[-1][:, -1:], y)
            outputs.append(y)
            states = list(ends[0][: len(self.one.states)])
        last = [state for state in states if state is not None]
        return [np.concatenate(outputs, axis=1) if self.return_sequences else self._last(outputs[-1]), *last]

    def gradients(self, dys: Sequence[Array | None]) -> list[Array | None]:
        """The gradients of x and of the direction's tensors."""
        dy, *ends = dys
        shape = (self.x.shape[0], self.steps, self.one.arguments["recurrent_kernel"].shape[0])
        dsequence = np.zeros(shape, self.one.arguments["kernel"].dtype)
        if dy is not None and self.return_sequences:
            dsequence += dy
        elif dy is not None and self.steps:
            dsequence[:, -1] = dy
        dweights, dxs = np.zeros((), dsequence.dtype), list[Any]()
        for number in reversed(range(len(self.bounds))):
            begin, end = self.bounds[number]
            part = np.ascontiguousarray(dsequence[:, begin:end])
            if number and (early := self._early((begin, end))) is not None:
                dsequence[:, begin - 1] += np.where(early[..., None], part, 0).sum(axis=1)
            x, arguments = self._segment(number)
            _, *outputs = _core.recurrent_forward(self.one.cell, x, True, arguments)
            arguments |= {"saved": outputs[0][2], **dict(zip(("dh", "dc"), ends, strict=False))}
            with_dx, with_initial = self.x.requires_grad and self.x.ndim == 3, number > 0 or self.one.learns_states
            dx, *found = _core.recurrent_backward(self.one.cell, x, part, with_dx, with_initial, arguments)
            dw, *ends = found[0]
            dweights, dxs = dweights + dw, [dx, *dxs]
        if dxs[0] is None:
            return [None, *self.one.gradients(dweights, *ends)]
        dx = np.concatenate(dxs[::-1] if self.backwards else dxs, axis=1)
        return [dx, *self.one.gradients(dweights, *ends)]

    def _segment(self, number: int) -> tuple[Array, dict[str, Any]]:
        """The segment's part of x, and the arguments of `_core`."""
        bounds, mask = self.bounds[number], self.one.arguments["mask"]
        part = {"mask": None if mask is None else self._part(mask, bounds), "return_sequences": True}
        return self._part(self.x.array, bounds), {**self.one.arguments, **part, **self.begins[number]}

    def _part(self, array: Array, bounds: tuple[int, int]) -> Array:
        begin, end = bounds
        if self.backwards:
            begin, end = self.steps - end, self.steps - begin
        return np.ascontiguousarray(array[:, begin:end])

    def _early(self, bounds: tuple[int, int]) -> Array | None:
        """The steps before the segment's first unmasked step, in the order of processing; None without a mask."""
        if self.one.arguments["mask"] is None:
            return None
        mask = self._part(self.one.arguments["mask"], bounds)
        return ~np.logical_or.accumulate(mask[:, ::-1] if self.backwards else mask, axis=1)

    def _last(self, outputs: Array) -> Array:
        return outputs[:, -1].copy() if outputs.shape[1] else np.zeros_like(outputs[:, 0:0].sum(axis=1))


def run_in_segments(x: Tensor, one: Direction, every: int) -> list[Tensor]:
    """[outputs, last state, ...], recorded, as from `recurrent.run`."""
    segments = Segments(x, one, every)
    return record_many(segments.forward(), [x, *one.tensors], segments.gradients)
