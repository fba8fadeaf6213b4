"""Sequential and Model: building, names, summary, weight files, error messages."""

import os
import re

import numpy as np
import pytest

from pydl import Input, Model, Sequential, ShapeError, Tensor, layers, ops
from tests.models.nets import clouds, mlp, slide


def test_inputs_keep_the_precision_of_the_input_or_the_first_layer() -> None:
    """As in Keras: after Input(dtype="float64") or with a first layer in float64, data keep double precision."""
    x = np.random.default_rng(0).standard_normal((3, 5))
    dense = layers.Dense(2, dtype="float64")
    expected = dense(x).numpy()
    for stack in ([layers.Input((5,), dtype="float64"), dense], [dense]):
        model = Sequential(stack)
        np.testing.assert_array_equal(model(x).numpy(), expected)
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    rounded = Sequential([layers.Input((5,)), dense])
    np.testing.assert_array_equal(rounded(x).numpy(), dense(x.astype("float32")).numpy())


def test_summary():
    text = []
    slide().summary(line_length=80, print_fn=text.append)
    lines = [" ".join(line.split()) for line in text[0].splitlines()]
    assert "conv_b (Conv2D) (None, 11, 11, 50) 11,300" in lines
    assert "Total params: 137,660 (537.73 KB)" in lines
    assert "Non-trainable params: 0 (0 B)" in lines


@pytest.mark.parametrize("width", [30, 44, 200])
def test_summary_wraps_and_never_cuts_names(width):
    long = "a_very_long_name_for_a_layer_of_a_model_" + "x" * 20
    model = Sequential([Input((4,)), layers.Dense(3, name=long), layers.Dense(2)], name="m")
    model.layers[0].trainable = False
    text = []
    model.summary(line_length=width, print_fn=text.append, show_trainable=True)
    table = text[0].split("Total params")[0]
    assert max(map(len, table.splitlines())) <= width
    assert long in "".join(line.split("  ")[0] for line in table.splitlines())
    assert "Non-trainable params: 15" in text[0]


def test_deferred_build(rng):
    model = Sequential([layers.Dense(5), layers.Dense(2)])
    assert model.weights == []
    with pytest.raises(RuntimeError, match="not built"):
        model.count_params()
    text = []
    model.summary(print_fn=text.append)
    assert "? (unbuilt)" in text[0]
    assert model(clouds(rng)[0]).shape == (96, 2)
    assert model.count_params() == 4 * 5 + 5 + 5 * 2 + 2
    assert model._output_shapes() == [(None, 5), (None, 2)]


def test_add_pop_and_get_layer(rng):
    x, _ = clouds(rng)
    model = Sequential(name="grown")
    model.add(Input((4,)))
    model.add(layers.Dense(5, name="first"))
    model.add(layers.Dense(2))
    assert model.predict(x, verbose=0).shape == (96, 2)
    model.pop()
    assert model.predict(x, verbose=0).shape == (96, 5)
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)
    assert model.get_layer("first") is model.get_layer(index=0) is model.layers[0]
    for bad in ({"name": "unknown"}, {"index": 5}, {}):
        with pytest.raises(ValueError, match="get_layer"):
            model.get_layer(**bad)
    with pytest.raises(IndexError, match="pop: expected at least one layer"):
        Sequential().pop()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ["dense"], TypeError, "expected a Layer, got 'dense'"),
        (lambda: [layers.Dense(1, name="a"), layers.Dense(1, name="a")], ValueError, "expected different names"),
        (lambda: [layers.Dense(1), Input((3,))], ValueError, "expected at most one Input"),
    ],
)
def test_wrong_layers(make, error, message):
    with pytest.raises(error, match=message):
        Sequential(make())


def test_nested_models(rng):
    x, y = clouds(rng)
    inner = Sequential([layers.Dense(6, activation="relu"), layers.Dropout(0.5)])
    model = Sequential([Input((4,)), inner, layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, verbose=0)
    assert len(model.weights) == 4
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    assert model._plans.info()[0]["reason"] is None


# ---- errors ------------------------------------------------------------------------------------------------------


def test_shape_error_lists_layers_and_gives_a_hint():
    with pytest.raises(ShapeError) as caught:
        Sequential([Input((6, 6, 1)), layers.MaxPooling2D(name="pool"), layers.Conv2D(4, 5, name="conv")], name="net")
    text = str(caught.value)
    for part in ("Layers of net up to", "(batch, 6, 6, 1)", "(batch, 3, 3, 1)", "conv", "<- fails here", "3 x 3"):
        assert part in text, text


@pytest.mark.parametrize(
    ("stack", "shape", "hint"),
    [
        ([layers.Conv2D(2, 3)], (4, 8, 8), r"x\[\.\.\., None\]"),
        ([layers.Conv2D(2, 3)], (4, 64), "Reshape"),
        ([layers.Dense(2)], (4,), r"x\[None\]"),
    ],
)
def test_hints(stack, shape, hint):
    with pytest.raises(ShapeError, match=hint):
        Sequential(stack)(np.zeros(shape, np.float32))


def test_data_that_does_not_fit_a_built_model(rng):
    with pytest.raises(ShapeError, match=r"Hint: .*x\[None\]"):
        slide().predict(np.zeros((28, 28, 1)), verbose=0)
    with pytest.raises(ShapeError, match=r"x: expected shape \(None, 28, 28, 1\), got \(2, 14, 14, 1\)"):
        slide().predict(np.zeros((2, 14, 14, 1)), verbose=0)
    with pytest.raises(ShapeError, match=r"x: expected shape \(None, 4\), got \(3, 5\)"):
        mlp()(rng.normal(size=(3, 5)), training=True)


@pytest.mark.parametrize(
    ("stack", "shape"),
    [
        ([Input((28, 28)), layers.Flatten(), layers.Dense(3)], (2, 14, 56)),  # the same number of elements
        ([Input((8, 8, 1)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()], (2, 9, 9, 1)),
        ([Input((4,)), layers.Dense(3)], (1, 40, 4)),
        ([Input((4,), batch_size=8), layers.Dense(3)], (5, 4)),
    ],
)
def test_input_fixes_the_shape(stack, shape):
    model = Sequential(stack)
    model.compile("sgd", lambda y, p: ops.mean(p))
    message = re.escape(f"x: expected shape {model.input_shape}, got {shape}")
    for run in (model, model.predict, lambda x: model.fit(x, np.zeros(len(x)), verbose=0)):
        with pytest.raises(ShapeError, match=message):
            run(np.ones(shape, np.float32))


def test_unknown_size_takes_any_size():
    model = Sequential([Input((None, None, 1)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    assert [model(np.ones((1, n, n + 1, 1))).shape for n in (4, 5)] == [(1, 2), (1, 2)]


def test_lists_of_numbers_are_arrays(rng):
    model, x = mlp(), rng.normal(size=(5, 4)).astype(np.float32)
    for training in (None, True):
        for same in (x.tolist(), list(x)):
            np.testing.assert_array_equal(model(same, training=training).numpy(), model(x).numpy())


# ---- weight files ------------------------------------------------------------------------------------------------


def test_saved_weights_are_exact(tmp_path, rng):
    x, y = clouds(rng)
    model, other = mlp(seed=3), mlp(seed=4)
    model.fit(x, y, verbose=0)
    model.save_weights(tmp_path / "weights.npz")
    other.load_weights(tmp_path / "weights.npz")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.predict(x, verbose=0), other.predict(x, verbose=0))


def test_saving_is_atomic(tmp_path, monkeypatch):
    path = tmp_path / "weights.npz"
    mlp(seed=1).save_weights(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        mlp(seed=2).save_weights(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["weights.npz"]


def test_wrong_files_change_nothing(tmp_path):
    model = mlp()
    before = model.get_weights()
    good = tmp_path / "good.npz"
    model.save_weights(good)
    (tmp_path / "truncated.npz").write_bytes(good.read_bytes()[:-100])
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "pickled.npz", *[np.array([{"a": 1}], dtype=object)] * 4)
    np.savez(tmp_path / "fewer.npz", np.zeros(3))
    np.savez(tmp_path / "other.npz", *[np.ones_like(w) for w in before[:3]], np.zeros(7))
    for name, message in {
        "truncated": "damaged",
        "text": "expected a weight file",
        "pickled": "expected a weight file",
        "fewer": "expected 4 arrays, as the model has, got 1",
        "other": r"bias: expected shape \(3,\), got float64 \(7,\)",
    }.items():
        with pytest.raises(ValueError, match=message) as caught:
            model.load_weights(tmp_path / f"{name}.npz")
        assert "allow_pickle" not in str(caught.value)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "nothing.npz")


def test_weight_files_have_the_mode_of_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        mlp().save_weights(tmp_path / "a.npz")
    finally:
        os.umask(before)
    assert (tmp_path / "a.npz").stat().st_mode & 0o777 == 0o644


def test_wrong_paths_to_save_are_refused(tmp_path):
    model = mlp()
    with pytest.raises(
        FileNotFoundError, match=r"filepath: expected a file in an existing folder, got '.*nowhere/a\.npz'"
    ):
        model.save_weights(tmp_path / "nowhere" / "a.npz")
    model.save_weights(tmp_path / "a.npz")
    with pytest.raises(FileExistsError):
        model.save_weights(tmp_path / "a.npz", overwrite=False)
    with pytest.raises(ValueError, match=r"expected a \.npz file"):
        model.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(RuntimeError, match="has no weights yet"):
        Sequential([layers.Dense(2)]).save_weights(tmp_path / "b.npz")
    with pytest.raises(ValueError, match="expected 4 arrays, got 1"):
        model.set_weights([np.zeros(3)])


@pytest.mark.parametrize("kind", ["Sequential", "functional"])
def test_plan_takes_arrays_of_any_layout(kind, rng):
    stack = Sequential([Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(3)])
    x = Input((6,))
    model = stack if kind == "Sequential" else Model(inputs=x, outputs=stack(x))
    array = rng.standard_normal((4, 6)).astype(np.float32)
    frozen = array.copy()
    frozen.flags.writeable = False
    expected = model(array).numpy()
    layouts = [array, np.asfortranarray(array), array[::-1][::-1], array.astype(">f4"), frozen]
    for same in [*layouts, Tensor(array), array.astype(np.float64)]:
        np.testing.assert_array_equal(model(same).numpy(), expected)
    with pytest.raises(ShapeError):
        model(array[:, :5])
    assert [entry["reason"] for entry in model._plans.info()] == [None]
