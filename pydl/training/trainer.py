"""fit, evaluate and predict: the loops over batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..base.argument_names import checks_names
from ..base.random_streams import SharedGenerator
from ..base.tree import flatten, pack_sequence_as
from ..base.warnings import warn_caller
from ..callbacks import Callback, CallbackList, History, ProgressBar
from .batches import Batch, Epochs
from .data_checks import unscaled
from .single_batches import SingleBatches
from .standardize import batches, check_loop, fit_data, is_due, validation_parts
from .train_step import TrainStep


class Trainer(SingleBatches):
    """The part of a model that trains on data sets."""

    history: History  # of the last fit

    def __init__(self) -> None:
        super().__init__()
        self.stop_training = False
        self._shuffles = SharedGenerator("shuffle")  # continues across fits: 2 + 2 epochs equal 4

    # -- fit

    @checks_names
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
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
        """Trains for a number of epochs.

        KeyboardInterrupt is raised between two steps; the model keeps the result of the last step.

        Args:
            x: Samples (samples, ...), floats or integers; a list of arrays in the order of several inputs, or a dict by
                their names; or an iterable of batches (x, y) or (x, y, sample_weight), and then no y.
            y: Targets (samples, ...); class numbers stay integers. A list or dict for several outputs.
            batch_size: Samples per step; None for 32. The last batch may be smaller.
            epochs: The number of the last epoch, counted from 1.
            verbose: 0 for silence, 1 or "auto" for a progress bar where there is a terminal or notebook, 2 for a line
                per epoch.
            callbacks: A list of callbacks, or one.
            validation_split: The last fraction of x and y, cut off before shuffling, for validation.
            validation_data: (x, y), (x, y, sample_weight) or an iterable of batches.
            shuffle: Whether each epoch has a new order, which `pydl.set_seed` governs.
            class_weight: The weight of each class by its number, multiplied with `sample_weight`.
            sample_weight: Weights (samples,), or (samples, steps) for sequences; a list or dict with one for each
                output.
            initial_epoch: How many epochs there were before.
            steps_per_epoch: Batches per epoch; iterables then continue where the last epoch ended. None for all.
            validation_steps: Batches per validation; None for all.
            validation_batch_size: Samples per step of the validation; None for `batch_size`.
            validation_freq: Validate every so many epochs, or after the epochs in a list, counted from 1.

        Returns:
            A `callbacks.History` of the loss and the metrics of each epoch.

        Raises:
            RuntimeError: Before `compile`.
            ShapeError: If shapes do not fit.
            ValueError: If another argument does not fit.

        Example:
            >>> pydl.set_seed(0)
            >>> x = np.linspace(-1, 1, 64).reshape(64, 1)
            >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
            >>> model.compile(pydl.optimizers.SGD(0.5), "mse")
            >>> history = model.fit(x, 3 * x + 1, epochs=20, validation_split=0.25, verbose=0)
            >>> sorted(history.history)
            ['loss', 'val_loss']
            >>> history.history["loss"][-1] < 0.01
            True
        """
        self._check_compiled("fit")
        check_loop(epochs, initial_epoch, validation_freq, class_weight)
        x, y, sample_weight, validation_data = fit_data(self, x, y, sample_weight, validation_split, validation_data)
        shuffler = self._shuffles.generator if shuffle else None
        data = Epochs(batches(self, x, y, sample_weight, batch_size, shuffler, class_weight), steps_per_epoch)
        validation = None
        if validation_data is not None:
            parts = validation_parts(validation_data)
            validation = Epochs(batches(self, *parts, validation_batch_size or batch_size), validation_steps)

        self.history = history = History()
        callback_list = self._callbacks([*_listed(callbacks), history], verbose, epochs=epochs, steps=data.steps)
        self._warned.clear()
        self._scale_checked = False
        self.stop_training = False
        callback_list._expect(self._log_names(), validation is not None)
        callback_list.call("on_train_begin", {})
        last: dict[str, float] = {}
        for epoch in range(initial_epoch, epochs):
            callback_list.call("on_epoch_begin", epoch, {})
            logs = self._train_epoch(data, callback_list)
            if logs is None:
                warn_caller(f"fit: the data was exhausted before epoch {epoch + 1}; training ends")
                break
            if validation is not None and is_due(validation_freq, epoch + 1):
                measured = self._evaluate(validation, callback_list)
                if measured is None:
                    self._warn_once(
                        "fit: the validation data has no batches left, so no val_ values are logged; a generator can "
                        "be iterated only once, pass an object with __iter__ instead"
                    )
                logs |= {f"val_{name}": value for name, value in (measured or {}).items()}
            callback_list.call("on_epoch_end", epoch, logs)
            last = logs
            if self.stop_training:
                break
        callback_list.call("on_train_end", last)
        return history

    def _train_epoch(self, data: Epochs, callback_list: CallbackList) -> dict[str, float] | None:
        """One epoch of steps; its logs, or None if there was no batch."""
        with self._own_metrics():
            return self._loop(data.epoch(), data, self.train_step, "train", callback_list)

    def _loop(
        self,
        batches: Iterable[Batch],
        data: Epochs,
        run: Callable[[Batch], Mapping[str, float] | None],
        kind: str,
        callback_list: CallbackList,
    ) -> dict[str, float] | None:
        """Runs `train_step` or `test_step` with hooks; the last logs, or None if there was no sample."""
        begin, end = callback_list.hooks(f"on_{kind}_batch_begin"), callback_list.hooks(f"on_{kind}_batch_end")
        uses_logs = callback_list.uses_logs(f"on_{kind}_batch_end")
        step, own_logs = -1, None
        for step, batch in enumerate(batches):
            if step == 0 and kind == "train" and not self._scale_checked:
                self._check_scale(batch)
            for hook in begin:
                hook(step, {})
            own_logs = run(batch)
            self._check_finite(batch, own_logs, step, data.batches)
            logs = dict(own_logs or self.get_metrics_result()) if uses_logs else {}
            for hook in end:
                hook(step, logs)
            if kind == "train" and self.stop_training:
                break
        counted = getattr(run, "__func__", None) in (
            TrainStep.train_step,
            TrainStep.test_step,
        )  # a user's steps may not count
        if step < 0 or (counted and not self._loss_mean.count):
            return None
        return dict(own_logs or self.get_metrics_result())

    def _check_scale(self, batch: Batch) -> None:
        """Warns of unscaled images in the first batch of `fit`."""
        self._scale_checked = True
        hint = unscaled(self, batch)
        if hint is not None:
            warn_caller(f"fit: {hint}")

    # -- evaluate and predict

    @checks_names
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on data.

        Args:
            x: Samples (samples, ...), or what else `fit` takes.
            y: Targets (samples, ...), floats or class numbers.
            batch_size: Samples per step; None for 32.
            verbose: As for `fit`.
            sample_weight: Weights (samples,), or (samples, steps) for sequences.
            steps: The number of batches; None for all.
            callbacks: A list of callbacks, or one.
            return_dict: Whether the result is a dict.

        Returns:
            [loss, metrics...], the loss alone if there are no metrics, or a dict of these by name.

        Raises:
            RuntimeError: Before `compile`.
            ShapeError: If shapes do not fit.
            ValueError: If there is no sample, or another argument does not fit.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.compile("sgd", "mse", metrics=["mae"])
            >>> model.evaluate(np.array([[1.0, 2.0]]), np.array([[5.0]]), verbose=0)
            [4.0, 2.0]
        """
        self._check_compiled("evaluate")
        data = Epochs(batches(self, x, y, sample_weight, batch_size), steps)
        logs = self._evaluate(data, self._callbacks(_listed(callbacks), verbose, epochs=1, steps=data.steps))
        if logs is None:
            raise ValueError("[evaluate] x: expected at least one batch, got none")
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _evaluate(self, data: Epochs, callback_list: CallbackList) -> dict[str, float] | None:
        """The logs of one pass, or None if there was no batch."""
        with self._own_metrics():
            callback_list.call("on_test_begin", {})
            results = self._loop(self._checked_pass(data, "evaluate"), data, self.test_step, "test", callback_list)
            callback_list.call("on_test_end", results or {})
        return results

    def _checked_pass(self, data: Epochs, what: str) -> Iterator[Batch]:
        """One pass over the data; warns if it has fewer batches than requested."""
        number = 0
        for number, batch in enumerate(data.once(), 1):  # noqa: B007
            yield batch
        if number and data.steps is not None and number < data.steps:
            warn_caller(f"{what}: the data was exhausted after {number} of {data.steps} steps")

    @checks_names
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Any:
        """The outputs for all samples.

        Args:
            x: Samples (samples, ...), floats or integers, or what else `fit` takes.
            batch_size: Samples per step; None for 32.
            verbose: As for `fit`; a progress bar comes only if it takes long.
            steps: The number of batches; None for all.
            callbacks: A list of callbacks, or one.

        Returns:
            Array (samples, ...); a list or dict of them for a model with several outputs.

        Raises:
            ShapeError: If shapes do not fit.
            ValueError: If there is no sample, or another argument does not fit.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.predict(np.array([[1.0, 2.0]]), verbose=0)
            array([[3.]], dtype=float32)
        """
        data = Epochs(batches(self, x, None, None, batch_size), steps)
        callback_list = self._callbacks(_listed(callbacks), verbose, epochs=1, steps=data.steps)
        begin, end = callback_list.hooks("on_predict_batch_begin"), callback_list.hooks("on_predict_batch_end")
        parts: list[Any] = []
        callback_list.call("on_predict_begin", {})
        for step, batch in enumerate(self._checked_pass(data, "predict")):
            for hook in begin:
                hook(step, {})
            parts.append(self._outputs(batch))
            for hook in end:
                hook(step, {"outputs": parts[-1]})
        callback_list.call("on_predict_end", {})
        if not parts:
            raise ValueError("[predict] x: expected at least one sample, got none")
        columns = zip(*map(flatten, parts), strict=True)
        return pack_sequence_as(
            parts[0], [column[0] if len(column) == 1 else np.concatenate(column) for column in columns]
        )

    def _callbacks(self, callbacks: Iterable[Callback], verbose: int | str, **params: Any) -> CallbackList:
        if verbose not in (0, 1, 2, "auto"):
            raise ValueError(f"[fit] verbose: expected 0, 1, 2 or 'auto', got {verbose!r}")
        listed = list(callbacks)
        if verbose and not any(isinstance(c, ProgressBar) for c in listed):
            listed.append(ProgressBar(verbose))  # last: it shows logs that other callbacks add
        return CallbackList(listed, model=self, verbose=verbose, **params)


def _listed(callbacks: Sequence[Callback] | Callback | None) -> Sequence[Callback]:
    """A list of callbacks from one, several, or a CallbackList."""
    if isinstance(callbacks, CallbackList):
        return callbacks.callbacks
    return [callbacks] if isinstance(callbacks, Callback) else callbacks or ()
