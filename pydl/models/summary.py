"""model.summary(), get_layer() and explain_plan()."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..base.argument_names import checks_names
from ..base.tree import flatten, is_shape, map_structure
from ..layers import Layer
from ..training.plan_report import PlanReport, report
from .graph import Graph

_SHARES = {3: (0.5, 0.3, 0.2), 4: (0.35, 0.25, 0.15, 0.25)}  # of the width, by number of columns


class Described:
    """The part of a model that finds and lists its layers."""

    if TYPE_CHECKING:
        _graph: Graph | None

        @property
        def layers(self) -> list[Layer]: ...

    @checks_names
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer of this model, by its name or its index.

        Args:
            name: The name of the layer.
            index: Its index in `layers`. One of the two is given.

        Returns:
            The layer.

        Raises:
            ValueError: If there is no such layer, or not just one of name and index is given.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3, name="first")])
            >>> model.get_layer("first") is model.get_layer(index=0)
            True
        """
        if (name is None) == (index is None):
            raise ValueError(f"[get_layer] name, index: expected exactly one, got {'none' if name is None else 'both'}")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"[get_layer] index: expected an integer below {len(layers)}, got {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"[get_layer] name: expected one of {', '.join(la.name for la in layers)}, got {name!r}")

    @checks_names
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
        expand_nested: bool = False,
    ) -> None:
        """Prints a table of layers, output shapes and numbers of weights.

        Args:
            line_length: The width; None for that of the terminal. Long names wrap.
            print_fn: A function that gets the text; None for print.
            show_trainable: Whether to show which layers are trained.
            expand_nested: Whether the layers of inner models get rows too.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3, name="first")], name="small")
            >>> model.summary(line_length=60)
            Model: "small"
            ────────────────────────────────────
            Layer (type)   Output shape  Param #
            ────────────────────────────────────
            first (Dense)  (None, 3)          15
            ────────────────────────────────────
            Total params: 15 (60 B)
            Trainable params: 15 (60 B)
            Non-trainable params: 0 (0 B)
        """
        width = line_length or shutil.get_terminal_size((100, 24)).columns
        (print_fn or print)(format_summary(self, width, show_trainable, expand_nested))

    def explain_plan(self) -> PlanReport:
        """Reports whether calls of the model, and steps of its training, replay a plan: one call of the extension each.

        It works at any time: before the first call (or step) from what the layers and the loss declare, afterwards from
        what happened. Training means `fit` and `train_on_batch`: a user's loop with a `GradientTape` does not replay.

        Returns:
            A `PlanReport` to print. Its `inference` and `training` have `replays` (None: not tried yet), `kernels`,
            `reasons` ("obstacle; what to change") and `plans`, one for each shape of inputs.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dropout(0.5), pydl.layers.Dense(2)])
            >>> model.compile("sgd", "mse")
            >>> y = model(np.ones((3, 4)))
            >>> model.explain_plan().inference.kernels
            ['matmul']
            >>> model.explain_plan().training.replays
            False
        """
        return report(self)

    def _output_shapes(self) -> list[Any]:
        """The output shape of every layer in `layers`, None if it is not known before a call."""
        if self._graph is None:
            return [_known_shape(layer) for layer in self.layers]
        first = [next(self._graph.calls_of(layer), None) for layer in self.layers]
        return [None if call is None else map_structure(lambda t: t.shape, call.outputs) for call in first]

    def _connections(self) -> list[str] | None:
        """For every layer in `layers`, the names of its inputs; None without a graph."""
        if self._graph is None:
            return None
        calls = [self._graph.calls_of(layer) for layer in self.layers]
        return [", ".join(tensor.name for call in of_layer for tensor in call.inputs) for of_layer in calls]


def _known_shape(layer: Layer) -> Any:
    """The output shape of a built layer for any batch size; None if it is not known."""
    shape = vars(layer).get("_build_shape")
    if not layer.built or not is_shape(shape) or not shape:
        return None
    try:
        return layer.compute_output_shape((None, *shape[1:]))
    except (ValueError, TypeError, NotImplementedError):  # a user's layer with another signature
        return None


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
    """A row per layer, with `more` columns for its inputs; rows of a nested model follow its own row."""
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
    """The widths of the texts if there is room, else by shares."""
    natural = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(natural) <= room:
        return natural
    return [max(6, int(room * share)) for share in _SHARES[len(natural)]]


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
