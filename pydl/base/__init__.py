"""What everything else stands on: errors, names, nested structures, locks. Knows NumPy alone."""

from .. import _installation as _installation  # for its check, also where the package's __init__ is not ours
