"""The explanation of a shape error: the layers up to the failing one, and a hint.

Models, layers and calls are Any, because their modules import this one.
"""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError
from ..base.tree import flatten


def explain_chain(model: str, layers: Any, input_shape: Any, failing: Any, error: Exception) -> str:
    """The error of a layer with the chain of layers and shapes up to it, and a hint."""
    rows, shape = [("input", "", ", ".join(map(_text, flatten(input_shape))))], input_shape
    for layer in layers:
        if layer is failing:
            break
        shape = layer.compute_output_shape(shape)
        rows.append((layer.name, type(layer).__name__, ", ".join(map(_text, flatten(shape)))))
    return _explained(f"Layers of {model} up to the failing one", rows, failing, flatten(shape)[0], error)


def explain_call(call: Any, error: Exception) -> str:
    """`explain_chain` for a layer called on symbolic tensors: all layers that they depend on."""
    before: dict[int, Any] = {}
    stack = call.inputs
    while stack:
        found = stack.pop().call
        if found is not None and found.number not in before:
            before[found.number] = found
            stack.extend(found.inputs)
    rows = [
        (c.layer.name, type(c.layer).__name__, ", ".join(_text(t.shape) for t in flatten(c.outputs)))
        for _, c in sorted(before.items())
    ]
    shape = call.inputs[0].shape if call.inputs else ()
    return _explained("Layers up to the failing one", rows, call.layer, shape, error)


def explain_loss(model: Any, error: Exception) -> str:
    """The error of a loss with the name of the output; for a shape error, with the layers before it, and a hint."""
    layers, shapes = model.layers, model._output_shapes()
    name = getattr(error, "output", "") or (layers[-1].name if layers else model.name)
    text = f"[{name}] {error}"
    y, output = getattr(error, "y_shape", ()), getattr(error, "y_pred_shape", ())
    if not isinstance(error, ShapeError) or not output:
        return text
    rows = [
        (layer.name, type(layer).__name__, ", ".join(_text(s) for s in flatten(shape)))
        for layer, shape in zip(layers, shapes, strict=True)
        if shape is not None
    ]
    if rows:
        text += f"\nThe layers of {model.name}:\n{_table(rows)}"
    if len(output) > 2 and y[1:] in ((), (1,), output[-1:]):
        text += (
            f"\nHint: the output has {' x '.join(map(str, output[1:-1]))} values per sample, y has one; put a Flatten "
            "or a global pooling before the last Dense, or use return_sequences=False"
        )
    return text


def _table(rows: list[tuple[str, str, str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "\n".join(f"  {name:{widths[0]}}  {kind:{widths[1]}}  {what}" for name, kind, what in rows)


def _explained(title: str, rows: list[tuple[str, str, str]], failing: Any, shape: Any, error: Exception) -> str:
    rows = [*rows, (failing.name, type(failing).__name__, "<- fails here")]
    chain = _table(rows)
    hint = _hint(failing, shape, str(error))
    return f"{error}\n{title}:\n{chain}" + (f"\nHint: {hint}" if hint else "")


def _text(shape: Any) -> str:
    return str(tuple(shape)).replace("None", "batch", 1)


def _hint(layer: Any, shape: tuple[Any, ...], error: str) -> str:
    kind = type(layer).__name__
    if "2D" in kind and len(shape) == 3:
        return f"{kind} expects (batch, rows, columns, channels); for images of one channel use x[..., None]"
    if "2D" in kind and len(shape) == 2:
        return f"{kind} expects (batch, rows, columns, channels); put a Reshape before it"
    if "2D" in kind and len(shape) == 4 and "as large as the window" in error:
        return (
            f"the input of {layer.name} is {shape[1]} x {shape[2]}; use a smaller kernel or pool, fewer poolings or "
            'padding="same"'
        )
    if kind == "Dense" and len(shape) > 2:
        return "Dense computes along the last axis only; put a Flatten before it to use all values"
    if "(batch, steps, features)" in error and len(shape) == 2:
        return (
            f"{kind} expects (batch, steps, features): a recurrent layer before it needs return_sequences=True, ids an "
            "Embedding, and sequences of one feature x[..., None]"
        )
    if len(shape) < 2:
        return "the first axis is the batch; for a single sample use x[None]"
    return ""
