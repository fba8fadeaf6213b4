"""The lowest floor: errors, names, nested structures, locks. It imports NumPy only."""

from .. import (
    _installation as _installation,
)  # for its check, which must also run if pydl/__init__.py is another project's
