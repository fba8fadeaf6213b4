"""The logs of every epoch as a line of a CSV file."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from .callback import Callback, Logs


class CSVLogger(Callback):
    """Writes "epoch" and all logs to `filename`, flushed after every epoch; `append` continues an old file.

    The columns are those of the first epoch; a value that is missing later is written as "NA".
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.path, self.separator, self.append = Path(filename), separator, append
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns = []
        if not self.append:
            self.path.write_text("")
        elif self.path.exists():
            with self.path.open(newline="") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator), [])[1:]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if not self._columns:
                self._columns = list(logs)
                writer.writerow(["epoch", *self._columns])
            writer.writerow([epoch, *(logs.get(name, "NA") for name in self._columns)])
