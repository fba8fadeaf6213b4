"""Readers of data files: contents of small generated files, errors for damaged ones; splits, labels."""

import gzip
import math
import struct
import sys
import tracemalloc

import numpy as np
import pytest

from pydl import datasets, utils


def idx(array, kind=0x08):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def usps_text(count, rng):
    x = np.round(rng.uniform(-1, 1, (count, 256)), 3)
    y = rng.integers(0, 10, count)
    lines = [f"{label} {' '.join(f'{v:.3f}' for v in row)}" for label, row in zip(y, x, strict=True)]
    return ("\n".join(lines) + "\n").encode(), x, y


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_mnist(tmp_path, rng, pack):
    made = {}
    for prefix, count in (("train", 5), ("t10k", 3)):
        made[prefix] = rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count).astype(np.uint8)
        ending = ".gz" if pack is gzip.compress else ""
        (tmp_path / f"{prefix}-images-idx3-ubyte{ending}").write_bytes(pack(idx(made[prefix][0])))
        (tmp_path / f"{prefix}-labels-idx1-ubyte{ending}").write_bytes(pack(idx(made[prefix][1])))
    train, test = datasets.mnist.load_data(tmp_path)
    for found, prefix in ((train, "train"), (test, "t10k")):
        for array, expected in zip(found, made[prefix], strict=True):
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("kind", "dtype"), [(0x0B, np.int16), (0x0C, np.int32), (0x0D, np.float32), (0x0E, np.float64)]
)
def test_idx_of_other_types(tmp_path, kind, dtype):
    array = np.arange(-3, 3).reshape(2, 3).astype(dtype)
    (tmp_path / "a").write_bytes(idx(array, kind))
    np.testing.assert_array_equal(datasets.read_idx(tmp_path / "a"), array)


GOOD = idx(np.zeros((2, 3, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an idx file"),
        (b"PK\x03\x04" + GOOD, "expected an idx file, got one that starts with 50 4b"),
        (GOOD[:9], "expected a header of 16 bytes, got 9"),
        (GOOD[:-1], "expected 34 bytes for shape .* got 33"),
        (GOOD + b"x", "expected 34 bytes for shape .* got 35"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**31, 2**31), "expected 9903520314283042199192993808 bytes"),
        (gzip.compress(GOOD)[:-9], "expected a complete gzip"),
        (gzip.compress(GOOD)[:12] + b"xxxx", "expected a complete gzip"),
    ],
)
def test_damaged_idx(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        datasets.read_idx(path)


def test_error_names_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        datasets.mnist.load_data(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"zip\.train"):
        datasets.usps.load_data(tmp_path)
    with pytest.raises(FileNotFoundError, match="data_batch"):
        datasets.cifar10.load_data(tmp_path)


def test_usps(tmp_path, rng):
    train, x, y = usps_text(7, rng)
    test, x_test, _ = usps_text(2, rng)
    (tmp_path / "zip.train.gz").write_bytes(gzip.compress(train))
    (tmp_path / "zip.test").write_bytes(test)
    (x_read, y_read), (x_test_read, _) = datasets.usps.load_data(tmp_path)
    np.testing.assert_allclose(x_read.reshape(7, 256), x, atol=1e-6)
    np.testing.assert_array_equal(y_read, y)
    assert (x_read.shape, x_read.dtype, y_read.dtype) == ((7, 16, 16), np.float32, np.int64)
    np.testing.assert_allclose(x_test_read.reshape(2, 256), x_test, atol=1e-6)


def test_damaged_usps(tmp_path, rng):
    text, _, _ = usps_text(2, rng)
    path = tmp_path / "zip.train"
    for content, message in (
        (b"", "empty"),
        (text[:-20], "expected lines of 257 numbers"),
        (text.replace(b" ", b" word ", 1), "expected lines of 257 numbers"),
        (b"1 2 3\n", "257 numbers, got a table of shape"),
        (b"12" + text[1:], "labels 0 to 9"),
        (text[:2] + b"7" + text[2:].lstrip(b"-"), "grey values from -1 to 1"),
        (b"\xff\xfe\x00", "257 numbers"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            datasets.read_usps(path)


def test_cifar(tmp_path, rng):
    images = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
    labels = np.array([[3], [0], [9], [1]], np.uint8)
    records = np.concatenate([labels, images.transpose(0, 3, 1, 2).reshape(4, -1)], axis=1)
    (tmp_path / "data_batch_1.bin").write_bytes(records[:2].tobytes())
    (tmp_path / "data_batch_2.bin.gz").write_bytes(gzip.compress(records[2:].tobytes()))
    (tmp_path / "test_batch.bin").write_bytes(records[:1].tobytes())
    (x, y), (x_test, y_test) = datasets.cifar10.load_data(tmp_path)
    np.testing.assert_array_equal(x, images)
    np.testing.assert_array_equal(y, labels)
    np.testing.assert_array_equal(x_test, images[:1])
    np.testing.assert_array_equal(y_test, labels[:1])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "got 0 bytes"), (b"\1" * 3072, "got 3072 bytes"), (b"\x0b" * 3073, "labels below 10, got 11")],
)
def test_damaged_cifar(tmp_path, content, message):
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        datasets.read_cifar(tmp_path / "a.bin")


def test_digits():
    (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
    assert (x_train.shape[1:], x_train.dtype, y_train.dtype) == ((8, 8, 1), np.float32, np.int64)
    assert len(x_train) + len(x_test) == 1797
    assert 0 <= x_train.min() <= x_train.max() <= 1
    counts, test_counts = np.bincount(np.r_[y_train, y_test]), np.bincount(y_test)
    assert (np.abs(test_counts - 0.2 * counts) <= 0.5).all()
    (again, _), _ = datasets.digits.load_data()
    np.testing.assert_array_equal(x_train, again)


def test_digits_without_scikit_learn_is_an_import_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        datasets.digits.load_data()


def test_to_categorical():
    np.testing.assert_array_equal(utils.to_categorical([0, 2, 1]), np.eye(3)[[0, 2, 1]])
    assert utils.to_categorical([[1], [0]], 4).shape == (2, 4)
    assert utils.to_categorical(np.zeros((2, 3), int), 5).shape == (2, 3, 5)
    assert utils.to_categorical([], 3).shape == (0, 3)
    with pytest.raises(ValueError, match=r"labels in \[0, 2\), got 0 to 2"):
        utils.to_categorical([0, 2], 2)
    with pytest.raises(ValueError, match="expected integers"):
        utils.to_categorical([0.5])
    with pytest.raises(ValueError, match="expected integers"):  # and no warning from NumPy
        utils.to_categorical([math.nan])
    with pytest.raises(TypeError, match="x: expected class indices"):
        utils.to_categorical(["cat"])


def test_stratified_split():
    labels = np.repeat([0, 1, 2], [10, 20, 30])
    train, test = utils.stratified_split(labels, 0.2, seed=1)
    assert sorted(np.r_[train, test]) == list(range(60))
    np.testing.assert_array_equal(np.bincount(labels[test]), [2, 4, 6])
    np.testing.assert_array_equal(test, utils.stratified_split(labels, 0.2, seed=1)[1])
    with pytest.raises(ValueError, match="test_fraction"):
        utils.stratified_split(labels, 1.5)
    with pytest.raises(ValueError, match="rank 1"):
        utils.stratified_split(labels[:, None], 0.5)


def bomb(head, size=1 << 30):
    """A gzip file of several streams that unpacks to `size` bytes, `head` and zeros: about a million times its size."""
    block = gzip.compress(bytes(1 << 26))
    return gzip.compress(head) + block * (size >> 26)


@pytest.mark.parametrize(
    ("read", "head", "message"),
    [
        (
            datasets.read_idx,
            struct.pack(">BBBB3I", 0, 0, 8, 3, 10, 28, 28),
            "expected 7856 bytes for shape .* got 7857",
        ),
        (datasets.read_idx, b"PK", "expected an idx file"),
        (datasets.read_cifar, b"\0" * (3073 * 100), "bytes unpacked from .* got more"),
        (datasets.read_cifar, b"\xff", "labels below 10, got 255"),
        (datasets.read_usps, b"1 2 3\n", "lines of at most"),
        (datasets.read_usps, b"\n" * 100, "lines of at most"),
    ],
)
def test_decompression_bombs_are_refused(tmp_path, read, head, message):
    (tmp_path / "a.gz").write_bytes(bomb(head))
    tracemalloc.start()
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "a.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


def test_false_headers_are_refused(tmp_path):
    path = tmp_path / "a"
    for content in (
        struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 2**32 - 1, 2**32 - 1),
        *(bytes([0, 0, 8, rank]) + struct.pack(f">{rank}I", *[1] * rank) + b"x" for rank in (65, 255)),
        bytes([0, 0, 14, 64]) + struct.pack(">64I", *[2**32 - 1] * 64),
        gzip.compress(struct.pack(">BBBB2I", 0, 0, 8, 2, 2**31, 2**31)),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"^\[read_idx\] .*a: "):
            datasets.read_idx(path)
    path.write_bytes(struct.pack(">BBBB2I", 0, 0, 8, 2, 0, 5))
    assert datasets.read_idx(path).shape == (0, 5)


@pytest.mark.parametrize("label_bytes", [0, -3072, 3, 5, 1.0, "1", None])
def test_label_bytes_must_be_one_or_two(tmp_path, label_bytes):
    (tmp_path / "a").write_bytes(bytes(3073))
    with pytest.raises(ValueError, match=r"\[read_cifar\] label_bytes: expected 1 .* or 2 .*, got"):
        datasets.read_cifar(tmp_path / "a", label_bytes)


def test_cifar_100(tmp_path, rng):
    records = rng.integers(0, 256, (3, 3074), np.uint8)
    records[:, :2] = [[1, 99], [200, 0], [3, 7]]  # coarse labels are ignored
    (tmp_path / "a").write_bytes(records.tobytes())
    x, y = datasets.read_cifar(tmp_path / "a", np.int64(2))
    np.testing.assert_array_equal(y, [[99], [0], [7]])
    np.testing.assert_array_equal(x[1, 2, 3], records[1, 2:].reshape(3, 32, 32)[:, 2, 3])
    assert x.flags.writeable


def test_errors_name_the_argument():
    for read in (datasets.read_idx, datasets.read_usps, datasets.read_cifar):
        for wrong in (None, 3, ["a"], b"a"):
            with pytest.raises(TypeError, match=rf"\[{read.__name__}\] path: expected a path, got"):
                read(wrong)
    for load in (datasets.mnist.load_data, datasets.usps.load_data, datasets.cifar10.load_data):
        with pytest.raises(TypeError, match="folder: expected a path, got None"):
            load(None)
    with pytest.raises(TypeError, match="test_fraction: expected a number"):
        datasets.digits.load_data("half")
    with pytest.raises(TypeError, match="seed: expected None or an integer"):
        datasets.digits.load_data(seed="a")
    with pytest.raises(TypeError, match="num_classes: expected an integer"):
        utils.to_categorical([0, 1], "3")
