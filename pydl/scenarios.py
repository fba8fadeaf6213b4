"""The usual shapes of problems with sequences, as small models: what is read, what is told, and when.

`cell` is "lstm", "gru" or "rnn", or a class of layers. Inputs are numbers of words if `vocabulary` is given, which then
get an embedding that masks 0; else vectors of `features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import generation
from .autograd.tape import Array
from .autograd.tensor import Tensor
from .layers import GRU, LSTM, Dense, Embedding, Input, Layer, RepeatVector, SimpleRNN, TimeDistributed
from .models import Model, Sequential

_CELLS: dict[str, type[Layer]] = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}


def many_to_one(
    units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm", *, vocabulary: int = 0, features: int = 0
) -> Sequential:
    """Reads a sequence and tells one thing at its end: the sentiment of a sentence, the next value of a series."""
    return Sequential([*_input(vocabulary, features, units), _layer(cell)(units), Dense(outputs, activation)])


def one_to_many(
    units: int, outputs: int, steps: int, features: int, activation: Any = "softmax", cell: Any = "lstm"
) -> Sequential:
    """Reads one vector and tells `steps` things, each from the states alone: the curve that some parameters describe.

    It does not read what it told before. What needs that, such as a caption for an image, is an `EncoderDecoder`, or a
    decoder whose `initial_state` comes from the vector.
    """
    recurrent = _layer(cell)(units, return_sequences=True)
    return Sequential([Input((features,)), RepeatVector(steps), recurrent, Dense(outputs, activation)])


def aligned(
    units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm", *, vocabulary: int = 0, features: int = 0
) -> Sequential:
    """Tells one thing at each step: a tag for each word, or the next character, with which `generate` goes on."""
    recurrent = _layer(cell)(units, return_sequences=True)
    return Sequential([*_input(vocabulary, features, units), recurrent, Dense(outputs, activation)])


def video(
    frame: Sequence[int], cnn: Layer, units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm"
) -> Sequential:
    """Reads frames (B, T, *frame): `cnn` makes a vector of each, and a recurrent layer reads those."""
    return Sequential([Input((None, *frame)), TimeDistributed(cnn), _layer(cell)(units), Dense(outputs, activation)])


def teacher_forcing(targets: Any, start: int) -> Array:
    """What a decoder reads in training to tell `targets` (B, T): `start`, then each word before the one to tell.

    The last word of a row is never read, unless padding follows it: the decoder then reads it and is to tell 0. With an
    end mark of one's own that step is of no use, since `generate(end=...)` stops at the mark; it does no harm.
    """
    numbers = np.asarray(targets)
    return np.concatenate([np.full_like(numbers[:, :1], start), numbers[:, :-1]], axis=1)


class EncoderDecoder(Model):
    """Reads a sequence to its end, then tells another (Sutskever 2014): translation.

    The encoder's last states are the decoder's first. In training the decoder reads the right words before the one to
    tell: `model.fit([source, teacher_forcing(target, start)], target)`. `generate` lets it read its own. Since 0 is
    padding, which is not read, `start` is another number. The step that reads the last word of a target counts and
    learns to tell the 0 behind it, which is the end; so every target needs one, the longest too: pad to one more than
    its length, or close each target with an end mark.
    """

    def __init__(self, source: int, target: int, units: int, cell: Any = "lstm", **kwargs: Any) -> None:
        """source, target: the numbers of words, 0 for padding included. units: of embeddings and states."""
        super().__init__(**kwargs)
        self._arguments = {"source": source, "target": target, "units": units, "cell": cell}
        self.source_embedding = Embedding(source, units, mask_zero=True)
        self.encoder = _layer(cell)(units, return_state=True)
        self.target_embedding = Embedding(target, units, mask_zero=True)
        self.decoder = _layer(cell)(units, return_sequences=True)
        self.words = Dense(target, "softmax")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        source, target = inputs
        y: Tensor = self.words(self.decoder(self.target_embedding(target), initial_state=self.encode(source)))
        return y

    def encode(self, source: Any) -> list[Tensor]:
        """The states that the decoder begins with."""
        return list(self.encoder(self.source_embedding(source))[1:])

    def generate(self, source: Any, start: int, steps: int, **options: Any) -> Array:
        """What the model tells of `source` (B, T), word by word; options of `pydl.generation.generate`."""
        return generation.generate(*self._begin(source, start), steps, states=[self.encode(source)], **options)

    def beam_search(self, source: Any, start: int, steps: int, **options: Any) -> generation.Beams:
        """As `generate`, keeping the best beginnings; options of `pydl.generation.beam_search`."""
        return generation.beam_search(*self._begin(source, start), steps, states=[self.encode(source)], **options)

    def _begin(self, source: Any, start: int) -> tuple[list[Layer], Array]:
        return [self.target_embedding, self.decoder, self.words], np.full((len(source), 1), start)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self._arguments}


def _layer(cell: Any) -> Any:
    if isinstance(cell, str) and cell not in _CELLS:
        raise ValueError(f"[scenarios] cell: expected one of {', '.join(_CELLS)}, or a class of layers, got {cell!r}")
    return _CELLS[cell] if isinstance(cell, str) else cell


def _input(vocabulary: int, features: int, size: int) -> list[Any]:
    if bool(vocabulary) == bool(features):
        raise ValueError("[scenarios] vocabulary, features: expected one of the two")
    if features:
        return [Input((None, features))]
    return [Input((None,), dtype="int32"), Embedding(vocabulary, size, mask_zero=True)]
