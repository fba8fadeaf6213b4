"""Differentiable functions on tensors. They take tensors, arrays or numbers and record themselves on the tape.

Each module lists its public ops in `__all__`. Users call the wrapped versions here (`entry.public`).
"""

from ..autograd.recordable import recordable
from . import entry
from . import tensor_methods as tensor_methods  # gives Tensor its operators
from .activation import *
from .arrays import *
from .batch_norm import *
from .bidirectional import *
from .comparison import *
from .conv1d import *
from .conv2d import *
from .conv2d_transpose import *
from .depthwise_conv2d import *
from .dropout import *
from .embedding import *
from .group_norm import *
from .gru import *
from .layer_norm import *
from .loss import *
from .lrn import *
from .lstm import *
from .manipulation import *
from .mask import *
from .math import *
from .matmul import *
from .pad import *
from .pool2d import *
from .reduce import *
from .resize import *
from .rnn import *
from .select import *
from .sequence import *
from .softmax import *
from .unary import *

_functions = [name for name, value in globals().items() if getattr(value, "__module__", "").startswith("pydl.ops.")]
for _name in _functions:
    globals()[_name] = recordable(entry.public(globals()[_name]))
__all__ = sorted([*_functions, "ACTIVATIONS"])
