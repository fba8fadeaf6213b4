"""pydl's recurrent layers with nothing switched on, and with every step computed: what the others are measured by."""

from typing import Any

from . import Way, pydl_layers
from .pydl_ import set_threads, versions

__all__ = ["layer_inference", "layer_train", "lengths_inference", "lengths_train", "set_threads", "versions"]


def layer_inference(option: str, **arguments: Any) -> list[Way]:
    return pydl_layers.layer_inference(option="", **arguments)


def layer_train(option: str, **arguments: Any) -> list[Way]:
    return pydl_layers.layer_train(option="", **arguments)


def lengths_inference(**arguments: Any) -> list[Way]:
    return pydl_layers.lengths_inference(**arguments, padded=True)


def lengths_train(**arguments: Any) -> list[Way]:
    return pydl_layers.lengths_train(**arguments, padded=True)
