"""GradientMonitor: norms of gradients per layer and, in recurrent layers, per step, to see them vanish or explode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from ..autograd.gradient_tape import GradientTape
from ..autograd.tape import Array, gradients
from ..autograd.tensor import Tensor, wrap
from ..layers import RNN, Layer
from .callback import Callback, Logs


class GradientMonitor(Callback):
    """Records the norms of gradients during `fit`, to show whether they vanish or explode.

    Args:
        data: (x, y), a batch to measure before training and after each epoch, of the shapes that `fit` takes; None:
            `steps` stays empty.

    Attributes:
        layers: For each layer with trained weights, the mean over each epoch's batches of the norm of their gradients.
        steps: For each recurrent layer, an array (steps,) of float64 per measurement: the norm of the gradient of the
            loss with respect to the layer's input of each step. The weights between input and state are the same at all
            steps, so it is proportional to the gradient of the state.

    Source:
        Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".

    Example:
        >>> x, y = np.ones((4, 5, 1)), np.ones((4, 1))
        >>> model = pydl.Sequential([pydl.Input((5, 1)), pydl.layers.LSTM(2), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> monitor = pydl.callbacks.GradientMonitor((x, y))
        >>> _ = model.fit(x, y, epochs=2, callbacks=[monitor], verbose=0)
        >>> [len(norms) for norms in monitor.layers.values()]
        [2, 2]
        >>> [[norms.shape for norms in measurements] for measurements in monitor.steps.values()]
        [[(5,), (5,), (5,)]]
    """

    _uses_batch_logs = False

    def __init__(self, data: tuple[Any, Any] | None = None) -> None:
        super().__init__()
        self.data = data
        self.layers: dict[str, list[float]] = {}
        self.steps: dict[str, list[Array]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.layers, self.steps = {}, {}
        self._measure()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._sums: dict[str, float] = {}
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        by_name: dict[str, list[Array]] = {}
        layers = self.model._all_layers()
        # Cells count under the name of their recurrent layer.
        owner = {id(cell): layer.name for layer in layers if isinstance(layer, RNN) for cell in layer._all_layers()}
        for layer in layers:
            grads = [v.grad for v in layer._own_variables() if v.trainable and v.grad is not None]
            by_name.setdefault(owner.get(id(layer), layer.name), []).extend(grads)
        for name, grads in by_name.items():
            if grads:
                self._sums[name] = self._sums.get(name, 0.0) + _norm(grads)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for name, total in self._sums.items():
            self.layers.setdefault(name, []).append(total / self._batches)
        self._measure()

    def _measure(self) -> None:
        if self.data is not None:
            for name, norms in step_norms(self.model, *self.data).items():
                self.steps.setdefault(name, []).append(norms)

    def plot(self, path: Any = None) -> Any:
        """Draws both as a Matplotlib figure.

        Args:
            path: Where to save it, or None.

        Returns:
            The figure.

        Raises:
            ImportError: Without Matplotlib.

        Example:
            >>> monitor = pydl.callbacks.GradientMonitor()
            >>> figure = monitor.plot("gradients.png")
        """
        try:
            figure_class = import_module("matplotlib.figure").Figure
        except ModuleNotFoundError as error:
            raise ImportError("[GradientMonitor] plot: expected Matplotlib; pip install matplotlib") from error
        names = list(self.steps)
        figure = figure_class(figsize=(6.4 * (1 + len(names)), 4.8), layout="constrained")
        axes = figure.subplots(1, 1 + len(names), squeeze=False)[0]
        for name, norms in self.layers.items():
            axes[0].semilogy(range(1, len(norms) + 1), norms, label=name)
        axes[0].set(title="norm of the gradient of a layer's weights", xlabel="epoch")
        if self.layers:
            axes[0].legend(fontsize="small")
        for axis, name in zip(axes[1:], names, strict=True):
            draw_steps(axis, self.steps[name])
            axis.set(title=f"{name}: norm of the gradient at each step", xlabel="step")
        if path is not None:
            figure.savefig(path)
        return figure


def draw_steps(axis: Any, measurements: list[Array]) -> None:
    """A line per measurement on a logarithmic axis, from light (before training) to dark (the last)."""
    for number, norms in enumerate(measurements):
        axis.semilogy(np.where(norms > 0, norms, np.nan), color=str(0.8 * (1 - (number + 1) / len(measurements))))


def step_norms(model: Any, x: Any, y: Any) -> dict[str, Array]:
    """For each recurrent layer, the norms of the gradients of a compiled model's loss for the input of each step."""
    batch = model._one_batch(x, y)
    with (
        GradientTape(),
        _watched(model) as inputs,
    ):  # on a tape, recurrent layers read the rows of an Embedding, not ids
        loss = model.compute_loss(batch.x, batch.y, model(batch.x, training=True))
    names = {id(tensor): name for name, tensor in inputs.items()}
    found = gradients(loss, np.ones_like(loss.array), set(names))
    norms = {names[id(t)]: _step_norms(g) for t, g in found if id(t) in names}
    return {name: norms[name] for name in inputs if name in norms}


@contextmanager
def _watched(model: Layer) -> Iterator[dict[str, Tensor]]:
    """Collects the inputs of recurrent layers by layer name while the model runs, as tensors that need gradients."""
    inputs: dict[str, Tensor] = {}

    def watch(layer: RNN) -> None:
        call = layer.call

        def watching(sequences: Tensor, *args: Any, **kwargs: Any) -> Any:
            if not sequences.requires_grad:
                sequences = wrap(sequences.array)
                sequences.requires_grad = True
            inputs[layer.name] = sequences
            return call(sequences, *args, **kwargs)

        object.__setattr__(layer, "call", watching)  # layer.call = … would invalidate the model's plans

    recurrent = [layer for layer in model._all_layers() if isinstance(layer, RNN)]
    for layer in recurrent:
        watch(layer)
    try:
        yield inputs
    finally:
        for layer in recurrent:
            object.__delattr__(layer, "call")


def _step_norms(gradient: Array) -> Array:
    """The norms per step: (B, T, …) to (T,)."""
    axes = (0, *range(2, gradient.ndim))
    return np.asarray(np.sqrt(np.square(gradient, dtype=np.float64).sum(axis=axes)))


def _norm(grads: list[Array]) -> float:
    return float(np.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in grads)))
