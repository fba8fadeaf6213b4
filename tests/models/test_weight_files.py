"""Weight files: checked before unpacking, matched by name; files keep mode and links; no temporary files stay."""

import errno
import io
import os
import re
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from pydl.base import files
from pydl.models import clone_model


def net(*names, units=2):
    stack = [layers.Dense(4, name=names[0] if names else None), layers.Dense(units, name=names[1] if names else None)]
    return Sequential([Input((3,)), *stack])


def npy(header, data=b""):
    text = (header + " " * (-(len(header) + 11) % 64) + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)


def good_members(model):
    made = []
    for i, v in enumerate(model.weights):
        file = io.BytesIO()
        np.save(file, v.numpy())
        made.append((f"{i:04d}.{v.path}.npy", file.getvalue()))
    return made


@pytest.fixture
def model():
    return net("a", "b")


@pytest.fixture
def path(tmp_path, model):
    model.save_weights(tmp_path / "w.npz")
    return tmp_path / "w.npz"


# -- damaged files


def test_damaged_files_raise_value_error_or_load_the_same_weights(model, path):
    rng = np.random.default_rng(0)
    good, before = path.read_bytes(), model.get_weights()
    fields = [m.start() + 4 + i for m in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", good) for i in range(26)]
    refused = 0
    for trial in range(600):
        data = bytearray(good)
        kind = trial % 4
        if kind == 0:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        elif kind == 1:
            data[fields[rng.integers(len(fields))] % len(data)] = rng.integers(256)
        elif kind == 2:
            begin = rng.integers(len(data))
            del data[begin : begin + rng.integers(1, 100)]
        else:
            begin, other = rng.integers(len(data), size=2)
            data[begin : begin + 30] = good[other : other + 30]
        path.write_bytes(data)
        try:
            model.load_weights(path)
        except ValueError as error:
            assert str(error).startswith(f"[load_weights] {path}: ")  # noqa: PT017
            refused += 1
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert refused > 300


def test_bombs_and_false_headers_are_refused_at_once(model, path):
    shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
    zeros = npy(shape % "3, 4", bytes(100 << 20))
    good = good_members(model)
    cases = {
        "bomb": [*good[:3], ("0003.b/bias.npy", zeros)],
        "huge": [*good[:3], ("0003.b/bias.npy", npy(shape % f"{2**40},"))],
        "huge and zero": [*good[:3], ("0003.b/bias.npy", npy(shape % f"{2**40}, 0"))],
        "negative": [*good[:3], ("0003.b/bias.npy", npy(shape % "-2,", bytes(8)))],
        "objects": [*good[:3], ("0003.b/bias.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"))],
        "nested": [*good[:3], ("0003.b/bias.npy", npy("(" * 5000))],
        "long header": [*good[:3], ("0003.b/bias.npy", npy(shape % "2," + " " * 60000, bytes(8)))],
        "duplicate": [*good[:3], good[0]],
        "missing number": [*good[:3], ("0007.b/bias.npy", good[3][1])],
        "more": [*good, ("0004.c/kernel.npy", good[0][1])],
        "fewer": good[:3],
        "foreign": [*good[:3], ("evil.py", b"")],
        "rest": [*good[:3], (good[3][0], good[3][1] + b"more")],
        "many": [(f"{i:04d}.x.npy", b"") for i in range(20_000)],
    }
    before = model.get_weights()
    for name, members in cases.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns about duplicate names
            archive(path, members, zipfile.ZIP_DEFLATED)
        tracemalloc.start()
        begin = time.perf_counter()
        with pytest.raises(ValueError, match=r"^\[load_weights\]"):
            model.load_weights(path)
        assert time.perf_counter() - begin < 2, name
        assert tracemalloc.get_traced_memory()[1] < 20 << 20, name
        tracemalloc.stop()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_files_of_numpy_and_older_versions_are_read(model, tmp_path):
    twin, good = net("a", "b"), good_members(model)
    expected = model.get_weights()
    archive(tmp_path / "packed.npz", reversed(good), zipfile.ZIP_DEFLATED)
    np.savez(tmp_path / "plain.npz", *expected)
    np.savez_compressed(tmp_path / "other types.npz", *[np.asfortranarray(w, ">f8") for w in expected])
    archive(tmp_path / "older.npz", [(name.replace("a/", "").replace("b/", ""), data) for name, data in good])
    for file in tmp_path.iterdir():
        twin.set_weights([0 * w for w in expected])
        twin.load_weights(file)
        assert all(np.array_equal(a, b) for a, b in zip(expected, twin.get_weights(), strict=True)), file


def test_errors_of_the_file_system_pass_through(model, tmp_path):
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "nothing.npz")
    with pytest.raises(IsADirectoryError):
        model.load_weights(tmp_path)


# -- names


def test_default_names_may_differ_and_given_names_may_not(tmp_path):
    first, later = net(), net()
    path = tmp_path / "w.npz"
    first.save_weights(path)
    later.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), later.get_weights(), strict=True))
    with zipfile.ZipFile(path) as file:
        assert file.namelist()[0] == f"0000.{first.layers[0].name}/kernel.npy"
    with pytest.raises(ValueError, match=rf"expected 'x/kernel', got '{first.layers[0].name}/kernel'"):
        net("x", "y").load_weights(path)
    net("x", "y", units=4).save_weights(path)
    with pytest.raises(ValueError, match="expected 'y/kernel', got 'x/kernel'"):
        net("y", "x", units=4).load_weights(path)


def test_swapped_layers_with_default_names_are_refused(tmp_path):
    a, b = layers.Dense(3), layers.Dense(3)
    Sequential([Input((3,)), a, b]).save_weights(tmp_path / "w.npz")
    with pytest.raises(ValueError, match="the order of the layers differs"):
        Sequential([Input((3,)), b, a]).load_weights(tmp_path / "w.npz")


def test_nested_and_unusual_names(tmp_path):
    inner = Sequential([Input((3,)), layers.Dense(3, name="päth/\0\udc80\n x")])
    i = Input((3,))
    model = Model(i, inner(layers.BatchNormalization()(i)))
    model.save_weights(tmp_path / "w.npz")
    with zipfile.ZipFile(tmp_path / "w.npz") as file:
        assert file.namelist()[-1] == f"0005.{inner.name}/päth/??? x/bias.npy"
    clone_model(model).load_weights(tmp_path / "w.npz")


def test_messages_name_the_layer(model, path):
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"b/kernel: expected shape \(4, 5\), got float32 \(4, 2\)"):
        net("a", "b", units=5).load_weights(path)
    with pytest.raises(ValueError, match=r"set_weights: b/bias: expected shape \(2,\), got \(3,\)"):
        model.set_weights([np.zeros((3, 4)), np.zeros(4), np.zeros((4, 2)), np.zeros(3)])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    deep = Sequential([Input((3, 2)), layers.LSTM(4, name="words"), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"set_weights: words/\w+/kernel: expected"):
        deep.set_weights([np.zeros(3), *deep.get_weights()[1:]])
    with pytest.raises(ValueError, match=r"\[assign\] a/bias: expected"):
        model.layers[0].bias.assign(np.zeros(3))


# -- replacing a file


def same_weights(path, model):
    twin = net("a", "b")
    twin.load_weights(path)
    return all(np.array_equal(a, b) for a, b in zip(model.get_weights(), twin.get_weights(), strict=True))


@pytest.fixture(params=["unnamed", "named"])
def temporary(request, monkeypatch):
    if request.param == "named":
        monkeypatch.setattr(files, "_unnamed", lambda folder, mode: None)


@pytest.mark.usefixtures("temporary")
def test_mode_and_links_are_kept(path, tmp_path):
    other = net("a", "b")
    for mode in (0o600, 0o640, 0o666, 0o777):
        path.chmod(mode)
        other.save_weights(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder" / "link.npz"
    link.symlink_to("../w.npz")
    net("a", "b").save_weights(link)
    other.save_weights(link)
    assert link.is_symlink()
    assert same_weights(path, other)
    hard, third = tmp_path / "hard.npz", net("a", "b")
    os.link(path, hard)
    third.save_weights(path)
    assert hard.stat().st_ino == path.stat().st_ino
    assert same_weights(hard, third)
    dangling = tmp_path / "dangling.npz"
    dangling.symlink_to(tmp_path / "new.npz")
    third.save_weights(dangling)
    assert dangling.is_symlink()
    assert same_weights(tmp_path / "new.npz", third)
    names = {"w.npz", "folder", "hard.npz", "dangling.npz", "new.npz"}
    assert {p.name for p in tmp_path.iterdir()} == names
    assert [p.name for p in link.parent.iterdir()] == ["link.npz"]


@pytest.mark.usefixtures("temporary")
def test_new_file_has_the_mode_of_the_umask(model, tmp_path):
    before = os.umask(0o027)
    try:
        model.save_weights(tmp_path / ("n" * 251 + ".npz"))
        with pytest.raises(OSError, match=re.escape(os.strerror(errno.ENAMETOOLONG))):
            model.save_weights(tmp_path / ("n" * 252 + ".npz"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()] == [0o640]


@pytest.mark.usefixtures("temporary")
def test_failed_save_keeps_the_old_file(model, path, monkeypatch):
    old = path.read_bytes()

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "disk full")

    for where in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, where, fail)
            with pytest.raises(OSError, match="disk full"):
                net("a", "b").save_weights(path)
        assert path.read_bytes() == old
        assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_devices_and_pipes_are_written_directly(model, tmp_path):
    model.save_weights("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    model.save_weights(pipe)
    reader.join(20)
    (tmp_path / "w.npz").write_bytes(found[0])
    assert same_weights(tmp_path / "w.npz", model)


KILLED = """
import sys
from pydl import Input, Sequential, layers
from pydl.base import files
if sys.argv[2] == "named":
    files._unnamed = lambda folder, mode: None
model = Sequential([Input((500,)), layers.Dense(2000)])
model.save_weights(sys.argv[1])
print("ready", flush=True)
while True:
    model.save_weights(sys.argv[1])
"""


@pytest.mark.parametrize("temporary", ["unnamed", "named"])
def test_killed_save_leaves_no_temporary_file(tmp_path, temporary):
    path = tmp_path / "w.npz"
    for pause in (0.004, 0.015):
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", KILLED, str(path), temporary], stdout=subprocess.PIPE, cwd="/"
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        model = Sequential([Input((500,)), layers.Dense(2000)])
        model.load_weights(path)
        if temporary == "named":  # the next save reuses the temporary file
            model.save_weights(path)
    left = [p.name for p in tmp_path.iterdir() if p.name != path.name]
    assert len(left) <= (temporary == "named")


@pytest.mark.usefixtures("temporary")
def test_concurrent_saves(path):
    models = [net("a", "b") for _ in range(4)]
    threads = [threading.Thread(target=lambda m=m: [m.save_weights(path) for _ in range(10)]) for m in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(same_weights(path, m) for m in models) == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]
