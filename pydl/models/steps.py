"""compile, and what one step of training does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import losses, ops, optimizers, plan
from ..data import Batch, make_batch
from ..layers import Layer
from ..metrics import Mean
from ..tape import Array, no_grad
from ..tensor import Tensor
from ..variable import Variable
from ..warn import warn_caller
from .compiled import CompiledMetrics


class Trained(NamedTuple):
    """What a step touches, collected once: walking all layers for it costs more than a step of a small model."""

    epoch: int  # of plan.py: any change to a layer makes this stale
    layers: list[Layer]
    variables: list[Variable]
    regularized: list[Variable]


class Stepper(Layer):
    """The part of a model that learns. Override `train_step`, `test_step` or `compute_loss` to change how."""

    optimizer: optimizers.Optimizer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._loss: losses.Loss | None = None
        self._loss_mean = Mean("loss")
        self._metrics = CompiledMetrics(None, None)
        self._compiled = False
        self._trained = Trained(-1, [], [], [])
        self._warned: set[str] = set()

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

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns. "accuracy" and the like are known once data has been seen."""
        return list(self.get_metrics_result())

    # -- one step

    def train_step(self, batch: Batch) -> Mapping[str, float] | None:
        """Forward, loss, backward, update, metrics.

        An override may return logs; they replace those of `get_metrics_result()`.
        """
        x, y, sample_weight = batch
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        variables = self._trained_now().variables
        if variables:
            self._update(loss, variables)
        else:
            self._warn_once("The model does not have any trainable weights; fit() changes nothing")
        self._update_metrics(loss, batch, y_pred)
        return None

    def _update(self, loss: Tensor, variables: list[Variable]) -> None:
        for v in variables:
            v.grad = None
        loss.backward()
        gradients = [v.grad for v in variables]
        if any([g is None for g in gradients]):
            names = [v.name for v, g in zip(variables, gradients, strict=True) if g is None]
            self._warn_once(f"Gradients do not exist for variables {names} when minimizing the loss")
        self.optimizer.apply(gradients, variables)

    def _warn_once(self, message: str) -> None:
        """Once per fit, not once per step."""
        if message not in self._warned:
            self._warned.add(message)
            warn_caller(message)

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
            self._metrics.update(batch.y, y_pred.array, batch.sample_weight, y_pred.mask)

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

    def _outputs(self, batch: Batch) -> list[Array]:
        y = self(batch.x, training=False)
        arrays = [t.array for t in y] if isinstance(y, list | tuple) else [y.array]
        # A model that only reshapes returns a view of the batch, whose memory the next batch takes.
        return [a.copy() if np.may_share_memory(a, batch.x) else a for a in arrays]

    def _result(self, own_logs: Mapping[str, float] | None, return_dict: bool) -> Any:
        logs = dict(own_logs or self.get_metrics_result())
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _check_compiled(self, what: str) -> None:
        if not self._compiled:
            raise RuntimeError(f"[{what}] call compile(optimizer, loss) first")

    def _one_batch(self, x: Any, y: Any = None, sample_weight: Any = None, weights: Any = None) -> Batch:
        return make_batch(x, y, sample_weight, dtype=self.dtype, cast_integers=self.casts_integers, weights=weights)

    def input_dtype(self, array: Array, place: int = 0) -> np.dtype[Any]:
        """What the input at this place is cast to."""
        return self.dtype if array.dtype.kind == "f" or self.casts_integers else array.dtype

    @property
    def casts_integers(self) -> bool:
        """Whether integer inputs are turned into `dtype`; not for a model that begins with an embedding."""
        return self.autocast
