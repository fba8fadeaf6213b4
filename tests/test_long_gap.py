"""examples/long_gap.py with short gaps, for a run of a second or two."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "long_gap.py"


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("long_gap", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tasks_have_the_documented_data(example: Any, rng: np.random.Generator) -> None:
    x, y = example.adding(rng, 50, 20)
    assert (x[:, :, 1].sum(axis=1) == 2).all()
    assert (x[:, :10, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y[:, 0], [x[i, x[i, :, 1] == 1, 0].sum() for i in range(50)], rtol=1e-6)
    x, y = example.first_symbol(rng, 50, 20)
    np.testing.assert_array_equal(x[:, 0, :8].argmax(axis=1), y)
    assert not x[:, 1:, :8].any()


def test_models_with_a_lasting_gradient_learn(example: Any) -> None:
    scores = {}
    for network in ("tanh RNN", "LSTM"):
        learned = example.learn("first symbol", network, gap=40, steps=250, units=16)
        scores[network], norms = learned.score, learned.norms
        assert norms[0].shape == (40,)
        assert (norms[0][0] < 1e-9 * norms[0][-1]) == (network == "tanh RNN")
        assert learned.steps <= 250
    assert scores["tanh RNN"] < 0.4
    assert scores["LSTM"] > 0.9


def test_training_stops_when_the_task_is_solved(example: Any) -> None:
    learned = example.learn("first symbol", "LSTM", gap=5, steps=1000, units=16)
    assert learned.steps < 1000
    assert learned.score == 1


def test_command_prints_and_plots(
    example: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    example.main(["--gaps", "8", "12", "--steps", "2", "--units", "4"])
    assert len(capsys.readouterr().out.splitlines()) == 2 + 2 * 2 * len(example.NETWORKS)
    assert (tmp_path / "long_gap.png").stat().st_size > 0
