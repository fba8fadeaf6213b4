"""The table that model.summary() prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from ..base.tree import flatten

_SHARES = {3: (0.5, 0.3, 0.2), 4: (0.35, 0.25, 0.15, 0.25)}  # of the width, by number of columns


def format_summary(model: Any, width: int, show_trainable: bool = False, expand_nested: bool = False) -> str:
    """Rows of layer (class), output shape and parameters, at most `width` wide, then the totals."""
    more = () if model._connections() is None else ("Connected to",)
    rows: list[tuple[str, ...]] = [("Layer (type)", "Output shape", "Param #", *more)]
    rows += _rows(model, len(more), show_trainable, expand_nested)
    columns = _column_widths(rows, width - 2 * (len(rows[0]) - 1))
    rule = "─" * (sum(columns) + 2 * (len(columns) - 1))
    lines = [f'Model: "{model.name}"', rule]
    for i, row in enumerate(rows):
        lines += _wrapped(row, columns)
        if i == 0:
            lines.append(rule)
    trainable = sum(v.size for v in model.trainable_weights)
    frozen = sum(v.size for v in model.non_trainable_weights)
    lines.append(rule)
    for name, count in (("Total", trainable + frozen), ("Trainable", trainable), ("Non-trainable", frozen)):
        lines.append(f"{name} params: {count:,} ({_size(count * model.dtype.itemsize)})")
    return "\n".join(lines)


def _rows(model: Any, more: int, show_trainable: bool, expand: bool, mark: str = "") -> Iterator[tuple[str, ...]]:
    """A row for each layer, with `more` columns for what it is connected to; those of an inner model after its own."""
    connections = model._connections() or [""] * len(model.layers)
    for layer, shape, connection in zip(model.layers, model._output_shapes(), connections, strict=True):
        state = "" if not show_trainable else " [trainable]" if layer.trainable else " [frozen]"
        yield (
            f"{mark}{layer.name} ({type(layer).__name__}){state}",
            "?" if shape is None else ", ".join(map(str, flatten(shape))),
            f"{layer.count_params():,}" if layer.built else "? (unbuilt)",
            *[connection] * more,
        )
        if expand and hasattr(layer, "_output_shapes"):
            yield from _rows(layer, more, show_trainable, expand, f"{mark}└ ")


def _column_widths(rows: list[tuple[str, ...]], room: int) -> list[int]:
    """As wide as the texts if there is room, else by shares."""
    wanted = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(wanted) <= room:
        return wanted
    return [max(6, int(room * share)) for share in _SHARES[len(wanted)]]


def _wrapped(row: tuple[str, ...], columns: list[int]) -> list[str]:
    cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, columns, strict=True)]
    height = max(map(len, cells))
    padded = [cell + [""] * (height - len(cell)) for cell in cells]
    aligned = ["<", "<", ">", "<"]  # numbers to the right
    return [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, aligned, columns, strict=False)).rstrip()
        for line in zip(*padded, strict=True)
    ]


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.4g} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"
