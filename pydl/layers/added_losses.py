"""add_loss: losses that layers add belong to the forward pass that computed them."""

from __future__ import annotations

from typing import Any

from ..autograd.recordable import Recordable
from ..autograd.tape import cannot_replay, state
from ..autograd.tensor import Tensor
from ..base.tree import flatten
from .tracking import Tracked


class LossAdder(Tracked, Recordable):
    """The part of a layer that adds losses. They are cleared when the next pass of the layer, or its model, begins."""

    _losses: list[Tensor]
    _building = False
    _losses_exist = False  # whether any layer has ever added a loss; if not, no pass need search for them

    def add_loss(self, loss: Any) -> None:
        """Adds to the losses of the current forward pass. To be called in `call` or `build`.

        Args:
            loss: Scalar tensor, or a list of them.

        Raises:
            ValueError: The call comes from elsewhere, or loss is no tensor.

        Example:
            >>> class Penalty(pydl.layers.Layer):
            ...     def call(self, inputs):
            ...         self.add_loss(pydl.ops.mean(inputs))
            ...         return inputs
            >>> layer = Penalty()
            >>> layer(np.array([1.0, 3.0])).shape
            (2,)
            >>> [loss.item() for loss in layer.losses]
            [2.0]
        """
        if not (state.layer_depth or self._building):
            raise ValueError(
                f"[{self.name}] add_loss: expected a call within build() or call(), because a loss belongs to a "
                "forward pass; a model can override compute_loss() instead"
            )
        added = flatten(loss)
        for each in added:
            if not isinstance(each, Tensor):
                raise ValueError(f"[{self.name}] add_loss: expected a tensor, got {each!r}")
        self._add_losses(added)

    def _add_losses(self, losses: list[Tensor]) -> None:
        cannot_replay("a layer adds a loss in call(); compute the loss from the outputs instead")
        LossAdder._losses_exist = True
        self._losses.extend(losses)

    def _clear_losses(self) -> None:
        """Drops the losses of the last forward pass, those of nested layers too."""
        for layer in self._with_losses():
            object.__setattr__(layer, "_losses", [])

    def _with_losses(self) -> list[Any]:
        """This layer and the nested ones, if they have added losses."""
        return [layer for layer in self._all_layers() if layer._losses]

    def _replay_obstacle(self, training: bool) -> str | None:
        if getattr(self, "activity_regularizer", None) is not None:
            return "its activity_regularizer adds a loss to each call; without it the layer replays"
        return super()._replay_obstacle(training)

    @property
    def losses(self) -> list[Tensor]:
        """Losses of the last forward pass, then the terms of the regularizers of trainable weights: scalar tensors."""
        added = [loss for layer in self._with_losses() for loss in layer._losses]
        return added + [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]
