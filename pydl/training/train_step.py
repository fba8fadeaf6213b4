"""compile, and one training step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Any

from .. import losses, ops, optimizers
from ..autograd import changes
from ..autograd.plan import PlanCache, store_gradients
from ..autograd.tape import cannot_replay, no_grad, state
from ..autograd.tensor import Tensor, as_array, wrap
from ..autograd.variable import Variable
from ..base.argument_names import checks_names
from ..base.errors import ShapeError
from ..base.tree import flatten, is_nested, is_shape
from ..base.warnings import warn_caller
from ..layers import Layer
from ..layers.shape_errors import explain_loss
from ..metrics import Mean, Metric
from ..metrics.metric import SavedState
from ..ops.left_out import zeroed_inputs
from .batches import Batch, InputSpec
from .compile_utils import CompiledLoss, CompiledMetrics, output_names
from .step_cache import StepCache, batch_obstacle, obstacles

_STEPS = ("train_step", "test_step", "get_metrics_result", "_update_metrics")  # they decide what is logged


class TrainStep:
    """What a model does with one batch. Override `train_step`, `test_step` or `compute_loss` to change it.

    No layer: a model is both this and a layer, which has what is declared under TYPE_CHECKING.
    """

    optimizer: optimizers.Optimizer
    _spec: InputSpec
    _step_obstacle: str | None = None  # why the batch of the last step could not replay
    _in_loop = False  # whether fit or evaluate runs, whose metrics must be kept

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

        Args:
            optimizer: A name, a config or an optimizer.
            loss: A name, a loss or a function of (y_true, y_pred); None if the layers add losses. For several outputs
                one for all, or a list or dict with one for each; the sum is trained, and the logs have each loss too.
            metrics: A list of names, metrics or functions; for several outputs a list or dict of such lists.
            loss_weights: The factor of the loss, or of each loss.
            weighted_metrics: As `metrics`, but these use the sample weights.
            run_eagerly: Changes nothing here.
            steps_per_execution: 1.
            jit_compile: "auto" or False: the kernels are compiled already.
            auto_scale_loss: Changes nothing here.

        Raises:
            ValueError: For an unknown name, `jit_compile=True`, or more than one step per execution.

        Example:
            >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3, activation="softmax")])
            >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            >>> history = model.fit(np.zeros((8, 4)), np.zeros(8, "int32"), verbose=0)
            >>> list(history.history)
            ['loss', 'accuracy']
        """
        if jit_compile is True:
            raise ValueError(
                "[compile] jit_compile: expected False or 'auto', got True; the kernels are compiled already"
            )
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
        """One step of `fit`: forward, loss, backward, update, metrics. A subclass may override it.

        Args:
            batch: (x, y, sample_weight) of one step; y and sample_weight may be None.

        Returns:
            Logs that replace those of `get_metrics_result`, or None.

        Example:
            >>> class Loud(pydl.Sequential):
            ...     def train_step(self, batch):
            ...         print("a step of", batch.size)
            ...         return super().train_step(batch)
            >>> model = Loud([pydl.Input((1,)), pydl.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> _ = model.fit(np.zeros((6, 1)), np.zeros((6, 1)), batch_size=4, verbose=0)
            a step of 4
            a step of 2
        """
        cache = self._cached_step()
        obstacle = cache.obstacle or batch_obstacle(batch, cache.variables)
        if cache.obstacle is None:
            vars(self)["_step_obstacle"] = obstacle  # setattr would invalidate all plans
        replays = obstacle is None
        loss, y_pred = self._replayed(batch, cache.variables) if replays else self._differentiated(*batch)
        variables = self._cached_step().variables  # the first step builds them
        if variables:
            self._update(variables)
        else:
            self._warn_once("fit: the model has no trainable weights; training changes nothing")
        self._update_metrics(loss, batch, y_pred)
        return None

    def _differentiated(self, x: Any, y: Any, sample_weight: Any) -> tuple[Tensor, Any]:
        """The loss and the outputs of a batch; the gradients are stored in the variables."""
        if sample_weight is not None:
            x = zeroed_inputs(x, sample_weight)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        variables = self._cached_step().variables
        for v in variables:
            v.grad = None
        if variables:
            loss.backward()
        return loss, y_pred

    def _replayed(self, batch: Batch, variables: list[Variable]) -> tuple[Tensor, Any]:
        """`_differentiated` by a plan, which it records if needed. The plan's outputs include the gradients."""

        def call(xy: tuple[Tensor, Tensor]) -> list[Any]:
            x, y = xy
            loss, y_pred = self._differentiated(x, as_array(y), None)
            if state.plan is not None:
                state.plan.blame("the loss, or the gradients")
            gradients = [wrap(v.grad) for v in self._cached_step().variables if v.grad is not None]
            if len(gradients) < len(self._cached_step().variables):
                cannot_replay("the loss does not depend on every weight; freeze the others")
            return [loss, y_pred, *gradients]

        xy = as_array(batch.x), as_array(batch.y)
        loss, y_pred, *gradients = self._training_plans.run(call, xy, self)
        if len(gradients) == len(variables):
            store_gradients(variables, gradients)
        return loss, y_pred

    def _update(self, variables: list[Variable]) -> None:
        gradients = [v.grad for v in variables]
        if NoneType in map(type, gradients):  # no frame of Python, unlike a comprehension
            names = [v.path for v, g in zip(variables, gradients, strict=True) if g is None]
            self._warn_once(f"fit: the loss does not depend on the variables {names}, which get no gradients")
        self.optimizer.apply(gradients, variables)

    def _warn_once(self, message: str) -> None:
        """Warns once per fit, not once per step."""
        if message not in self._warned:
            self._warned.add(message)
            warn_caller(message)

    def test_step(self, batch: Batch) -> Mapping[str, float] | None:
        """One step of `evaluate`: forward, loss, metrics. A subclass may override it.

        Args:
            batch: (x, y, sample_weight) of one step; y and sample_weight may be None.

        Returns:
            Logs that replace those of `get_metrics_result`, or None.

        Example:
            >>> class Loud(pydl.Sequential):
            ...     def test_step(self, batch):
            ...         print("a step of", batch.size)
            ...         return super().test_step(batch)
            >>> model = Loud([pydl.Input((1,)), pydl.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> _ = model.evaluate(np.zeros((6, 1)), np.zeros((6, 1)), verbose=0)
            a step of 6
        """
        x, y, sample_weight = batch
        if sample_weight is not None:
            x = zeroed_inputs(x, sample_weight)
        y_pred = self(x, training=False)
        with no_grad():
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        self._update_metrics(loss, batch, y_pred)
        return None

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """The compiled loss plus what layers and regularizers add. A subclass may override it.

        Args:
            x: The inputs, of shape (batch, ...).
            y: The targets (batch, ...), floats or class numbers.
            y_pred: The outputs (batch, ...).
            sample_weight: Weights (batch,), or (batch, steps) for sequences, or None.
            training: Whether it is a step of `fit`.

        Returns:
            A scalar tensor.

        Raises:
            LabelError: If a target is no class.
            ShapeError: If targets and outputs do not fit.
            ValueError: If there is no loss at all.

        Example:
            >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> model.compute_loss(y=np.array([[1.0]]), y_pred=pydl.Tensor([[3.0]])).item()
            4.0
        """
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
            raise ValueError(
                "[fit] loss: expected a loss, got none; pass one to compile(), or call add_loss() in a layer"
            )
        total: Tensor = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    @contextmanager
    def _own_metrics(self) -> Iterator[None]:
        """Resets the loss and metrics for this block; afterwards those of an outer loop are restored."""
        outer = self._in_loop
        before = [SavedState(metric) for metric in self._all_metrics()] if outer else []
        vars(self)["_in_loop"] = True  # setattr would invalidate all plans
        self.reset_metrics()
        try:
            yield
        finally:
            if outer:
                self.reset_metrics()
                for saved in before:
                    saved.restore()
            else:
                del vars(self)["_in_loop"]

    def _all_metrics(self) -> list[Metric]:
        return [self._loss_mean, *(self._loss.means if self._loss else ()), *self._metrics.resolved]

    def _update_metrics(self, loss: Tensor, batch: Batch, y_pred: Any) -> None:
        self._loss_mean._add(loss.array.item(), batch.size)
        if batch.y is not None:
            self._metrics.update(*self._by_output(batch.y, y_pred, batch.sample_weight))

    def _by_output(self, y: Any, y_pred: Any, sample_weight: Any) -> tuple[list[str], list[Any], list[Any], list[Any]]:
        """The names of the outputs, and lists of their targets, values and sample weights."""
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
            obstacle = next(obstacles(layers, self._loss, regularized), None)
            # setattr would invalidate all plans.
            cache = StepCache(taken, layers[1:], variables, regularized, obstacle)
            object.__setattr__(self, "_step_cache", cache)
        return cache

    def get_metrics_result(self) -> dict[str, float]:
        """The loss and the metrics since the last reset, as means over samples.

        Returns:
            A dict from names to values.

        Example:
            >>> model = pydl.Sequential([pydl.Input((2,)), pydl.layers.Dense(1, kernel_initializer="ones")])
            >>> model.compile("sgd", "mse")
            >>> _ = model.evaluate(np.array([[1.0, 2.0]]), np.array([[5.0]]), verbose=0)
            >>> model.get_metrics_result()
            {'loss': 4.0}
        """
        by_output = {} if self._loss is None else self._loss.results()
        return {"loss": self._loss_mean.result(), **by_output, **self._metrics.results()}

    def _log_names(self) -> list[str] | None:
        """The names that `fit` will log, with and without "val_"; None if a subclass overrides steps."""
        own = [getattr(type(self), name) is not getattr(TrainStep, name) for name in _STEPS]
        by_output = [] if self._loss is None else self._loss.log_names
        by_metric = self._metrics.log_names
        if any(own) or by_output is None or by_metric is None:
            return None
        names = ["loss", *by_output, *by_metric]
        return names + [f"val_{name}" for name in names]

    def reset_metrics(self) -> None:
        """Resets the loss and the metrics.

        Example:
            >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> model.reset_metrics()
        """
        self._loss_mean.reset_state()
        if self._loss is not None:
            self._loss.reset()
        self._metrics.reset()

    def _label_kind(self) -> tuple[losses.Loss | None, int | None]:
        """The single loss and the rank of the output, if known: they decide what a label in y is."""
        try:
            shape = self.output_shape  # type: ignore[attr-defined]
        except (AttributeError, RuntimeError, ValueError):
            shape = None
        return None if self._loss is None else self._loss.single, len(shape) if is_shape(shape) else None
