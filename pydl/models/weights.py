"""Weights in .npz files: plain arrays, no pickle, written to a temporary file and moved into place."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..tape import Array

_OTHER_FORMATS = (".h5", ".hdf5", ".keras", ".safetensors")


def save_arrays(path: str | os.PathLike[str], named: Sequence[tuple[str, Array]], overwrite: bool = True) -> None:
    """Writes the arrays in order, each under its number and name."""
    target = Path(path)
    if target.name.endswith(_OTHER_FORMATS):
        raise ValueError(f"[save_weights] filepath: weights are written as .npz, got {target.name!r}")
    if target.exists() and not overwrite:
        raise FileExistsError(f"[save_weights] {target} exists and overwrite is False")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"[save_weights] filepath: no folder {str(target.parent)!r} for {os.fspath(path)!r}")
    # In the same folder, so that the move is a rename: readers see the old file or the new one, never half of it.
    # Opened in the plain way, so that its mode is what the umask says.
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:  # np.savez would pickle, if asked to by an object array
                for i, (name, array) in enumerate(named):
                    with archive.open(f"{i:04d}.{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load_arrays(path: str | os.PathLike[str], named: Sequence[tuple[str, tuple[int, ...]]]) -> list[Array]:
    """Reads the arrays in order. ValueError if the file is damaged, or number or shapes are not these."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = [archive[key] for key in sorted(archive.files)]
    except (zipfile.BadZipFile, EOFError, AttributeError, ValueError, KeyError) as error:
        raise ValueError(f"[load_weights] {os.fspath(path)}: not a file of weights, or damaged") from error
    if len(arrays) != len(named):
        raise ValueError(f"[load_weights] {os.fspath(path)}: holds {len(arrays)} arrays, the model has {len(named)}")
    for (name, shape), array in zip(named, arrays, strict=True):
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(
                f"[load_weights] {os.fspath(path)}: {name}: expected shape {shape}, got {array.dtype} {array.shape}"
            )
    return arrays
