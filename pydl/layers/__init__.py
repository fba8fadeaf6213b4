"""Layers, as Keras names and parametrises them."""

from .activation import Activation, ReLU, Softmax
from .convolution import Conv2D
from .core import Dense
from .dropout import Dropout
from .embedding import Embedding
from .input import Input, InputLayer
from .layer import Layer
from .masking import Masking
from .normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    LocalResponseNormalization,
)
from .pooling import (
    AveragePooling2D,
    AvgPool2D,
    GlobalAveragePooling2D,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    GlobalMaxPooling2D,
    MaxPool2D,
    MaxPooling2D,
)
from .reshaping import Flatten, Reshape

__all__ = [
    "Activation", "AveragePooling2D", "AvgPool2D", "BatchNormalization", "Conv2D", "Dense", "Dropout", "Embedding",
    "Flatten", "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPool2D", "GlobalMaxPooling2D",
    "GroupNormalization", "Input", "InputLayer", "Layer", "LayerNormalization", "LocalResponseNormalization",
    "Masking", "MaxPool2D", "MaxPooling2D", "ReLU", "Reshape", "Softmax",
]  # fmt: skip
