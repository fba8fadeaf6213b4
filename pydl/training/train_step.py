"""compile, and what one step of training does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import losses, ops, optimizers
from ..autograd import changes
from ..autograd.plan import PlanCache
from ..autograd.tape import Array, no_grad, spoil_plan, state
from ..autograd.tensor import Tensor, as_array, wrap
from ..autograd.variable import Variable
from ..base.argument_names import checks_names
from ..base.errors import ShapeError
from ..base.tree import flatten, is_nested, is_shape, map_structure
from ..base.warnings import warn_caller
from ..layers import Layer
from ..layers.shape_errors import explain_loss
from ..losses.left_out import cleared
from ..metrics import Mean, Metric
from ..metrics.metric import Kept
from .batches import Batch, InputSpec, make_batch
from .compile_utils import CompiledLoss, CompiledMetrics, output_names
from .data_checks import not_finite
from .step_cache import StepCache, is_own

_STEPS = ("train_step", "test_step", "get_metrics_result", "_update_metrics")  # they say what is logged


_NOT_FINITE = "not finite"


class TrainStep:
    """What a model does with one batch. Override `train_step`, `test_step` or `compute_loss` to change it.

    No layer: a model is this and a layer, which gives what stands under TYPE_CHECKING.
    """

    optimizer: optimizers.Optimizer
    _spec: InputSpec
    _in_loop = False  # whether fit or evaluate is under way, whose figures are not to be lost

    if TYPE_CHECKING:
        weights: list[Variable]
        trainable_weights: list[Variable]

        def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any: ...
        def _all_layers(self) -> list[Layer]: ...
        def _all_weights(self) -> list[Variable]: ...
        def _plan_parts(self) -> list[Any]: ...
        def _with_losses(self) -> list[Layer]: ...

    def __init__(self) -> None:
        self._loss: CompiledLoss | None = None
        self._loss_mean = Mean("loss")
        self._metrics = CompiledMetrics(None, None)
        self._compiled = False
        self._step_cache: StepCache | None = None
        self._training_plans = PlanCache(taped=True)
        self._warned: set[str] = set()

    @checks_names
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Sets what `fit` needs.

        optimizer, loss, metrics: names or objects. loss: also a function of (y_true, y_pred); may be None if the layers
        add losses. loss_weights: a factor for the loss. With several outputs, loss and loss_weights are one for all or
        a list or dict with one for each, metrics a list or dict of lists; their total is trained, and the logs have
        the loss of each output too. run_eagerly and auto_scale_loss change nothing here.
        ValueError for unknown names, and for jit_compile=True or steps_per_execution > 1: there is no graph to compile.
        """
        if jit_compile is True:
            raise ValueError("[compile] jit_compile: expected False or 'auto'; the kernels are compiled already")
        if steps_per_execution != 1:
            raise ValueError(f"[compile] steps_per_execution: expected 1, got {steps_per_execution}")
        self.optimizer = optimizers.get(optimizer)
        self._loss = None if loss is None else CompiledLoss(loss, loss_weights, self._spec.output_names)
        self._metrics = CompiledMetrics(metrics, weighted_metrics, self._spec.output_names)
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
        cache = self._cached_step()
        replay = self._replayable(batch, cache)
        loss, y_pred = self._replayed(batch, cache.variables) if replay else self._differentiated(*batch)
        variables = self._cached_step().variables  # the first step makes them
        if variables:
            self._update(variables)
        else:
            self._warn_once("The model does not have any trainable weights; fit() changes nothing")
        self._update_metrics(loss, batch, y_pred)
        return None

    def _differentiated(self, x: Any, y: Any, sample_weight: Any) -> tuple[Tensor, Any]:
        """The loss and the outputs of a batch; the variables get its gradients."""
        if sample_weight is not None:
            x = cleared(x, sample_weight)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        variables = self._cached_step().variables
        for v in variables:
            v.grad = None
        if variables:
            loss.backward()
        return loss, y_pred

    @staticmethod
    def _replayable(batch: Batch, cache: StepCache) -> bool:
        """Whether it is all pydl's own code: Python of others may do what a recording does not see."""
        arrays = type(batch.x) is np.ndarray and type(batch.y) is np.ndarray and batch.sample_weight is None
        return arrays and cache.replayable and state.grad_enabled and all([v.requires_grad for v in cache.variables])

    def _replayed(self, batch: Batch, variables: list[Variable]) -> tuple[Tensor, Any]:
        """`_differentiated` by a plan, or recording one. Its outputs are the gradients of the variables too."""

        def call(xy: tuple[Tensor, Tensor]) -> list[Any]:
            x, y = xy
            loss, y_pred = self._differentiated(x, y.array, None)
            gradients = [wrap(v.grad) for v in self._cached_step().variables if v.grad is not None]
            if len(gradients) < len(self._cached_step().variables):
                spoil_plan("a weight has no gradient")
            return [loss, y_pred, *gradients]

        xy = as_array(batch.x), as_array(batch.y)
        loss, y_pred, *gradients = self._training_plans.run(call, xy, self)
        if len(gradients) == len(variables):
            for v, gradient in zip(variables, gradients, strict=True):
                v.grad = gradient.array
        return loss, y_pred

    def _update(self, variables: list[Variable]) -> None:
        gradients = [v.grad for v in variables]
        if any([g is None for g in gradients]):
            names = [v.path for v, g in zip(variables, gradients, strict=True) if g is None]
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
        if sample_weight is not None:
            x = cleared(x, sample_weight)
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
            try:
                terms += self._loss.terms(*self._by_output(y, y_pred, sample_weight))
            except (losses.LabelError, ShapeError) as error:
                raise type(error)(explain_loss(self, error)) from None
        cache = self._cached_step()
        for layer in self._with_losses():
            terms.extend([term if term.ndim == 0 else ops.sum(term) for term in layer._losses])
        terms.extend(v.regularizer(v) for v in cache.regularized if v.regularizer is not None)
        if not terms:
            raise ValueError("[fit] no loss: give one to compile(), or add_loss() in a layer")
        total: Tensor = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    @contextmanager
    def _own_figures(self) -> Iterator[None]:
        """Starts the loss and metrics anew; those of a loop that is under way are there again afterwards."""
        outer = self._in_loop
        before = [Kept(metric) for metric in self._all_metrics()] if outer else []
        vars(self)["_in_loop"] = True  # not in the usual way, which would void all plans
        self.reset_metrics()
        try:
            yield
        finally:
            if outer:
                self.reset_metrics()
                for kept in before:
                    kept.restore()
            else:
                del vars(self)["_in_loop"]

    def _all_metrics(self) -> list[Metric]:
        return [self._loss_mean, *(self._loss.means if self._loss else ()), *self._metrics.resolved]

    def _update_metrics(self, loss: Tensor, batch: Batch, y_pred: Any) -> None:
        self._loss_mean._add(loss.array.item(), batch.size)
        if batch.y is not None:
            self._metrics.update(*self._by_output(batch.y, y_pred, batch.sample_weight))

    def _by_output(self, y: Any, y_pred: Any, sample_weight: Any) -> tuple[list[str], list[Any], list[Any], list[Any]]:
        """The names of the outputs, and for each its target, its value and its sample weights."""
        if isinstance(y_pred, Tensor):
            return self._spec.output_names or [""], [y], [y_pred], [sample_weight]
        outputs, names = flatten(y_pred), self._spec.output_names or output_names(y_pred)

        def each(name: str, data: Any) -> list[Any]:
            if data is None or (name == "sample_weight" and not is_nested(data)):
                return [data] * len(outputs)
            by_name = isinstance(data, dict) and (self._spec.output_names is None or {*data} == {*names})
            found = [data.get(key) for key in names] if by_name else flatten(data)
            if len(found) != len(outputs):
                raise ValueError(f"[fit] {name}: expected one array for each of {names}, got {len(found)}")
            return found

        return names, each("y", y), outputs, each("sample_weight", sample_weight)

    def _cached_step(self) -> StepCache:
        cache = self._step_cache
        if cache is None or not cache.snapshot.holds():
            taken = changes.snapshot(self._plan_parts())
            layers, variables = self._all_layers(), self.trainable_weights
            regularized = [v for v in variables if v.regularizer is not None]
            replayable = (
                self._loss is not None and self._loss._in_kernels and not regularized and all(map(is_own, layers))
            )
            # Not an attribute of the model's own making: setting it in the usual way would void all plans.
            cache = StepCache(taken, layers[1:], variables, regularized, replayable)
            object.__setattr__(self, "_step_cache", cache)
        return cache

    def get_metrics_result(self) -> dict[str, float]:
        """The loss and the metrics since the last reset, as means over samples."""
        by_output = {} if self._loss is None else self._loss.results()
        return {"loss": self._loss_mean.result(), **by_output, **self._metrics.results()}

    def _log_names(self) -> list[str] | None:
        """What `fit` will log, with and without "val_"; None if steps of a subclass's own decide that."""
        own = [getattr(type(self), name) is not getattr(TrainStep, name) for name in _STEPS]
        by_output = [] if self._loss is None else self._loss.log_names
        by_metric = self._metrics.log_names
        if any(own) or by_output is None or by_metric is None:
            return None
        names = ["loss", *by_output, *by_metric]
        return names + [f"val_{name}" for name in names]

    def reset_metrics(self) -> None:
        self._loss_mean.reset_state()
        if self._loss is not None:
            self._loss.reset()
        self._metrics.reset()

    # -- single batches

    @checks_names
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
        batch = self._samples("train_on_batch", x, y, sample_weight, class_weight)
        if self._in_loop:
            with self._own_figures():
                return self._result_of(self.train_step, batch, return_dict)
        self.reset_metrics()
        return self._result_of(self.train_step, batch, return_dict)

    @checks_names
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch, as `evaluate` returns them."""
        self._check_compiled("test_on_batch")
        with self._own_figures():
            return self._result_of(self.test_step, self._samples("test_on_batch", x, y, sample_weight), return_dict)

    @checks_names
    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for this batch, as `predict` returns them."""
        return self._outputs(self._one_batch(x))

    def _outputs(self, batch: Batch) -> Any:
        def own(array: Array) -> Array:
            # A model that only reshapes returns a view of the batch, whose memory the next batch takes.
            return array.copy() if any(np.may_share_memory(array, x) for x in flatten(batch.x)) else array

        return map_structure(lambda tensor: own(tensor.array), self(batch.x, training=False))

    def _result_of(self, step: Callable[[Batch], Mapping[str, float] | None], batch: Batch, return_dict: bool) -> Any:
        own_logs = step(batch)
        self._look_at(batch, own_logs)
        logs = dict(own_logs or self.get_metrics_result())
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _look_at(self, batch: Batch, logs: Mapping[str, float] | None, step: int = 0, batches: Any = None) -> None:
        """Once the loss is no longer finite: a warning if the data holds NaN or infinity."""
        loss = logs.get("loss", 0.0) if logs else self._loss_mean.total
        if not isinstance(loss, Real) or math.isfinite(loss) or _NOT_FINITE in self._warned:
            return
        self._warned.add(_NOT_FINITE)
        found = not_finite(batch, step, batches)
        if found is not None:
            warn_caller(f"the loss is {loss}: {found}; replace the value, as numpy.nan_to_num does, or drop the sample")

    def _check_compiled(self, what: str) -> None:
        if not self._compiled:
            raise RuntimeError(f"[{what}] call compile(optimizer, loss) first")

    def _one_batch(self, x: Any, y: Any = None, sample_weight: Any = None, weights: Any = None) -> Batch:
        return make_batch(x, y, sample_weight, model=self, weights=weights)

    def _samples(self, what: str, x: Any, y: Any, sample_weight: Any, weights: Any = None) -> Batch:
        """`_one_batch` of at least one sample: of none there are no figures, and nothing to learn."""
        batch = make_batch(x, y, sample_weight, model=self, weights=weights)
        if batch.size == 0:
            raise ValueError(f"[{what}] x: expected at least one sample, got none")
        return batch

    def _label_kind(self) -> tuple[losses.Loss | None, int | None]:
        """The loss, if it is one, and the number of axes of its output, if known: they tell what is a label in y."""
        try:
            shape = self.output_shape  # type: ignore[attr-defined]
        except (AttributeError, RuntimeError, ValueError):
            shape = None
        return None if self._loss is None else self._loss.single, len(shape) if is_shape(shape) else None
