"""Layers, as Keras names and parametrises them. Each module says in its `__all__` what it adds."""

from ..base import layer_classes
from .activation import *
from .bidirectional import *
from .cells import *
from .convolution import *
from .convolution_transpose import *
from .dense import *
from .depthwise import *
from .dropout import *
from .embedding import *
from .input import *
from .layer import *
from .masking import *
from .merging import *
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
