"""Layers, as Keras names and parametrises them."""

from ..base.layer_classes import register
from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .bidirectional import Bidirectional
from .cells import GRUCell, LSTMCell, SimpleRNNCell
from .convolution import Conv1D, Conv2D
from .convolution_transpose import Conv1DTranspose, Conv2DTranspose
from .dense import Dense
from .depthwise import DepthwiseConv2D, SeparableConv2D
from .dropout import Dropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D
from .embedding import Embedding
from .input import Input, InputLayer
from .layer import Layer
from .masking import Masking
from .merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .normalization import BatchNormalization, GroupNormalization, LayerNormalization, LocalResponseNormalization
from .operation import Operation
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
from .pooling1d import (
    AveragePooling1D,
    AvgPool1D,
    GlobalAveragePooling1D,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    GlobalMaxPooling1D,
    MaxPool1D,
    MaxPooling1D,
)
from .recurrent import GRU, LSTM, RNN, SimpleRNN
from .reshaping import Flatten, Permute, Reshape
from .resizing import Cropping2D, UpSampling2D, ZeroPadding2D
from .stacked_cells import StackedRNNCells
from .time_distributed import RepeatVector, TimeDistributed

__all__ = [
    "ELU", "GRU", "LSTM", "RNN", "Activation", "Add", "Average", "AveragePooling1D", "AveragePooling2D", "AvgPool1D",
    "AvgPool2D", "BatchNormalization", "Bidirectional", "Concatenate", "Conv1D", "Conv1DTranspose", "Conv2D",
    "Conv2DTranspose", "Cropping2D", "Dense", "DepthwiseConv2D", "Dot", "Dropout", "Embedding", "Flatten", "GRUCell",
    "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAvgPool1D", "GlobalAvgPool2D",
    "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GroupNormalization", "Input",
    "InputLayer", "LSTMCell", "Layer", "LayerNormalization", "LeakyReLU", "LocalResponseNormalization", "Masking",
    "MaxPool1D", "MaxPool2D", "MaxPooling1D", "MaxPooling2D", "Maximum", "Minimum", "Multiply", "Operation", "PReLU",
    "Permute", "ReLU", "RepeatVector", "Reshape", "SeparableConv2D", "SimpleRNN", "SimpleRNNCell", "Softmax",
    "SpatialDropout1D", "SpatialDropout2D", "StackedRNNCells", "Subtract", "TimeDistributed", "UpSampling2D",
    "ZeroPadding2D", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip

register(__all__, globals())
