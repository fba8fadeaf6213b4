"""Layers with Keras's names and arguments. Each module lists its public layers in `__all__`."""

from ..base import layer_classes
from .activation import *
from .bidirectional import *
from .cell_layers import *
from .cells import *
from .concatenation import *
from .convolution import *
from .convolution_transpose import *
from .dense import *
from .depthwise import *
from .dot_product import *
from .dropout import *
from .embedding import *
from .gated_cells import *
from .input import *
from .layer import *
from .local_response import *
from .masking import *
from .merging import *
from .merging_functions import *
from .normalization import *
from .operation import *
from .pooling import *
from .pooling1d import *
from .recurrent import *
from .reshaping import *
from .resizing import *
from .stacked_cells import *
from .time_distributed import *

__all__ = sorted(
    [name for name, value in globals().items() if getattr(value, "__module__", "").startswith("pydl.layers.")]
)
layer_classes.register(__all__, globals())
