"""Weights of recurrent layers to and from PyTorch and ONNX, whose order of gates and axes differs.

pydl, like Keras, has kernel (I, G·U), recurrent_kernel (U, G·U) and one bias, or two for GRU with `reset_after`; gates
i f g o for LSTM and z r n for GRU. PyTorch has (G·U, I), (G·U, U) and always two biases; gates i f g o and r z n. ONNX
has a first axis of directions and both biases in one array; gates i o f g and z r n.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .autograd.tape import Array
from .base.errors import ShapeError
from .layers import Bidirectional, GRUCell, LSTMCell, SimpleRNNCell
from .layers.cells import Cell

__all__ = ["from_onnx", "from_torch", "to_onnx", "to_torch"]

# For each gate of the other library, the index of pydl's gate.
_TORCH: dict[type[Cell], list[int]] = {SimpleRNNCell: [0], LSTMCell: [0, 1, 2, 3], GRUCell: [1, 0, 2]}
_ONNX: dict[type[Cell], list[int]] = {SimpleRNNCell: [0], LSTMCell: [0, 3, 1, 2], GRUCell: [0, 1, 2]}


def to_torch(layer: Any, number: int = 0) -> dict[str, Array]:
    """The weights of a recurrent layer as `load_state_dict` of torch.nn.RNN, LSTM or GRU takes them.

    Args:
        layer: A built SimpleRNN, LSTM or GRU, or a Bidirectional of one.
        number: Which layer of a stack it is to be.

    Returns:
        A dict of arrays by name, "weight_ih_l0" of shape (gates · units, inputs), "weight_hh_l0" (gates · units,
        units), "bias_ih_l0" and "bias_hh_l0" (gates · units,), and the same with "_reverse" for the second direction.

    Raises:
        RuntimeError: If the layer has no weights yet.
        TypeError: For another layer.
        ValueError: For a GRU without `reset_after`, which PyTorch does not have.

    Example:
        >>> layer = pydl.layers.LSTM(2)
        >>> layer.build((None, 5, 3))
        >>> {name: array.shape for name, array in pydl.interop.to_torch(layer).items()}
        {'weight_ih_l0': (8, 3), 'weight_hh_l0': (8, 2), 'bias_ih_l0': (8,), 'bias_hh_l0': (8,)}
    """
    state = {}
    for direction, cell in zip(("", "_reverse"), _cells(layer, "to_torch"), strict=False):
        _check_reset_after(cell, "to_torch")
        parts = _export_cell(cell, _TORCH)
        for name, array in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), parts, strict=True):
            state[f"{name}_l{number}{direction}"] = array
    return state


def from_torch(layer: Any, state: Mapping[str, Any], number: int = 0) -> None:
    """Writes the weights of a torch.nn.RNN, LSTM or GRU into a recurrent layer.

    Args:
        layer: A built SimpleRNN, LSTM or GRU, or a Bidirectional of one.
        state: The `state_dict()` of the PyTorch module: tensors or arrays by the names of `to_torch`. Biases may be
            missing.
        number: Which layer of the stack is taken.

    Raises:
        KeyError: If a weight is missing.
        RuntimeError: If the layer has no weights yet.
        ShapeError: If a weight does not fit.
        TypeError: For another layer.
        ValueError: For a GRU without `reset_after`, or a bias where the layer has none.

    Example:
        >>> layer = pydl.layers.SimpleRNN(1, use_bias=False)
        >>> layer.build((None, 5, 2))
        >>> pydl.interop.from_torch(layer, {"weight_ih_l0": [[1.0, 2.0]], "weight_hh_l0": [[3.0]]})
        >>> [w.tolist() for w in layer.get_weights()]
        [[[1.0], [2.0]], [[3.0]]]
    """
    weights = []
    for direction, cell in zip(("", "_reverse"), _cells(layer, "from_torch"), strict=False):
        _check_reset_after(cell, "from_torch")
        end = f"_l{number}{direction}"
        kernels = [np.asarray(state[f"{name}{end}"]) for name in ("weight_ih", "weight_hh")]
        biases = [np.asarray(state.get(f"{name}{end}", np.zeros(len(kernels[0])))) for name in ("bias_ih", "bias_hh")]
        weights += _import_cell(cell, _TORCH, *kernels, *biases)
    layer.set_weights(weights)


def to_onnx(layer: Any) -> dict[str, Array]:
    """The weights of a recurrent layer as inputs of the ONNX operator RNN, LSTM or GRU.

    Args:
        layer: A built SimpleRNN, LSTM or GRU, or a Bidirectional of one. A GRU with `reset_after` is ONNX's with
            linear_before_reset=1.

    Returns:
        A dict of arrays by name, "W" of shape (directions, gates · units, inputs), "R" (directions, gates · units,
        units) and "B" (directions, 2 · gates · units).

    Raises:
        RuntimeError: If the layer has no weights yet.
        TypeError: For another layer.

    Example:
        >>> layer = pydl.layers.Bidirectional(pydl.layers.GRU(2))
        >>> layer.build((None, 5, 3))
        >>> {name: array.shape for name, array in pydl.interop.to_onnx(layer).items()}
        {'W': (2, 6, 3), 'R': (2, 6, 2), 'B': (2, 12)}
    """
    parts = [_export_cell(cell, _ONNX) for cell in _cells(layer, "to_onnx")]
    w, r, b_input, b_state = (np.stack(arrays) for arrays in zip(*parts, strict=True))
    return {"W": w, "R": r, "B": np.concatenate([b_input, b_state], axis=1)}


def from_onnx(layer: Any, W: Any, R: Any, B: Any = None) -> None:
    """Writes the inputs of the ONNX operator RNN, LSTM or GRU into a recurrent layer.

    Args:
        layer: A built SimpleRNN, LSTM or GRU, or a Bidirectional of one.
        W: Array (directions, gates · units, inputs) of floats.
        R: Array (directions, gates · units, units).
        B: Array (directions, 2 · gates · units), or None for zeros.

    Raises:
        RuntimeError: If the layer has no weights yet.
        ShapeError: If an array does not fit.
        TypeError: For another layer.
        ValueError: For a bias where the layer has none.

    Example:
        >>> layer = pydl.layers.SimpleRNN(1, use_bias=False)
        >>> layer.build((None, 5, 2))
        >>> pydl.interop.from_onnx(layer, W=[[[1.0, 2.0]]], R=[[[3.0]]])
        >>> [w.tolist() for w in layer.get_weights()]
        [[[1.0], [2.0]], [[3.0]]]
    """
    w, r = np.asarray(W), np.asarray(R)
    cells = _cells(layer, "from_onnx")
    if len(w) != len(cells) or len(r) != len(cells):
        raise ShapeError(f"[from_onnx] W, R: expected {len(cells)} directions, got {len(w)} and {len(r)}")
    b = np.zeros((len(w), 2 * w.shape[1])) if B is None else np.asarray(B)
    weights = []
    for cell, *kernels, biases in zip(cells, w, r, b, strict=True):
        weights += _import_cell(cell, _ONNX, *kernels, *np.split(biases, 2))
    layer.set_weights(weights)


def _cells(layer: Any, function: str) -> list[Any]:
    """The cells of a recurrent layer: one, or one per direction."""
    whole = [layer.forward_layer, layer.backward_layer] if isinstance(layer, Bidirectional) else [layer]
    cells: list[Any] = [getattr(one, "cell", None) for one in whole]
    for cell in cells:
        if type(cell) not in _TORCH:
            raise TypeError(
                f"[{function}] layer: expected a SimpleRNN, LSTM, GRU or a Bidirectional of one, got {layer!r}"
            )
        if not cell.built:
            raise RuntimeError(
                f"[{function}] layer: expected a built layer, but {layer.name} has no weights yet; call it on data"
            )
    return cells


def _check_reset_after(cell: Any, function: str) -> None:
    if isinstance(cell, GRUCell) and not cell.reset_after:
        raise ValueError(f"[{function}] layer: expected reset_after=True, as in PyTorch's GRU, got False")


def _export_cell(cell: Any, orders: Mapping[type[Cell], list[int]]) -> list[Array]:
    """The weights of the cell as (G·U, I), (G·U, U) and two biases (G·U,) in another order of gates."""
    order, units = orders[type(cell)], cell.units
    two = np.zeros((2, len(order) * units), cell.dtype)
    if cell.bias is not None:
        two[: len(np.atleast_2d(cell.bias.array))] = cell.bias.array
    arrays = [cell.kernel.array.T, cell.recurrent_kernel.array.T, *two]
    return [np.concatenate([a[gate * units : (gate + 1) * units] for gate in order]) for a in arrays]


def _import_cell(cell: Any, orders: Mapping[type[Cell], list[int]], *arrays: Array) -> list[Array]:
    """The weights of the cell from (G·U, I), (G·U, U) and two biases in another order of gates."""
    units = cell.units
    for array in arrays:
        if len(array) != cell._gates * units:
            raise ShapeError(f"[{cell.name}] weights: expected {cell._gates * units} rows, got shape {array.shape}")
    places = np.argsort(orders[type(cell)])
    w, r, b_input, b_state = (np.concatenate([a[p * units : (p + 1) * units] for p in places]) for a in arrays)
    weights = [w.T, r.T]
    if cell.bias is not None:
        weights.append(np.stack([b_input, b_state]) if cell.bias.ndim == 2 else b_input + b_state)
    elif b_input.any() or b_state.any():
        raise ValueError(f"[{cell.name}] weights: expected biases of zeros for use_bias=False, got other values")
    return weights
