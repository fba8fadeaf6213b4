"""One pass of a recurrent layer over its sequences: arguments on the way in, gradients on the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import _core
from ..autograd.tape import Array
from ..autograd.tensor import as_array, as_tensor
from ..base.errors import ShapeError

Forward = Callable[..., tuple[Array, Array, Array | None, Array | None]]
Backward = Callable[..., tuple[Array | None, Array, Array | None, Array | None]]
STATES = ("h0", "c0")  # of the cells, by their names in `_core`


class Direction:
    """What one pass over the sequences needs: `arguments` of `_core` by name, and the tensors among them.

    Args:
        weights: kernel, recurrent kernel, bias or None.
        states: as many initial states as the cell has, tensors or None.
        options: of the function of `_core`; "mask" and the dropout masks may be tensors or None.
    """

    def __init__(
        self, op: str, weights: Sequence[Any], states: Sequence[Any], options: Mapping[str, Any], ids: bool = False
    ) -> None:
        kernel, recurrent_kernel = (as_tensor(w) for w in weights[:2])
        if kernel.ndim != 2:
            rows = "ids" if ids else "inputs"
            raise ShapeError(f"[{op}] kernel: expected 2 axes ({rows}, gates * units), got shape {kernel.shape}")
        bias, *initial = (None if t is None else as_tensor(t) for t in (weights[2], *states))
        self.tensors = [t for t in (kernel, recurrent_kernel, bias, *initial) if t is not None]
        self.arguments = {n: as_array(v) if n.endswith("mask") and v is not None else v for n, v in options.items()}
        self.arguments |= {"kernel": kernel.array, "recurrent_kernel": recurrent_kernel.array}
        self.arguments["bias"] = None if bias is None else bias.array
        self.arguments |= {name: None if t is None else t.array for name, t in zip(STATES, initial, strict=False)}
        self._initial, self._bias_axes = initial, 0 if bias is None else bias.ndim

    @property
    def learns_states(self) -> bool:
        return any(t is not None and t.requires_grad for t in self._initial)

    def gradients(self, dweights: Array, *dstates: Array | None) -> list[Array | None]:
        """Those of `tensors`, from what `_core` gives: the rows of kernel, bias, recurrent kernel, its bias."""
        rows, units = (len(self.arguments[name]) for name in ("kernel", "recurrent_kernel"))
        found: list[Array | None] = [dweights[:rows], dweights[rows + 1 : rows + 1 + units]]
        if self._bias_axes:
            last = len(dweights) - 1
            both = [dweights[rows : rows + 1], dweights[last:]]
            found.append(dweights[rows] if self._bias_axes == 1 else _core.concatenate(both, 0))
        return found + [d for d, t in zip(dstates, self._initial, strict=False) if t is not None]
