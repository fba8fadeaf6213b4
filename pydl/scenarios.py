"""Ready-made models for the usual sequence tasks: many-to-one, one-to-many, tagging, video, encoder-decoder.

`cell` is "lstm", "gru" or "rnn", or a layer class. With `vocabulary` the inputs are ids, and an embedding masks 0;
otherwise they are vectors of `features`.
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

__all__ = ["EncoderDecoder", "aligned", "many_to_one", "one_to_many", "teacher_forcing", "video"]

_CELLS: dict[str, type[Layer]] = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}


def many_to_one(
    units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm", *, vocabulary: int = 0, features: int = 0
) -> Sequential:
    """One output for a sequence: the sentiment of a sentence, the next value of a series.

    Args:
        units: The size of the state.
        outputs: The size of the output.
        activation: Of the output.
        cell: "lstm", "gru" or "rnn", or a class of layers.
        vocabulary: The number of ids, with 0 for padding: inputs are ids (batch, steps), which get an embedding.
        features: The size of the vectors: inputs are (batch, steps, features). One of the two is given.

    Returns:
        A Sequential, from sequences to (batch, outputs).

    Raises:
        ValueError: For another cell, or unless one of `vocabulary` and `features` is given.

    Example:
        >>> pydl.scenarios.many_to_one(units=4, outputs=2, features=3)(np.zeros((5, 7, 3))).shape
        (5, 2)
    """
    return Sequential([*_input(vocabulary, features, units), _layer(cell)(units), Dense(outputs, activation)])


def one_to_many(
    units: int, outputs: int, steps: int, features: int, activation: Any = "softmax", cell: Any = "lstm"
) -> Sequential:
    """A sequence of outputs for one vector, each from the states alone: the curve that some parameters describe.

    Its own outputs are not inputs of later steps. A task that needs that, such as a caption for an image, takes an
    `EncoderDecoder`, or a decoder whose `initial_state` is computed from the vector.

    Args:
        units: The size of the state.
        outputs: The size of the output of each step.
        steps: The number of steps.
        features: The size of the vector.
        activation: Of the output.
        cell: "lstm", "gru" or "rnn", or a class of layers.

    Returns:
        A Sequential, from (batch, features) to (batch, steps, outputs).

    Raises:
        ValueError: For another cell.

    Example:
        >>> pydl.scenarios.one_to_many(units=4, outputs=2, steps=6, features=3)(np.zeros((5, 3))).shape
        (5, 6, 2)
    """
    recurrent = _layer(cell)(units, return_sequences=True)
    return Sequential([Input((features,)), RepeatVector(steps), recurrent, Dense(outputs, activation)])


def aligned(
    units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm", *, vocabulary: int = 0, features: int = 0
) -> Sequential:
    """One output for each step: a tag for each word, or the next character, from which `generate` continues.

    Args:
        units: The size of the state.
        outputs: The size of the output of each step.
        activation: Of the output.
        cell: "lstm", "gru" or "rnn", or a class of layers.
        vocabulary: The number of ids, with 0 for padding: inputs are ids (batch, steps), which get an embedding.
        features: The size of the vectors: inputs are (batch, steps, features). One of the two is given.

    Returns:
        A Sequential, from sequences to (batch, steps, outputs).

    Raises:
        ValueError: For another cell, or unless one of `vocabulary` and `features` is given.

    Example:
        >>> pydl.scenarios.aligned(units=4, outputs=2, vocabulary=10)(np.ones((5, 7), "int32")).shape
        (5, 7, 2)
    """
    recurrent = _layer(cell)(units, return_sequences=True)
    return Sequential([*_input(vocabulary, features, units), recurrent, Dense(outputs, activation)])


def video(
    frame: Sequence[int], cnn: Layer, units: int, outputs: int, activation: Any = "softmax", cell: Any = "lstm"
) -> Sequential:
    """One output for a video: `cnn` encodes each frame as a vector, and a recurrent layer reads the vectors.

    Args:
        frame: The shape of a frame, such as (height, width, channels).
        cnn: A layer or model from frames (batch, *frame) to vectors (batch, features).
        units: The size of the state.
        outputs: The size of the output.
        activation: Of the output.
        cell: "lstm", "gru" or "rnn", or a class of layers.

    Returns:
        A Sequential, from (batch, steps, *frame) to (batch, outputs).

    Raises:
        ValueError: For another cell.

    Example:
        >>> model = pydl.scenarios.video((8, 8, 1), pydl.layers.Flatten(), units=4, outputs=2)
        >>> model(np.zeros((5, 3, 8, 8, 1))).shape
        (5, 2)
    """
    return Sequential([Input((None, *frame)), TimeDistributed(cnn), _layer(cell)(units), Dense(outputs, activation)])


def teacher_forcing(targets: Any, start: int) -> Array:
    """The inputs of a decoder in training: `targets` shifted by one step, after `start`.

    The last word of a row is an input only if padding follows it; its target is then 0. With an end mark in the targets
    that step has no use, because `generate(end=...)` stops at the mark; it is harmless.

    Args:
        targets: Ids (batch, steps), integers.
        start: The id that begins a sequence.

    Returns:
        Array of ids (batch, steps).

    Source:
        Williams and Zipser 1989, "A Learning Algorithm for Continually Running Fully Recurrent Neural Networks".

    Example:
        >>> pydl.scenarios.teacher_forcing([[5, 6, 7]], start=1).tolist()
        [[1, 5, 6]]
    """
    ids = np.asarray(targets)
    return np.concatenate([np.full_like(ids[:, :1], start), ids[:, :-1]], axis=1)


class EncoderDecoder(Model):
    """Sequence to sequence: an encoder reads one sequence, a decoder writes another, as in translation.

    The encoder's last states are the decoder's initial states. In training the inputs of the decoder are the previous
    words of the target: `model.fit([source, teacher_forcing(target, start)], target)`. In `generate` they are its own
    predictions. 0 is padding, which is masked, so `start` must not be 0. The step after the last word of a target
    predicts 0, the end. So every target needs a 0 or an end mark at its end: pad the longest one too.

    Args:
        source: The number of ids of the source, with 0 for padding.
        target: The number of ids of the target, with 0 for padding.
        units: The size of embeddings and states.
        cell: "lstm", "gru" or "rnn", or a class of layers.
        **kwargs: `name` and what else a `Model` takes.

    Input shape:
        Two arrays of ids: source (batch, steps) and the inputs of the decoder (batch, other steps), integers.

    Output shape:
        (batch, other steps, target)

    Source:
        Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks".

    Example:
        >>> model = pydl.scenarios.EncoderDecoder(source=10, target=8, units=4)
        >>> source, target = np.array([[3, 4, 5]]), np.array([[6, 7, 0, 0]])
        >>> model([source, pydl.scenarios.teacher_forcing(target, start=1)]).shape
        (1, 4, 8)
        >>> [state.shape for state in model.encode(source)]
        [(1, 4), (1, 4)]
        >>> model.generate(source, start=1, steps=5).shape
        (1, 5)
        >>> model.beam_search(source, start=1, steps=5, beams=2).sequences.shape
        (1, 2, 5)
    """

    def __init__(self, source: int, target: int, units: int, cell: Any = "lstm", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._arguments = {"source": source, "target": target, "units": units, "cell": cell}
        self.source_embedding = Embedding(source, units, mask_zero=True)
        self.encoder = _layer(cell)(units, return_state=True)
        self.target_embedding = Embedding(target, units, mask_zero=True)
        self.decoder = _layer(cell)(units, return_sequences=True)
        self.words = Dense(target, "softmax")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """The probabilities of each word of the target (batch, other steps, target).

        Args:
            inputs: [source, inputs of the decoder], two tensors of ids (batch, steps).
        """
        source, target = inputs
        y: Tensor = self.words(self.decoder(self.target_embedding(target), initial_state=self.encode(source)))
        return y

    def encode(self, source: Any) -> list[Tensor]:
        """The initial states of the decoder.

        Args:
            source: Ids (batch, steps), integers.

        Returns:
            A list of tensors (batch, units).
        """
        return list(self.encoder(self.source_embedding(source))[1:])

    def generate(self, source: Any, start: int, steps: int, **options: Any) -> Array:
        """The target that the model predicts for a source, word by word.

        Args:
            source: Ids (batch, steps), integers.
            start: The id that begins a sequence.
            steps: The maximum number of words.
            **options: Of `pydl.generation.generate`.

        Returns:
            Array of ids (batch, steps).
        """
        return generation.generate(*self._begin(source, start), steps, states=[self.encode(source)], **options)

    def beam_search(self, source: Any, start: int, steps: int, **options: Any) -> generation.Beams:
        """As `generate`, by beam search.

        Args:
            source: Ids (batch, steps), integers.
            start: The id that begins a sequence.
            steps: The maximum number of words.
            **options: Of `pydl.generation.beam_search`.

        Returns:
            `pydl.generation.Beams` of sequences (batch, beams, steps) and scores (batch, beams).
        """
        return generation.beam_search(*self._begin(source, start), steps, states=[self.encode(source)], **options)

    def _begin(self, source: Any, start: int) -> tuple[list[Layer], Array]:
        return [self.target_embedding, self.decoder, self.words], np.full((len(source), 1), start)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self._arguments}


def _layer(cell: Any) -> Any:
    if isinstance(cell, str) and cell not in _CELLS:
        raise ValueError(f"[scenarios] cell: expected one of {', '.join(_CELLS)}, or a layer class, got {cell!r}")
    return _CELLS[cell] if isinstance(cell, str) else cell


def _input(vocabulary: int, features: int, size: int) -> list[Any]:
    if bool(vocabulary) == bool(features):
        raise ValueError(f"[scenarios] vocabulary, features: expected exactly one, got {vocabulary} and {features}")
    if features:
        return [Input((None, features))]
    return [Input((None,), dtype="int32"), Embedding(vocabulary, size, mask_zero=True)]
