"""CSVLogger: the logs of every epoch as a line of a CSV file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..base.files import write_whole
from .callback import Callback, Logs


class CSVLogger(Callback):
    """Writes "epoch" and all logs to a CSV file, a line for each epoch.

    A value that an epoch does not have is "NA". A log that appears later gets a column: the file is then rewritten
    atomically.

    Args:
        filename: The file.
        separator: The text between two values.
        append: Whether to append to an existing file.

    Example:
        >>> log = pydl.callbacks.CSVLogger("log.csv")
        >>> log.on_train_begin()
        >>> log.on_epoch_end(0, {"loss": 0.5})
        >>> from pathlib import Path
        >>> print(Path("log.csv").read_text())
        epoch,loss
        0,0.5
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.path, self.separator, self.append = Path(filename), separator, append
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns = []
        if not self.append:
            self.path.write_text("", encoding="utf-8")
        elif self.path.exists():
            self._columns = next(iter(self._rows()), [])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values: dict[str, Any] = {"epoch": epoch, **(logs or {})}
        new = [name for name in values if name not in self._columns]
        if new:
            self._add(new)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            self._writer(file).writerow([_formatted(values.get(name, "NA")) for name in self._columns])

    def _add(self, columns: list[str]) -> None:
        """Adds columns to the file, with "NA" in the existing rows."""
        _, *rows = self._rows() or [[]]
        self._columns = [*self._columns, *columns]
        text = io.StringIO(newline="")
        writer = self._writer(text)
        writer.writerow(self._columns)
        writer.writerows(row + ["NA"] * (len(self._columns) - len(row)) for row in rows)
        write_whole(self.path, lambda file: file.write(text.getvalue().encode()))

    def _rows(self) -> list[list[str]]:
        if not self.path.exists():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.reader(file, delimiter=self.separator) if row]

    def _writer(self, file: Any) -> Any:
        return csv.writer(file, delimiter=self.separator)


def _formatted(value: Any) -> Any:
    """A scalar as it is, several values in brackets, as in Keras."""
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
