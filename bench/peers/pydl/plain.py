"""pydl's recurrent layers without options and with padding computed: the baseline of options and masks."""

from typing import Any

from .. import Variant
from . import layers, set_threads, versions

__all__ = ["layer_inference", "layer_train", "lengths_inference", "lengths_train", "set_threads", "versions"]


def layer_inference(option: str, **arguments: Any) -> list[Variant]:
    return layers.layer_inference(option="", **arguments)


def layer_train(option: str, **arguments: Any) -> list[Variant]:
    return layers.layer_train(option="", **arguments)


def lengths_inference(**arguments: Any) -> list[Variant]:
    return layers.lengths_inference(**arguments, padded=True)


def lengths_train(**arguments: Any) -> list[Variant]:
    return layers.lengths_train(**arguments, padded=True)
