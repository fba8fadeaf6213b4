"""compile, fit, evaluate, predict: the loops over batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from .. import losses, ops, optimizers, plan, random
from ..callbacks import Callback, CallbackList, History, ProgressBar
from ..data import ArrayBatches, Batch, Epochs, IterableBatches, as_numpy, class_weights, make_batch, split_validation
from ..layers import Layer
from ..metrics import Mean
from ..tape import Array, no_grad
from ..tensor import Tensor
from ..variable import Variable
from .compiled import CompiledMetrics

if TYPE_CHECKING:
    from .model import Model


class Trained(NamedTuple):
    """What a step touches, collected once: walking all layers for it costs more than a step of a small model."""

    epoch: int  # of plan.py: any change to a layer makes this stale
    layers: list[Layer]
    variables: list[Variable]
    regularized: list[Variable]


class Trainer(Layer):
    """The part of a model that learns. Override `train_step`, `test_step` or `compute_loss` to change how."""

    optimizer: optimizers.Optimizer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stop_training = False
        self._loss: losses.Loss | None = None
        self._loss_mean = Mean("loss")
        self._metrics = CompiledMetrics(None, None)
        self._compiled = False
        self._trained = Trained(-1, [], [], [])

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        loss_weights: float | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Sets what `fit` needs.

        optimizer, loss, metrics: names or objects. loss: also a function of (y_true, y_pred); may be None if the layers
        add losses. loss_weights: a factor for the loss. run_eagerly and auto_scale_loss change nothing here.
        ValueError for unknown names, and for jit_compile=True or steps_per_execution > 1: there is no graph to compile.
        """
        if jit_compile is True:
            raise ValueError("[compile] jit_compile: expected False or 'auto'; the kernels are compiled already")
        if steps_per_execution != 1:
            raise ValueError(f"[compile] steps_per_execution: expected 1, got {steps_per_execution}")
        if loss_weights is not None and not isinstance(loss_weights, int | float):
            raise TypeError(f"[compile] loss_weights: expected a number for the one output, got {loss_weights!r}")
        self.optimizer = optimizers.get(optimizer)
        self._loss = None if loss is None else losses.get(loss)
        self._loss_weight = 1.0 if loss_weights is None else float(loss_weights)
        self._metrics = CompiledMetrics(metrics, weighted_metrics)
        self._compiled = True

    # -- one step

    def train_step(self, batch: Batch) -> Mapping[str, float] | None:
        """Forward, loss, backward, update, metrics.

        An override may return logs; they replace those of `get_metrics_result()`.
        """
        x, y, sample_weight = batch
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        variables = self._trained_now().variables
        for v in variables:
            v.grad = None
        loss.backward()
        self.optimizer.apply([v.grad for v in variables], variables)
        self._update_metrics(loss, batch, y_pred)
        return None

    def test_step(self, batch: Batch) -> Mapping[str, float] | None:
        """Forward, loss, metrics. May be overridden like `train_step`."""
        x, y, sample_weight = batch
        y_pred = self(x, training=False)
        with no_grad():
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        self._update_metrics(loss, batch, y_pred)
        return None

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """The compiled loss plus what layers and regularizers add: a scalar tensor."""
        terms = []
        if self._loss is not None:
            if y is None:
                raise ValueError("[fit] y: the loss needs targets, got None")
            loss = self._loss(y, y_pred, sample_weight)
            if loss.ndim:  # reduction "none"
                loss = ops.mean(loss)
            terms.append(loss if self._loss_weight == 1.0 else loss * self._loss_weight)
        trained = self._trained_now()
        for layer in trained.layers:
            terms.extend(layer._losses)
        terms.extend(v.regularizer(v) for v in trained.regularized if v.regularizer is not None)
        if not terms:
            raise ValueError("[fit] no loss: give one to compile(), or add_loss() in a layer")
        total: Tensor = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def _update_metrics(self, loss: Tensor, batch: Batch, y_pred: Any) -> None:
        self._loss_mean.add(loss.array.item(), len(batch.x))
        if batch.y is not None:
            self._metrics.update(batch.y, y_pred.array, batch.sample_weight)

    def _trained_now(self) -> Trained:
        if self._trained.epoch != plan.epoch():
            variables = self.trainable_weights
            regularized = [v for v in variables if v.regularizer is not None]
            # Not an attribute of the model's own making: setting it in the usual way would void all plans.
            object.__setattr__(self, "_trained", Trained(plan.epoch(), self._flatten(), variables, regularized))
        return self._trained

    def get_metrics_result(self) -> dict[str, float]:
        """The loss and the metrics since the last reset, as means over samples."""
        return {"loss": self._loss_mean.result(), **self._metrics.results()}

    def reset_metrics(self) -> None:
        self._loss_mean.reset_state()
        self._metrics.reset()

    # -- fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Trains for `epochs` passes over the data and returns the History of losses and metrics.

        Args:
            x: (N, ...) samples; or an iterable of batches (x, y) or (x, y, sample_weight), and then no y.
            y: (N, ...) targets; integer labels stay integers.
            batch_size: 32 if None. The last batch may be smaller.
            verbose: 0 silent, 1 or "auto" a progress bar where there is a terminal or notebook, 2 a line per epoch.
            validation_split: the last fraction of x and y, cut off before shuffling, for validation.
            validation_data: (x, y), (x, y, sample_weight) or an iterable of batches.
            shuffle: a new order every epoch, from pydl.set_seed.
            class_weight: weight of a class by its number; multiplied with sample_weight, (N,).
            initial_epoch: where to go on from; epochs is the number of the last.
            steps_per_epoch: batches per epoch; iterables then go on where the last epoch ended.
            validation_freq: validate every so many epochs, or after the epochs in a list (counted from 1).

        Raises RuntimeError before compile(), ShapeError where shapes do not fit. KeyboardInterrupt comes through
        between steps and leaves the model as the last step made it.
        """
        self._check_compiled("fit")
        if not _is_iterable_of_batches(x):
            x, y, sample_weight = (None if a is None else as_numpy(a) for a in (x, y, sample_weight))
            if validation_split and validation_data is None:
                (x, y, sample_weight), validation_data = split_validation(validation_split, x, y, sample_weight)
        elif validation_split:
            raise ValueError("[fit] validation_split: needs arrays; give validation_data with an iterable")
        shuffler = random.generator("shuffle") if shuffle else None
        data = Epochs(self._batches(x, y, sample_weight, batch_size, shuffler, class_weight), steps_per_epoch)
        validation = None
        if validation_data is not None:
            parts = validation_data if isinstance(validation_data, list | tuple) else (validation_data,)
            validation = Epochs(self._batches(*_padded(parts), validation_batch_size or batch_size), validation_steps)

        history = History()
        watchers = self._callbacks([*(callbacks or ()), history], verbose, epochs=epochs, steps=data.steps)
        self.stop_training = False
        watchers.call("on_train_begin")
        for epoch in range(initial_epoch, epochs):
            watchers.call("on_epoch_begin", epoch)
            logs = self._train_epoch(data, watchers)
            if logs is None:
                warnings.warn(f"fit: the data ran out before epoch {epoch + 1}; training ends", stacklevel=2)
                break
            if validation is not None and _is_due(validation_freq, epoch + 1):
                logs |= {f"val_{name}": value for name, value in self._evaluate(validation, watchers).items()}
            watchers.call("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        watchers.call("on_train_end")
        return history

    def _train_epoch(self, data: Epochs, watchers: CallbackList) -> dict[str, float] | None:
        """One epoch of steps; its logs, or None if there was no batch."""
        self.reset_metrics()
        begin, end = watchers.hooks("on_train_batch_begin"), watchers.hooks("on_train_batch_end")
        uses_logs = watchers.uses_logs("on_train_batch_end")
        step, own_logs = -1, None
        for step, batch in enumerate(data.epoch()):
            for hook in begin:
                hook(step)
            own_logs = self.train_step(batch)
            logs = dict(own_logs or self.get_metrics_result()) if uses_logs else None
            for hook in end:
                hook(step, logs)
            if self.stop_training:
                break
        return None if step < 0 else dict(own_logs or self.get_metrics_result())

    # -- evaluate and predict

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on x, y: [loss, metrics...], or the loss alone if there are none, or a dict."""
        self._check_compiled("evaluate")
        data = Epochs(self._batches(x, y, sample_weight, batch_size), steps)
        logs = self._evaluate(data, self._callbacks(callbacks or (), verbose, epochs=1, steps=data.steps))
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _evaluate(self, data: Epochs, watchers: CallbackList) -> dict[str, float]:
        self.reset_metrics()
        begin, end = watchers.hooks("on_test_batch_begin"), watchers.hooks("on_test_batch_end")
        uses_logs = watchers.uses_logs("on_test_batch_end")
        own_logs = None
        watchers.call("on_test_begin")
        for step, batch in enumerate(data.epoch()):
            for hook in begin:
                hook(step)
            own_logs = self.test_step(batch)
            logs = dict(own_logs or self.get_metrics_result()) if uses_logs else None
            for hook in end:
                hook(step, logs)
        results = dict(own_logs or self.get_metrics_result())
        watchers.call("on_test_end", results)
        return results

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """The outputs for all of x, an ndarray (N, ...); a list of them for a model with several outputs."""
        data = Epochs(self._batches(x, None, None, batch_size), steps)
        watchers = self._callbacks(callbacks or (), verbose, epochs=1, steps=data.steps)
        begin, end = watchers.hooks("on_predict_batch_begin"), watchers.hooks("on_predict_batch_end")
        parts: list[list[Array]] = []
        watchers.call("on_predict_begin")
        for step, batch in enumerate(data.epoch()):
            for hook in begin:
                hook(step)
            parts.append(self._outputs(batch))
            for hook in end:
                hook(step)
        watchers.call("on_predict_end")
        if not parts:
            raise ValueError("[predict] x: expected at least one sample, got none")
        outputs = [column[0] if len(column) == 1 else np.concatenate(column) for column in zip(*parts, strict=True)]
        return outputs if len(outputs) > 1 else outputs[0]

    def _outputs(self, batch: Batch) -> list[Array]:
        y = self(batch.x, training=False)
        arrays = [t.array for t in y] if isinstance(y, list | tuple) else [y.array]
        # A model that only reshapes returns a view of the batch, whose memory the next batch takes.
        return [a.copy() if np.may_share_memory(a, batch.x) else a for a in arrays]

    # -- single batches

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on this batch. Returns its loss and metrics, as `evaluate` does."""
        self._check_compiled("train_on_batch")
        self.reset_metrics()
        return self._result(self.train_step(self._one_batch(x, y, sample_weight, class_weight)), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch, as `evaluate` returns them."""
        self._check_compiled("test_on_batch")
        self.reset_metrics()
        return self._result(self.test_step(self._one_batch(x, y, sample_weight)), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for this batch, as `predict` returns them."""
        outputs = self._outputs(self._one_batch(x))
        return outputs if len(outputs) > 1 else outputs[0]

    def _result(self, own_logs: Mapping[str, float] | None, return_dict: bool) -> Any:
        logs = dict(own_logs or self.get_metrics_result())
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    # -- helpers

    def _check_compiled(self, what: str) -> None:
        if not self._compiled:
            raise RuntimeError(f"[{what}] call compile(optimizer, loss) first")

    def _one_batch(self, x: Any, y: Any = None, sample_weight: Any = None, weights: Any = None) -> Batch:
        return make_batch(x, y, sample_weight, dtype=self.dtype, cast_integers=self.casts_integers, weights=weights)

    def _batches(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        shuffle: np.random.Generator | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Iterable[Batch]:
        if _is_iterable_of_batches(x):
            if y is not None or sample_weight is not None:
                raise ValueError("[data] y, sample_weight: an iterable x gives them with every batch")
            return IterableBatches(x, self.dtype, self.casts_integers, class_weight)
        x, y, sample_weight = (None if a is None else as_numpy(a) for a in (x, y, sample_weight))
        if x is None or x.ndim == 0 or x.dtype.kind not in "fiub":
            raise TypeError(f"[data] x: expected an array of numbers with a batch axis, got {x!r:.80}")
        if class_weight is not None and y is not None:
            by_class = class_weights(y, class_weight)
            sample_weight = by_class if sample_weight is None else by_class * sample_weight
        size = 32 if batch_size is None else batch_size
        return ArrayBatches(x, y, sample_weight, size, self.dtype, self.casts_integers, shuffle)

    def _callbacks(self, callbacks: Iterable[Callback], verbose: int | str, **params: Any) -> CallbackList:
        if verbose not in (0, 1, 2, "auto"):
            raise ValueError(f"verbose: expected 0, 1, 2 or 'auto', got {verbose!r}")
        given = list(callbacks)
        if verbose and not any(isinstance(c, ProgressBar) for c in given):
            given.append(ProgressBar(verbose))  # last: it shows what the others put into the logs
        return CallbackList(given, cast("Model", self), {"verbose": verbose, **params})

    @property
    def casts_integers(self) -> bool:
        """Whether integer inputs are turned into `dtype`; not for a model that begins with an embedding."""
        return self.autocast


def _is_iterable_of_batches(x: Any) -> bool:
    """Arrays, lists of numbers and tensors are data; generators and objects that only iterate give batches."""
    return (
        isinstance(x, Iterable)
        and not isinstance(x, np.ndarray | list | tuple | Tensor)
        and not hasattr(x, "__array__")
    )


def _padded(parts: Sequence[Any]) -> tuple[Any, Any, Any]:
    if len(parts) > 3:
        raise ValueError(f"[fit] validation_data: expected (x, y) or (x, y, sample_weight), got {len(parts)} parts")
    x, y, sample_weight = (*parts, None, None, None)[:3]
    return x, y, sample_weight


def _is_due(frequency: int | Sequence[int], epoch: int) -> bool:
    return epoch % frequency == 0 if isinstance(frequency, int) else epoch in frequency
