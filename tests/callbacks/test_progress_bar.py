"""The progress bar on a terminal, in a pipe and in a notebook."""

import io
import os
import pty
import sys
import types

import numpy as np
import pytest

from pydl import callbacks
from pydl.callbacks.progress import Line, bar_glyphs, format_time


def test_pipe_gets_one_plain_line_per_epoch(model, data, capsys):
    model.fit(*data, epochs=2, validation_split=0.5)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Epoch 1/2  1/1  ")
    for name in ("loss", "acc", "val_loss", "val_acc"):
        assert f"  {name} " in lines[1]
    assert out.isascii()
    assert not set(out) & {"\r", "\b", "\x1b"}
    model.evaluate(*data)
    assert capsys.readouterr().out.startswith("Evaluate  2/2  ")
    model.predict(data[0])
    model.fit(*data, verbose=0)
    assert capsys.readouterr().out == ""


def on_terminal(run, encoding="utf-8", columns=80):
    """What `run(stream)` writes to a terminal."""
    leader, follower = pty.openpty()
    with open(follower, "w", encoding=encoding) as stream:
        run(stream)
    chunks = []
    while True:
        try:
            chunk = os.read(leader, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(leader)
    return b"".join(chunks).decode(encoding)


@pytest.mark.parametrize(("encoding", "glyph"), [("utf-8", "█"), ("ascii", "#")])
def test_terminal_gets_one_line_that_is_redrawn(model, data, monkeypatch, encoding, glyph):
    monkeypatch.setenv("COLUMNS", "100")
    clock = iter(np.arange(0, 1000, 0.15))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))

    def run(stream):
        model.fit(*data, batch_size=10, epochs=2, verbose=0, callbacks=[callbacks.ProgressBar(stream=stream)])

    text = on_terminal(run, encoding)
    rows = [row for row in text.split("\n") if row]
    assert len(rows) == 2
    drawn = rows[0].rstrip("\r").split("\r")
    assert len(drawn) > 2  # redrawn in place
    assert all(len(d) < 100 for d in drawn)
    assert "ETA" in drawn[1]
    assert glyph in drawn[-1]
    assert "Epoch 1/2" in drawn[-1]
    assert "4/4" in drawn[-1]
    assert "loss" in drawn[-1]


def test_fast_epoch_is_not_redrawn_at_every_step(model, data, monkeypatch):
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: 1.0)
    text = on_terminal(lambda stream: model.fit(
        *data, batch_size=1, verbose=0, callbacks=[callbacks.ProgressBar(stream=stream)]))  # fmt: skip
    assert text.count("Epoch") == 1


def test_notebook_updates_one_output_per_epoch(model, data, monkeypatch):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(("update", content["text/plain"]))

    def display(content, raw, display_id):
        shown.append(("display", content["text/plain"]))
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    module = types.ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    clock = iter(np.arange(0, 1000, 0.15))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))
    model.fit(*data, batch_size=10, epochs=2)
    assert [kind for kind, _ in shown].count("display") == 2  # one output per epoch
    assert len(shown) > 4
    assert "loss" in shown[-1][1]


def test_slow_predict_shows_progress(model, data, monkeypatch, capsys):
    clock = iter(np.arange(0, 1000, 1.0))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))
    model.predict(data[0])
    assert capsys.readouterr().out.startswith("Predict  2/2")


def test_narrow_terminal_drops_the_bar_and_never_wraps():
    line = Line("Epoch 1/2", 3, 8, 1.0, 2.0, {"loss": 0.5, "tiny": 1e-6})
    assert "tiny 1.000e-06" in line.text()
    assert len(line.fitted(30, bar_glyphs("utf-8"))) == 30
    assert "#" in line.fitted(120, bar_glyphs(None))
    assert [format_time(s) for s in (0.25, 59.4, 61, 3661)] == ["0.2s", "59s", "1:01", "1:01:01"]
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert bar_glyphs(stream.encoding) == ("#", ".")
