"""A check at import that the installed files belong together.

Another project on the package index, for astronomy, has the distribution name pydl and installs an import package of
that name too. pip then writes the files of both into one folder, and removes both.
"""

import os
import sys
import warnings

VERSION = "0.1.0"  # of these Python files; pyproject.toml and CMakeLists.txt say the same

FOREIGN = ("pydlutils", "pydlspec2d", "goddard", "photoop")  # sub-packages of the other project
REMEDY = (
    "two projects install a package called pydl, this one (distribution pydl-nn) and another for astronomy "
    "(distribution pydl): `pip uninstall pydl pydl-nn`, then install pydl-nn again from its wheel or its source folder"
)


def check() -> None:
    """ImportError if pydl cannot work; UserWarning if files of the other project are in its folder."""
    package = sys.modules[__package__]
    folder = os.path.dirname(__file__)
    if getattr(package, "__distribution__", None) != "pydl-nn":
        raise ImportError(f"{folder}: __init__.py is that of another project; {REMEDY}")
    try:
        from ._core import __version__ as compiled
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}._core":
            raise
        raise ImportError(
            f"pydl is imported from {folder}, its source without the compiled part: leave that folder (Python looks in "
            "the current one first), and `pip install .` there if pydl is not installed"
        ) from None
    if compiled != VERSION:
        raise ImportError(
            f"{folder}: Python files of version {VERSION} beside a compiled part of version {compiled}; "
            "`pip uninstall pydl-nn`, remove what is left of that folder, and install again"
        )
    if any(os.path.exists(os.path.join(folder, name)) for name in FOREIGN):
        warnings.warn(f"{folder} holds files of another project; {REMEDY}", stacklevel=3)


check()
