"""Progress of fit() and evaluate(): a line that is redrawn on a terminal or in a notebook, else one line per epoch."""

from __future__ import annotations

import importlib
import shutil
import sys
import time
from typing import Any, Protocol, TextIO

import numpy as np

from .callback import Callback, Logs

REDRAW_SECONDS = 0.1  # more often flickers, and costs more than the steps of a small model
BAR_CELLS = 24


class ProgressBar(Callback):
    """Shows epoch, step, time left, loss and metrics.

    On a terminal and in a notebook, one line for each epoch is redrawn at most ten times a second. Anywhere else, such
    as a log file or a pipe, one line is printed when an epoch ends, without control characters. `fit`, `evaluate` and
    `predict` make one unless verbose is 0.

    Args:
        verbose: 2 for plain lines everywhere.
        stream: Where to write; None for sys.stdout at the time of the call.

    Example:
        >>> import io
        >>> model = pydl.Sequential([pydl.Input((1,)), pydl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> text = io.StringIO()
        >>> bar = pydl.callbacks.ProgressBar(stream=text)
        >>> _ = model.fit(np.ones((4, 1)), np.ones((4, 1)), callbacks=[bar])
        >>> text.getvalue().startswith("Epoch 1/1  1/1")
        True
    """

    _uses_batch_logs = False  # it reads the model's logs when it draws

    def __init__(self, verbose: int | str = 1, stream: TextIO | None = None) -> None:
        super().__init__()
        self.verbose, self._stream = verbose, stream
        self._view: View = LogView(sys.stdout)
        self._next_draw = 0.0

    def _open(self, title: str, steps: int | None) -> None:
        self._title, self._steps, self._done = title, steps, 0
        self._start = time.monotonic()
        self._next_draw = self._start + REDRAW_SECONDS

    # -- fit

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._view = make_view(self._stream or sys.stdout, plain=self.verbose == 2)
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        epochs = self.params["epochs"]
        self._open(f"Epoch {epoch + 1:{len(str(epochs))}}/{epochs}", self.params["steps"])

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._done = batch + 1
        if time.monotonic() >= self._next_draw:
            self._draw()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._view.close(self._line(logs or {}, finished=True))

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._training = False

    # -- evaluate, when it is not the validation of fit

    _training = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._view = make_view(self._stream or sys.stdout, plain=self.verbose == 2)
            self._open("Evaluate", self.params["steps"])

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._training:
            self.on_train_batch_end(batch)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._view.close(self._line(logs or {}, finished=True))

    # -- predict: a line only if it takes long

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._view = make_view(self._stream or sys.stdout, plain=self.verbose == 2)
        self._open("Predict", self.params["steps"])
        self._next_draw = self._start + 5 * REDRAW_SECONDS

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_train_batch_end(batch)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        if time.monotonic() >= self._start + 5 * REDRAW_SECONDS:
            self._view.close(self._line({}, finished=True))

    # -- the line

    def _draw(self) -> None:
        now = time.monotonic()
        self._next_draw = now + REDRAW_SECONDS
        if self._view.redraws:
            self._view.draw(self._line(self.model.get_metrics_result(), finished=False))

    def _line(self, logs: Logs, finished: bool) -> Line:
        elapsed = time.monotonic() - self._start
        left = None
        if not finished and self._steps and self._done:
            left = elapsed / self._done * max(self._steps - self._done, 0)
        return Line(self._title, self._done, self._steps, elapsed, left, logs)


class Line:
    """One state of the progress, formatted for the available width."""

    def __init__(
        self, title: str, done: int, steps: int | None, elapsed: float, left: float | None, logs: Logs
    ) -> None:
        self.title, self.done, self.steps, self.elapsed, self.left = title, done, steps, elapsed, left
        self.logs = "  ".join(f"{name} {format_value(value)}" for name, value in logs.items())

    def text(self, bar: str = "") -> str:
        count = f"{self.done:{len(str(self.steps))}}/{self.steps}" if self.steps else str(self.done)
        clock = format_time(self.elapsed)
        if self.left is not None:
            clock += f" ETA {format_time(self.left)}"
        return "  ".join(part for part in (self.title, bar, count, clock, self.logs) if part)

    def fitted(self, width: int, glyphs: tuple[str, str]) -> str:
        """The text in one row, with a bar if there is room."""
        room = min(BAR_CELLS, width - len(self.text()) - 2)
        if not self.steps or room < 4:
            return self.text()[:width]
        full = min(room, room * self.done // self.steps)
        return self.text(glyphs[0] * full + glyphs[1] * (room - full))


def format_value(value: Any) -> str:
    """Four decimals, or scientific notation below 0.001."""
    if np.ndim(value):
        return f"[{', '.join(map(format_value, value))}]"
    value = float(value)
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 or value != value else f"{value:.3e}"


def format_time(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"


# ---- views of the line ------------------------------------------------------------------------------------------


class View(Protocol):
    redraws: bool

    def draw(self, line: Line) -> None: ...

    def close(self, line: Line) -> None: ...


class LogView:
    """A file or a pipe: one line per epoch."""

    redraws = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def draw(self, line: Line) -> None: ...

    def close(self, line: Line) -> None:
        self._stream.write(line.text() + "\n")
        self._stream.flush()


class TerminalView:
    """A terminal: each draw overwrites the line, padded with blanks."""

    redraws = True

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._shown = stream, 0
        self._glyphs = bar_glyphs(getattr(stream, "encoding", None))

    def draw(self, line: Line) -> None:
        width = shutil.get_terminal_size().columns - 1  # the last column would wrap on some terminals
        text = line.fitted(width, self._glyphs)
        self._stream.write("\r" + text.ljust(min(self._shown, width)))
        self._stream.flush()
        self._shown = len(text)

    def close(self, line: Line) -> None:
        self.draw(line)
        if len(line.text()) > self._shown:  # the final line in full, even if it wraps
            self._stream.write("\r" + line.text().ljust(self._shown))
        self._stream.write("\n")
        self._stream.flush()
        self._shown = 0


class NotebookView:
    """A notebook: one output per epoch, updated in place."""

    redraws = True

    def __init__(self, display: Any) -> None:
        self._display, self._handle = display, None

    def draw(self, line: Line) -> None:
        content = {"text/plain": line.fitted(120, bar_glyphs("utf-8"))}
        if self._handle is None:
            self._handle = self._display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)

    def close(self, line: Line) -> None:
        self.draw(line)
        self._handle = None


def bar_glyphs(encoding: str | None) -> tuple[str, str]:
    """The glyphs of done and remaining steps; ASCII if block glyphs cannot be encoded."""
    try:
        "█░".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#", "."
    return "█", "░"


def make_view(stream: TextIO, plain: bool) -> View:
    if plain:
        return LogView(stream)
    if stream is sys.stdout and (display := _notebook_display()) is not None:
        return NotebookView(display)
    return TerminalView(stream) if stream.isatty() else LogView(stream)


def _notebook_display() -> Any:
    """IPython's display function in a notebook kernel, else None. It does not import IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    return importlib.import_module("IPython.display").display
