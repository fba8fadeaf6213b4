"""Layers, as Keras names and parametrises them."""

from .activation import Activation, ReLU, Softmax
from .bidirectional import Bidirectional
from .cells import GRUCell, LSTMCell, SimpleRNNCell
from .convolution import Conv1D, Conv2D
from .convolution_transpose import Conv1DTranspose, Conv2DTranspose
from .core import Dense
from .depthwise import DepthwiseConv2D, SeparableConv2D
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
from .recurrent import GRU, LSTM, RNN, SimpleRNN
from .reshaping import Flatten, Reshape
from .stacked_cells import StackedRNNCells
from .time_distributed import RepeatVector, TimeDistributed

__all__ = [
    "GRU", "LSTM", "RNN", "Activation", "AveragePooling2D", "AvgPool2D", "BatchNormalization", "Bidirectional",
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D", "Dropout", "Embedding",
    "Flatten", "GRUCell", "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPool2D", "GlobalMaxPooling2D",
    "GroupNormalization", "Input", "InputLayer", "LSTMCell", "Layer", "LayerNormalization",
    "LocalResponseNormalization", "Masking", "MaxPool2D", "MaxPooling2D", "ReLU", "RepeatVector", "Reshape",
    "SeparableConv2D", "SimpleRNN", "SimpleRNNCell", "Softmax", "StackedRNNCells", "TimeDistributed",
]  # fmt: skip
