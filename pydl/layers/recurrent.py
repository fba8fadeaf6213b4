"""RNN: runs a cell over the steps of sequences. pydl's cells run whole sequences in one kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import ops, regularizers
from ..autograd import plan
from ..autograd.tape import Array, state
from ..autograd.tensor import Tensor, as_array
from ..autograd.variable import Variable
from ..base.errors import ShapeError
from ..base.tree import flatten
from ..ops.checks import any_nonzero
from ..ops.constants import zeros
from ..ops.embedding import TableRows
from ..ops.recompute import CUTS
from ..saving.serialization import deserialize, serialize
from .cells import Cell
from .layer import Layer, Shape
from .stacked_cells import StackedRNNCells, checked_states, initial_state, output_size, state_sizes, unseen_cells

__all__ = ["RNN"]


class RNN(Layer):
    """Recurrent layer: runs a cell over the steps of sequences.

    Args:
        cell: Cell, or list of cells to be stacked. Any object with call(inputs, states), which returns an output and
            the new states, and state_size (an integer or a list of them) is a cell; as a `Layer`, its weights are
            trained.
        return_sequences: Whether to return the outputs of all steps; else that of the last.
        return_state: Whether to return the last states too.
        go_backwards: Whether to run from the last step to the first. Outputs come in the order in which they are made.
        stateful: Whether a batch starts from the last states of the one before, sample by sample, until `reset_state`.
            No gradient flows between batches.
        unroll: Accepted; changes nothing.
        zero_output_for_mask: Whether outputs of masked steps are 0; else they repeat the output before.
        recompute_every: In training, keep states only after so many steps, and compute what lies between again in
            backward: less memory, more time. None keeps all. Not for cells of users' own.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, steps, features); more axes for cells of users' own. Other dtypes are cast to the layer's dtype.

    Output shape:
        (batch, units), or (batch, steps, units) with return_sequences, in the layer's dtype. With return_state a tuple
        of this and the last states.

    Raises:
        ValueError: cell is no cell, or initial_state has another number of states.
        ShapeError: The input does not have 3 axes, or mask, states or a stateful layer's batch do not fit it.

    Example:
        >>> layer = pydl.layers.RNN([pydl.layers.LSTMCell(8), pydl.layers.GRUCell(4)], return_sequences=True)
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _recordable = True
    _recordable_instead = "use cells of pydl"
    _keeps_integers = False

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        recompute_every: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell, dtype=self.dtype)
        if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
            raise ValueError(f"[{self.name}] cell: expected a cell with call() and state_size, got {cell!r}")
        self.cell = cell
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.recompute_every = recompute_every
        self.states: list[Any] | None = None  # of a stateful layer, after its first batch

    def build(self, input_shape: Shape) -> None:
        self._check_rank(input_shape)
        if isinstance(self.cell, Layer):
            self.cell._build_once((input_shape[0], *input_shape[2:]))

    def _check_rank(self, shape: Shape) -> None:
        """ShapeError unless there are steps. pydl's cells need 3 axes, a user's cell may take more."""
        cells = self.cell.cells if isinstance(self.cell, StackedRNNCells) else [self.cell]
        if len(shape) < 3 or (len(shape) > 3 and any(isinstance(cell, Cell) for cell in cells)):
            raise ShapeError(f"[{self.name}] sequences: expected 3 axes (batch, steps, features), got {tuple(shape)}")

    # -- running

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Array | None = None, training: bool | None = None
    ) -> Any:
        """Runs the cell over all steps.

        Args:
            sequences: Tensor (batch, steps, features), in the layer's dtype.
            initial_state: State (batch, units), or list of states, to start from; None is zeros, or the states that a
                stateful layer has kept.
            mask: Bools (batch, steps), True for the steps that count; None is the mask that comes with the input. A
                masked step leaves the states as they are.
            training: Whether dropout is active.

        Returns:
            The output, or with return_state a tuple of the output and the last states.

        Example:
            >>> layer = pydl.layers.GRU(4)
            >>> layer(np.ones((2, 5, 3)), initial_state=np.zeros((2, 4))).shape
            (2, 4)
        """
        states, mask, masks = self._begin(sequences, initial_state, mask, training)
        output, last = self._run(sequences, states, mask, masks, self.return_sequences)
        if mask is not None and self.zero_output_for_mask and self.return_sequences:
            output = ops.apply_mask(output, ops.flip(mask, 1) if self.go_backwards else mask)
        self._end(last)
        return (output, *last) if self.return_state else output

    def _begin(
        self, sequences: Tensor, initial_state: Any, mask: Any, training: bool | None
    ) -> tuple[list[Any] | None, Array | None, Any]:
        """The initial states of a pass, the mask as an array, and the cell's dropout masks."""
        self._check_rank(sequences.shape)
        if mask is not None:
            mask = as_array(mask)
            if mask.shape != sequences.shape[:2]:
                raise ShapeError(f"[{self.name}] mask: expected shape {sequences.shape[:2]}, got {mask.shape}")
        states = self._first_states(sequences.shape[0], initial_state)
        draws = hasattr(self.cell, "_dropout_masks")
        return states, mask, self.cell._dropout_masks(sequences.shape[0], training) if draws else None

    def _end(self, last: list[Any]) -> None:
        """Stores the last states of a stateful layer."""
        if self.stateful:
            _each(plan.write_variable, self.states, last)

    def _advance(self, sequences: Tensor, states: list[Any], all_steps: bool = True) -> tuple[Tensor, list[Any]]:
        """Continues from `states`: the outputs of all steps (`all_steps`) or of the last one, and the new states.

        It uses the mask of the sequences. If all steps are masked, the last output is that of the previous call.
        """
        masks = (None, None) if isinstance(self.cell, Cell) else None
        x = self._convert(sequences)
        output, last = self._run(x, states, x.mask, masks, all_steps)
        if all_steps:
            output.mask = x.mask
        elif isinstance(self.cell, Cell):
            output = last[0]
        return output, last

    def _initial_state(self, batch_size: int) -> list[Any]:
        """The cell's states before the first step, usually zeros: a list."""
        return initial_state(self.cell, batch_size, self.dtype)

    def _run(self, x: Tensor, states: Any, mask: Any, masks: Any, all_steps: bool) -> tuple[Tensor, list[Any]]:
        """All steps in one kernel if the cell has one, else step by step."""
        if isinstance(self.cell, Cell):
            arguments = self.cell._sequence(states, mask, masks, self.go_backwards, all_steps)
            if arguments is not None:
                x, arguments = fuse_embedding(x, arguments)
                output, *last = getattr(ops, self.cell._op)(x, **arguments, recompute_every=self.recompute_every)
                return output, last
        return self._loop(x, states, mask, masks, all_steps)

    def _replay_obstacle(self, training: bool) -> str | None:
        if training and self.recompute_every is not None:
            return CUTS
        return unseen_cells([self.cell], training) or super()._replay_obstacle(training)

    def _first_states(self, batch_size: int, initial_state: Any) -> list[Any] | None:
        """The initial states of the sequences; None for zeros."""
        if initial_state is not None:
            return [
                _each(self._cast_state, state)
                for state in checked_states(self.name, self.cell, batch_size, initial_state)
            ]
        if not self.stateful:
            return None
        if self.states is None:
            self._keep(self._initial_state(batch_size))
        elif _first(self.states).shape[0] != batch_size and not any(map(any_nonzero, flatten(self.states))):
            self._keep(self._initial_state(batch_size))  # it was reset: the batch size may change
        elif _first(self.states).shape[0] != batch_size:
            raise ShapeError(
                f"[{self.name}] sequences: expected {_first(self.states).shape[0]} samples, the batch size of the "
                f"stored states, got {batch_size}; call reset_state() first"
            )
        states: list[Any] = _each(plan.read_variable, self.states)
        return states

    def _cast_state(self, state: Any) -> Tensor:
        return ops.cast(state, self.dtype)

    def _keep(self, states: Sequence[Any]) -> None:
        """Creates the variables for the states of a stateful layer: no weights, but plans read and write them."""
        self.states = [_each(lambda s: Variable(s, False, self.dtype, "state"), state) for state in states]
        self._state_variables = flatten(self.states)

    def _loop(self, x: Tensor, states: Any, mask: Any, masks: Any, all_steps: bool) -> tuple[Tensor, list[Any]]:
        """The cell step by step, recorded on the tape."""
        options = {} if masks is None else {"masks": masks}
        state: Any = self._initial_state(x.shape[0]) if states is None else states
        steps = ops.unstack(x, axis=1)
        counts = [] if mask is None else ops.unstack(ops.mask_values(mask, self.dtype), axis=1)
        y = zeros((x.shape[0], output_size(self.cell)), self.dtype)
        outputs = [y] * len(steps)  # in the order of computation
        for number in range(len(steps)):
            step = len(steps) - 1 - number if self.go_backwards else number
            new, new_state = (self.cell if callable(self.cell) else self.cell.call)(steps[step], state, **options)
            new_state = list(new_state) if isinstance(new_state, list | tuple) else [new_state]
            if counts:
                select = partial(ops.select_steps, counts[step])
                new, new_state = select(new, y), _each(select, new_state, state)
            y, state = new, new_state
            outputs[number] = y
        if not all_steps:
            return y, list(state)
        if not steps:
            return zeros((x.shape[0], 0, y.shape[1]), self.dtype), list(state)
        return ops.stack(outputs, axis=1), list(state)

    # -- states between batches

    def reset_state(self, states: Any = None) -> None:
        """Resets the states of a stateful layer. The next batch may have another size.

        Args:
            states: Array, or list of arrays (batch, units), to start from; None is zeros.

        Raises:
            AttributeError: The layer is not stateful.

        Example:
            >>> layer = pydl.layers.GRU(4, stateful=True)
            >>> first = layer(np.ones((2, 5, 3))).numpy()
            >>> layer.reset_state()
            >>> bool((layer(np.ones((2, 5, 3))).numpy() == first).all())
            True
        """
        if not self.stateful:
            raise AttributeError(f"[{self.name}] reset_state: expected a layer with stateful=True, got False")
        if states is not None:
            self._keep(list(states) if isinstance(states, list | tuple) else [states])
        elif self.states is not None:
            _each(lambda state: state.assign(zeros(state.shape, state.dtype)), self.states)

    reset_states = reset_state

    # -- shapes, masks, configuration

    def compute_output_shape(self, input_shape: Shape) -> Any:
        batch, steps = input_shape[:2]
        size = output_size(self.cell)
        shape = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return shape
        sizes = state_sizes(self.cell)
        return (shape, *(_each(lambda n: (batch, n), size) for size in sizes))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask if self.return_sequences else None  # states have no mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._options(), "cell": serialize(self.cell)}

    def _options(self) -> dict[str, Any]:
        names = ["return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask"]
        names += [] if self.recompute_every is None else ["recompute_every"]
        activity = regularizers.serialize(self.activity_regularizer)
        return {**{name: getattr(self, name) for name in names}, "activity_regularizer": activity}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RNN:
        """Makes a layer of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor, the inner layers as dicts of class name and config.
            custom_objects: Dict of users' own classes of inner layers by their names.
        """
        return cls(**{**config, "cell": deserialize(config["cell"], custom_objects)})


def fuse_embedding(x: Tensor, *arguments: dict[str, Any]) -> tuple[Any, ...]:
    """x and the arguments of each direction for the kernel; after an Embedding with a small table, ids.

    Then table @ kernel is computed once and indexed by id, in place of a product per step.
    """
    if not isinstance(x, TableRows) or x.ndim != 3:
        return x, *arguments
    watched = state.tape_depth > 0 or (x.requires_grad and x.node is None)  # the gradient of the rows may be requested
    few = x.ids.size < 2 * x.table.shape[0]
    if few or watched or any(a["dropout_mask"] is not None for a in arguments):
        return x, *arguments
    return x.ids, *({**a, "kernel": ops.matmul(x.table, a["kernel"])} for a in arguments)


def _each(function: Callable[..., Any], *structures: Any) -> Any:
    """Maps `function` over states, which for stacked cells are lists of lists."""
    if isinstance(structures[0], list | tuple):
        return [_each(function, *parts) for parts in zip(*structures, strict=True)]
    return function(*structures)


def _first(structure: Any) -> Any:
    return _first(structure[0]) if isinstance(structure, Sequence) else structure
