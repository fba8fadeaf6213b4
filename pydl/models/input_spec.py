"""Input specs of models: inputs become tensors of the right shapes and dtypes, and data of `fit` becomes arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.tree import flatten, is_nested, map_structure, match_structure, pack_sequence_as, paths
from ..training.data_adapters import as_numbers, as_rows, holds_arrays, plain, rows_of_each
from ..training.frames import columns, is_frame
from .graph import Graph
from .input_shapes import check_shape, fits, holds_all, with_last_axis


class CallInputs:
    """The spec of a subclass of Model: its `call` takes one array, or several in a list, tuple or dict."""

    count: int | None = None  # number of inputs, None if unknown
    output_names: list[str] | None = None  # for losses and metrics, None if unknown
    shapes: Sequence[Any] = ()  # of the inputs, if known
    casts_recorded = False  # the user's call() casts
    _separate: tuple[type, ...] = (np.ndarray, Tensor)  # a list of these is a list of inputs

    def __init__(self, dtype: np.dtype[Any], casts_integers: bool) -> None:
        self.dtype, self._casts_integers = dtype, casts_integers

    def tensors(self, inputs: Any) -> Any:
        """The inputs as one tensor, or several in a list, tuple or dict. ShapeError if they are not as declared."""
        if isinstance(inputs, np.ndarray):  # the fast path
            return as_tensor(inputs)
        inputs = plain(inputs)
        if isinstance(inputs, dict):
            return map_structure(_as_tensor, {name: inputs[name] for name in sorted(inputs)})
        if type(inputs) in (list, tuple) and holds_arrays(inputs, self._separate):
            return type(inputs)([_as_tensor(each) for each in inputs])
        return _as_tensor(inputs)

    def input_dtype(self, x: Array | Tensor, index: int = 0) -> np.dtype[Any]:
        """The dtype that the input of this index is cast to. Integers are kept for an embedding."""
        return self.dtype if x.dtype.kind == "f" or self._casts_integers else x.dtype

    def standardize(self, name: str, data: Any) -> Any:
        """x, y or sample_weight as one array, or several in a list, tuple or dict; None for None."""
        if data is None and name != "x":
            return None
        data = plain(data)
        listed = type(data) in (list, tuple) and holds_arrays(data, self._separate)
        return rows_of_each(name, data) if listed or isinstance(data, dict) else as_rows(name, data)


class OneInput(CallInputs):
    """The spec of a Sequential that is not built: one array of any shape."""

    count = 1
    casts_recorded = True
    _separate = (Tensor,)  # a list of arrays is the samples

    def __init__(self, dtype: np.dtype[Any], casts_integers: bool, output: str | None) -> None:
        super().__init__(dtype, casts_integers)
        self.output_names = None if output is None else [output]

    def standardize(self, name: str, data: Any) -> Any:
        if data is None and name != "x":
            return None
        data = plain(data)
        _refuse_dict(name, data)
        return as_rows(name, data)


class GraphInputs:
    """The spec of a functional model: the inputs and outputs of its graph.

    Args:
        model: its name, for errors.
        dtype: of floating targets and weights.
    """

    casts_recorded = True
    _is_declared = True  # by Inputs; else shapes and dtypes are those of the first data, and sizes may change

    def __init__(self, model: str, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.dtype, self._model, self._graph = dtype, model, graph
        self.count = len(graph.starts)
        self.shapes = [tensor.shape for tensor in graph.starts]
        self.output_names = _output_names(graph.outputs)
        self._dtypes = [tensor.dtype for tensor in graph.starts]
        self._names = self._arguments = [tensor.name for tensor in graph.starts]
        self._casts_integers = [
            all(getattr(layer, "_casts_integers", layer.autocast) for layer in graph.readers_of(index))
            for index in range(self.count)
        ]
        self._ends = {"x": graph.inputs, "y": graph.outputs, "sample_weight": graph.outputs}
        self._single = {name: not is_nested(structure) for name, structure in self._ends.items()}

    def __reduce__(self) -> tuple[Any, ...]:  # the rest follows from the graph
        return type(self), (self._model, self._graph, self.dtype)

    def tensors(self, inputs: Any) -> Any:
        """The inputs as tensors in the structure of the graph's inputs. ShapeError if they are not as declared."""
        if self._single["x"]:
            if not isinstance(inputs, np.ndarray | Tensor):
                inputs = _as_tensor(self.arrange("inputs", self._ends["x"], inputs))
            return as_tensor(self._fitted(inputs, 0))
        given = self.arrange("inputs", self._ends["x"], inputs)
        found = [self._fitted(_as_tensor(value), index) for index, value in enumerate(flatten(given))]
        return pack_sequence_as(given, found)

    def _fitted(self, x: Any, index: int) -> Any:
        """The array or tensor, with a last axis of 1 added or removed if needed."""
        if not fits(self.shapes[index], x.shape):
            x = with_last_axis(self.shapes[index], x)
            if self._is_declared:
                check_shape(self._model, self._arguments[index], self.shapes[index], x.shape)
        return x

    def input_dtype(self, x: Array | Tensor, index: int = 0) -> np.dtype[Any]:
        """The dtype that the input of this index is cast to: that of its Input; integers are kept for an embedding."""
        declared = self._dtypes[index]
        keeps = declared.kind == "f" and x.dtype.kind != "f" and not self._casts_integers[index]
        return x.dtype if keeps else declared

    def standardize(self, name: str, data: Any) -> Any:
        """x, y or sample_weight as arrays in the structure of the graph's inputs or outputs; y and weights may be None.

        sample_weight: also one array for all outputs.
        """
        if data is None and name != "x":
            return None
        structure = self._ends[name]
        if is_nested(data) if name == "sample_weight" else type(data) is not np.ndarray or not self._single[name]:
            data = self.arrange(name, structure, data, () if name == "x" else self.output_names)
        if self._single[name] or not is_nested(data):
            rows = as_rows(name, data)
            alike = name != "x" or len(rows.shape) == len(structure.shape)
            return rows if alike else with_last_axis(structure.shape, rows)
        each = rows_of_each(name, data)
        if name != "x":
            return each
        pairs = zip(self.shapes, flatten(each), strict=True)
        return pack_sequence_as(each, [with_last_axis(shape, rows) for shape, rows in pairs])

    def arrange(self, argument: str, structure: Any, values: Any, names: Sequence[str] = ()) -> Any:
        """`values` in the structure of the inputs or outputs: nested in the same way, in a list, or by name.

        By name: in a dict or a data frame. names: of the outputs, all of which must be present and no others.
        """
        if is_nested(structure) and is_frame(type(values)):
            values = columns(values)
        values = plain(values)
        nested = match_structure(structure, values, exactly=bool(names)) if is_nested(structure) else None
        if nested is not None:
            return nested
        if isinstance(values, dict):
            flat = isinstance(structure, dict) and len(structure) == len(flatten(structure))
            keys = list(structure) if flat else list(names) or [t.name for t in flatten(structure)]
            missing = [key for key in keys if key not in values]
            if missing or (names and len(values) > len(keys)):
                lacks = f", without {missing}" if missing else ""
                raise ValueError(f"[{self._model}] {argument}: expected {keys}, got {list(values)}{lacks}")
            return pack_sequence_as(structure, [values[key] for key in keys])
        if not is_nested(structure):
            # A list of arrays is the samples of one input, unless its only array is all samples.
            return values[0] if holds_all(argument, structure.shape, values) else values
        given, expected = flatten(values) if type(values) in (list, tuple) else [values], flatten(structure)
        if len(given) != len(expected):
            raise ValueError(f"[{self._model}] {argument}: expected {len(expected)} arrays, got {len(given)}")
        return pack_sequence_as(structure, given)


class ChainInputs(GraphInputs):
    """The spec of a built Sequential."""

    def __init__(self, model: str, graph: Graph, dtype: np.dtype[Any], is_declared: bool) -> None:
        super().__init__(model, graph, dtype)
        self._is_declared, self._arguments = is_declared, ["x"] * self.count
        if not is_declared:
            self._dtypes = [dtype] * self.count

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._model, self._graph, self.dtype, self._is_declared)

    def arrange(self, argument: str, structure: Any, values: Any, names: Sequence[str] = ()) -> Any:
        values = plain(values)
        by_name = argument in ("x", "inputs") and self._names[0] in values if isinstance(values, dict) else False
        if not by_name and not is_nested(structure):
            _refuse_dict(argument, values)
        return super().arrange(argument, structure, values, names)


def _as_tensor(data: Any) -> Tensor:
    """A tensor of any data that `fit` takes as an array."""
    return as_tensor(
        data if isinstance(data, np.ndarray | Tensor | np.generic | int | float) else as_numbers("x", data)
    )


def _output_names(outputs: Any) -> list[str]:
    """The keys of a dict of outputs, joined if nested; else the names of the output layers, made unique."""
    if isinstance(outputs, dict):
        return paths(outputs)
    names: list[str] = []
    for tensor in flatten(outputs):
        name = tensor.call.layer.name
        names.append(name if name not in names else f"{name}_{names.count(name)}")
    return names


def _refuse_dict(name: str, data: Any) -> None:
    """TypeError for a dict where one array is expected."""
    if isinstance(data, dict):
        raise TypeError(
            f"[data] {name}: expected an array or an iterable of batches, got a dict with {list(data)}; pass a batch "
            "as a tuple (x, y), and x by the name of the Input in a dict"
        )
