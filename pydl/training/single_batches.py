"""train_on_batch, test_on_batch, predict_on_batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..base.argument_names import checks_names
from ..base.tree import flatten, map_structure
from ..base.warnings import warn_caller
from .batches import Batch, make_batch
from .data_checks import not_finite
from .train_step import TrainStep

_NOT_FINITE = "not finite"


class SingleBatches(TrainStep):
    """The part of a model that runs single batches."""

    @checks_names
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch.

        Args:
            x: Samples (batch, ...), floats or integers; a list or dict for several inputs.
            y: Targets (batch, ...).
            sample_weight: Weights (batch,), or (batch, steps) for sequences.
            class_weight: The weight of each class by its number.
            return_dict: Whether the result is a dict.

        Returns:
            The loss and the metrics of this batch, as `evaluate` returns them.

        Raises:
            RuntimeError: Before `compile`.
            ShapeError: If shapes do not fit.
            ValueError: If there is no sample.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.compile("sgd", "mse")
            >>> model.train_on_batch(np.array([[1.0, 2.0]]), np.array([[5.0]]))
            4.0
        """
        self._check_compiled("train_on_batch")
        batch = self._samples("train_on_batch", x, y, sample_weight, class_weight)
        if self._in_loop:
            with self._own_metrics():
                return self._result_of(self.train_step, batch, return_dict)
        self.reset_metrics()
        return self._result_of(self.train_step, batch, return_dict)

    @checks_names
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and the metrics of one batch.

        Args:
            x: Samples (batch, ...), floats or integers; a list or dict for several inputs.
            y: Targets (batch, ...).
            sample_weight: Weights (batch,), or (batch, steps) for sequences.
            return_dict: Whether the result is a dict.

        Returns:
            What `evaluate` returns.

        Raises:
            RuntimeError: Before `compile`.
            ShapeError: If shapes do not fit.
            ValueError: If there is no sample.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.compile("sgd", "mse")
            >>> model.test_on_batch(np.array([[1.0, 2.0]]), np.array([[5.0]]))
            4.0
        """
        self._check_compiled("test_on_batch")
        with self._own_metrics():
            return self._result_of(self.test_step, self._samples("test_on_batch", x, y, sample_weight), return_dict)

    @checks_names
    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch.

        Args:
            x: Samples (batch, ...), floats or integers; a list or dict for several inputs.

        Returns:
            Array (batch, ...); a list or dict of them for a model with several outputs.

        Raises:
            ShapeError: If shapes do not fit.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.predict_on_batch(np.array([[1.0, 2.0]]))
            array([[3.]], dtype=float32)
        """
        return self._outputs(self._one_batch(x))

    def _outputs(self, batch: Batch) -> Any:
        def own(array: Array) -> Array:
            # A model that only reshapes returns a view of the batch, whose memory the next batch reuses.
            return array.copy() if any(np.may_share_memory(array, x) for x in flatten(batch.x)) else array

        return map_structure(lambda tensor: own(tensor.array), self(batch.x, training=False))

    def _result_of(self, step: Callable[[Batch], Mapping[str, float] | None], batch: Batch, return_dict: bool) -> Any:
        own_logs = step(batch)
        self._check_finite(batch, own_logs)
        logs = dict(own_logs or self.get_metrics_result())
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _check_finite(self, batch: Batch, logs: Mapping[str, float] | None, step: int = 0, batches: Any = None) -> None:
        """Warns, when the loss is no longer finite, if the data holds NaN or infinity."""
        loss = logs.get("loss", 0.0) if logs else self._loss_mean.total
        if not isinstance(loss, Real) or math.isfinite(loss) or _NOT_FINITE in self._warned:
            return
        self._warned.add(_NOT_FINITE)
        found = not_finite(batch, step, batches)
        if found is not None:
            warn_caller(f"the loss is {loss}: {found}; replace the value, as numpy.nan_to_num does, or drop the sample")

    def _check_compiled(self, what: str) -> None:
        if not self._compiled:
            raise RuntimeError(f"[{what}] model: expected a compiled model; call compile(optimizer, loss) first")

    def _one_batch(self, x: Any, y: Any = None, sample_weight: Any = None, weights: Any = None) -> Batch:
        return make_batch(x, y, sample_weight, model=self, weights=weights)

    def _samples(self, what: str, x: Any, y: Any, sample_weight: Any, weights: Any = None) -> Batch:
        """`_one_batch` of at least one sample; ValueError for an empty batch."""
        batch = make_batch(x, y, sample_weight, model=self, weights=weights)
        if batch.size == 0:
            raise ValueError(f"[{what}] x: expected at least one sample, got none")
        return batch
