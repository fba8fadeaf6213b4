"""The base class of all optimizers: learning rate, weight decay, clipping, and the state of every variable."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..autograd.variable import Variable
from ..base.argument_names import NamesArguments
from ..base.errors import ShapeError
from ..base.locks import OwnLock
from ..base.registry import plain
from ..ops.optimizer import as_arrays, clipped, constrain, zeros_like
from . import schedules
from .schedules import LearningRateSchedule
from .slots import Slots

Gradient: TypeAlias = Array | Tensor | None
LearningRate: TypeAlias = float | LearningRateSchedule


_MAX_GROUPS = 64


class _Group:
    """Variables of one dtype with their state, as the lists that a kernel takes. Reused at every step."""

    def __init__(self, members: list[int], variables: Sequence[Variable], slots: Slots, decayed: bool) -> None:
        self.members = members  # indices into the list of all variables; no references, to let those go
        own = [variables[i] for i in members]
        self.params, self.versions = [v._writable() for v in own], [v.version for v in own]
        self.state = [list(slot) for slot in zip(*[slots[v] for v in own], strict=True)]
        self.constrained = [i for i in members if variables[i].constraint is not None]
        self.decayed = decayed


class Optimizer(NamesArguments):
    """Base of all optimizers: learning rate, weight decay, clipping, and the state of every variable.

    A subclass names its state arrays in `_slots` and overrides `_update`.

    Args:
        learning_rate: A number or a schedule (see `pydl.optimizers.schedules`) of the number of updates made.
        weight_decay: Each update first takes learning_rate · weight_decay of every weight, apart from the gradient;
            None for none.
        clipnorm: The greatest 2-norm of the gradient of each variable; None for no bound.
        clipvalue: The greatest absolute value of each element of a gradient; None for no bound.
        global_clipnorm: The greatest 2-norm of all gradients together; None for no bound.
        name: The name in error messages; None for that of the class.

    Attributes:
        iterations: The number of updates made.

    Raises:
        TypeError: If one of them is no number.
        ValueError: If one of them is negative, or more than one kind of clipping is given.

    Source:
        Weight decay: Loshchilov and Hutter 2017, "Decoupled Weight Decay Regularization"; clipping by norm: Pascanu et
        al. 2013, "On the difficulty of training recurrent neural networks".

    Example:
        >>> optimizer = pydl.optimizers.SGD(learning_rate=0.5, clipvalue=1.0)
        >>> v = pydl.Variable([1.0, 2.0])
        >>> optimizer.apply([np.array([8.0, -0.5])], [v])
        >>> v.numpy()
        array([0.5 , 2.25], dtype=float32)
    """

    _slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or type(self).__name__.lower()
        if sum(clip is not None for clip in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(f"[{self.name}] clipnorm, clipvalue, global_clipnorm: expected at most one")
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        self._check(**{key: v for key, v in {"weight_decay": weight_decay, **limits}.items() if v is not None})
        self.learning_rate = learning_rate
        self.weight_decay, self.clipnorm = weight_decay, clipnorm
        self.clipvalue, self.global_clipnorm = clipvalue, global_clipnorm
        self.iterations = 0
        self._lock = OwnLock()  # threads may train with one optimizer
        self._state = Slots()
        self._undecayed: list[Variable] = []
        self._undecayed_names: str | None = None

    # -- the learning rate

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update.

        It may be set to a number or a schedule. As in Keras, TypeError for a number where there is a schedule.
        """
        return self._rate(self.iterations) if isinstance(self._rate, LearningRateSchedule) else float(self._rate)

    @learning_rate.setter
    def learning_rate(self, value: LearningRate) -> None:
        if not isinstance(value, LearningRateSchedule):
            self._check(learning_rate=value)
            if isinstance(getattr(self, "_rate", None), LearningRateSchedule):
                raise TypeError(
                    f"[{self.name}] learning_rate: expected a schedule, because it follows "
                    f"{type(self._rate).__name__}, got a number; construct the optimizer with a number, or set another "
                    "schedule"
                )
            value = float(value)
        self._rate: LearningRate = value

    def _check(self, below: float = math.inf, **numbers: Any) -> None:
        """TypeError unless each is a number, ValueError unless it is in [0, below)."""
        for key, value in numbers.items():
            if isinstance(value, str) or not hasattr(value, "__float__"):
                raise TypeError(f"[{self.name}] {key}: expected a number, got {value!r}")
            if not 0 <= float(value) < below:
                what = "a finite number of at least 0" if below == math.inf else f"a number in [0, {below:g})"
                raise ValueError(f"[{self.name}] {key}: expected {what}, got {value!r}")

    # -- updates

    def build(self, variables: Iterable[Variable]) -> None:
        """Makes the state of variables, zeros. `apply` does so for those that it has not seen.

        Args:
            variables: The variables.

        Example:
            >>> optimizer, v = pydl.optimizers.Adam(), pydl.Variable([1.0, 2.0])
            >>> optimizer.build([v])
            >>> [array.tolist() for array in optimizer.variables]
            [[0.0, 0.0], [0.0, 0.0]]
        """
        with self._lock:
            self._state.add(list(variables), lambda v: tuple(zeros_like(v) for _ in self._slots))

    @property
    def built(self) -> bool:
        """Whether there is state for variables."""
        return len(self._state) > 0

    @property
    def variables(self) -> list[Array]:
        """The state arrays, those of each variable together, in the order in which the variables were first seen."""
        return [array for state in self._state for array in state]

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leaves variables out of weight decay.

        Args:
            var_list: Variables.
            var_names: Regular expressions, such as "bias": variables whose name contains one of them.

        Raises:
            TypeError: If `var_names` is no list of strings.
            ValueError: After the first update.

        Example:
            >>> optimizer = pydl.optimizers.AdamW(weight_decay=0.01)
            >>> optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        """
        if self.built:
            raise ValueError(
                f"[{self.name}] exclude_from_weight_decay: expected an optimizer without state; call it before build()"
            )
        self._undecayed, names = list(var_list or ()), [] if var_names is None else list(var_names)
        if isinstance(var_names, str) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"[{self.name}] var_names: expected a list of strings, got {var_names!r}")
        self._undecayed_names = "|".join(names) or None

    def _decays(self, variable: Variable) -> bool:
        pattern = self._undecayed_names
        named = pattern is not None and re.search(pattern, variable.name) is not None
        return not named and all(variable is not v for v in self._undecayed)

    def apply(self, grads: Sequence[Gradient], trainable_variables: Sequence[Variable]) -> None:
        """One update of every variable by its gradient.

        Args:
            grads: For each variable a tensor or array of its shape, of floats; None: the variable stays as it is.
            trainable_variables: The variables.

        Raises:
            TypeError: If an element is no variable.
            ValueError: If the numbers or shapes differ, or no variable has a gradient.
        """
        if len(grads) != len(trainable_variables):
            raise ValueError(
                f"[{self.name}] grads: expected one per variable, "
                f"got {len(grads)} gradients and {len(trainable_variables)} variables"
            )
        if any([g is None for g in grads]):
            pairs = [(g, v) for g, v in zip(grads, trainable_variables, strict=True) if g is not None]
            if not pairs:
                raise ValueError(f"[{self.name}] grads: expected a gradient, got only None; call backward() first")
            return self.apply_gradients(pairs)
        if self.clipvalue is not None or self.clipnorm is not None or self.global_clipnorm is not None:
            grads = clipped(grads, self.clipvalue, self.clipnorm, self.global_clipnorm)
        with self._lock.lock:  # the C lock directly: it is acquired at every step
            rate, step = self.learning_rate, self.iterations + 1
            groups = self._grouped(trainable_variables)
            arrays = [as_arrays(grads, group.members, group.params[0].dtype) for group in groups]
            for group, own in zip(groups, arrays, strict=True):
                self._decay = (self.weight_decay or 0.0) if group.decayed else 0.0
                self._update(group.params, own, group.state, rate, step)
                for version in group.versions:
                    version.bump()
                for i in group.constrained:
                    constrain(trainable_variables[i])
            self.iterations = step

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Gradient, Variable]]) -> None:
        """`apply` for pairs.

        Args:
            grads_and_vars: Pairs (gradient, variable), each of one shape.

        Example:
            >>> v = pydl.Variable([1.0, 2.0])
            >>> pydl.optimizers.SGD(0.5).apply_gradients([(np.array([1.0, 1.0]), v)])
            >>> v.numpy()
            array([0.5, 1.5], dtype=float32)
        """
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _update")

    def _grouped(self, variables: Sequence[Variable]) -> list[_Group]:
        key = tuple(map(id, variables))
        groups: list[_Group] | None = self._state.groups.get(key)
        if groups is None:
            for v in variables:
                if not isinstance(v, Variable):
                    kind = type(v).__name__
                    raise TypeError(f"[{self.name}] variables: expected pairs (gradient, Variable), got {kind}")
            self.build(variables)
            alike: dict[Any, list[int]] = {}
            for i, v in enumerate(variables):
                alike.setdefault((v.dtype, self._decays(v)), []).append(i)
            groups = [_Group(members, variables, self._state, decayed) for (_, decayed), members in alike.items()]
            if len(self._state.groups) >= _MAX_GROUPS:  # the set of variables with gradients keeps changing
                self._state.groups.clear()
            self._state.groups[key] = groups
        return groups

    # -- the state as arrays by number, as Keras saves it

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Puts the state into a store: iterations, learning rate (unless it is a schedule), then `variables`.

        Args:
            store: A dict, or what takes arrays as one does, under the keys "0", "1", and so on.

        Example:
            >>> optimizer, store = pydl.optimizers.SGD(0.5), {}
            >>> optimizer.save_own_variables(store)
            >>> {key: array.item() for key, array in store.items()}
            {'0': 0, '1': 0.5}
        """
        numbers: list[Any] = [np.array(self.iterations, np.int64)]
        if not isinstance(self._rate, LearningRateSchedule):
            numbers.append(np.array(self._rate, np.float64))
        for i, array in enumerate([*numbers, *self.variables]):
            store[str(i)] = np.array(array)

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Takes the state from a store that `save_own_variables` has filled.

        If the optimizer has not seen variables yet, those of its first update get it, in their order.

        Args:
            store: A dict, or what gives arrays as one does.

        Raises:
            ShapeError: If a shape differs; then nothing has changed.
            ValueError: If the number of arrays differs; then nothing has changed.

        Example:
            >>> optimizer = pydl.optimizers.SGD()
            >>> optimizer.load_own_variables({"0": np.array(7), "1": np.array(0.5)})
            >>> optimizer.iterations, optimizer.learning_rate
            (7, 0.5)
        """
        first, per_variable = 1 if isinstance(self._rate, LearningRateSchedule) else 2, max(1, len(self._slots))
        arrays, own = [np.asarray(store[str(i)]) for i in range(len(store))], self.variables
        if len(arrays) < first or (len(arrays) - first) % per_variable or (own and len(own) != len(arrays) - first):
            expected = first + len(own) if own else f"{first} and {per_variable} for each variable"
            raise ValueError(f"[{self.name}] store: expected {expected} arrays, got {len(arrays)}")
        for i, (array, value) in enumerate(zip(own, arrays[first:], strict=False), first):
            if array.shape != value.shape:
                raise ShapeError(f"[{self.name}] store: {i}: expected shape {array.shape}, got {value.shape}")
        if own:
            for array, value in zip(own, arrays[first:], strict=True):
                array[...] = value
        elif self._slots:
            rest = arrays[first:]
            self._state.set_pending([tuple(rest[i : i + per_variable]) for i in range(0, len(rest), per_variable)])
        self.iterations = int(arrays[0])
        if first == 2:
            self.learning_rate = float(arrays[1])

    # -- configuration

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a schedule as {"class_name", "config"}.

        Returns:
            A dict of plain values.

        Example:
            >>> pydl.optimizers.SGD(0.5).get_config()["learning_rate"]
            0.5
        """
        common = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "name")
        own = {key: plain(getattr(self, key)) for key in common}
        return {"learning_rate": schedules.serialize(self._rate), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """The optimizer that `get_config` describes, without state.

        Args:
            config: A dict from the names of the constructor's arguments to their values.

        Returns:
            A new optimizer of this class.

        Example:
            >>> config = pydl.optimizers.SGD(0.5).get_config()
            >>> pydl.optimizers.SGD.from_config(config).learning_rate
            0.5
        """
        return cls(**{**config, "learning_rate": schedules.get(config["learning_rate"])})
