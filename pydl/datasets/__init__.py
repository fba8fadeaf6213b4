"""Readers of well-known data sets from local files. Nothing is downloaded.

`load_data` of each returns (x_train, y_train), (x_test, y_test) as stored, unscaled; files may be plain or gzipped.
"""

from . import cifar10, digits, mnist, usps
from .cifar10 import read_cifar
from .idx import read_idx
from .usps import read_usps

__all__ = ["cifar10", "digits", "mnist", "read_cifar", "read_idx", "read_usps", "usps"]
