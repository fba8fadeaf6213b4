"""The table that model.summary() prints."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model

_SHARES = (0.5, 0.3, 0.2)


def format_summary(model: Model, width: int, show_trainable: bool = False) -> str:
    """Rows of layer (class), output shape and parameters, at most `width` wide, then the totals."""
    rows = [("Layer (type)", "Output shape", "Param #")]
    for layer, shape in zip(model.layers, model.output_shapes(), strict=True):
        mark = "" if not show_trainable else " [trainable]" if layer.trainable else " [frozen]"
        rows.append(
            (
                f"{layer.name} ({type(layer).__name__}){mark}",
                "?" if shape is None else str(tuple(shape)),
                f"{layer.count_params():,}" if layer.built else "? (unbuilt)",
            )
        )
    columns = _column_widths(rows, width - 4)
    rule = "─" * (sum(columns) + 4)
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


def _column_widths(rows: list[tuple[str, str, str]], room: int) -> list[int]:
    """As wide as the texts if there is room, else by shares."""
    wanted = [max(len(row[i]) for row in rows) for i in range(3)]
    if sum(wanted) <= room:
        return wanted
    return [max(6, int(room * share)) for share in _SHARES]


def _wrapped(row: tuple[str, str, str], columns: list[int]) -> list[str]:
    cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, columns, strict=True)]
    height = max(map(len, cells))
    padded = [cell + [""] * (height - len(cell)) for cell in cells]
    return [
        f"{a:<{columns[0]}}  {b:<{columns[1]}}  {c:>{columns[2]}}".rstrip() for a, b, c in zip(*padded, strict=True)
    ]


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.4g} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"
