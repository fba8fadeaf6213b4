"""The two examples on real digits, run if the data is available.

PYDL_TEST_DATA names a folder with usps/ and mnist/ (see docs/guide/datasets.md for the files).
"""

import importlib.util
import os
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DATA = os.environ.get("PYDL_TEST_DATA")

pytestmark = [pytest.mark.slow]
SEEDS = range(5)


def example(name: str):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if DATA:

    @pytest.mark.parametrize("seed", SEEDS)
    def test_usps_mlp_has_at_most_6_5_percent_errors(seed):
        assert example("usps_mlp").main(Path(DATA) / "usps", seed=seed, verbose=0) <= 6.5

    def test_mnist_cnn_reaches_98_5_percent_in_three_epochs():
        assert example("mnist_cnn").main(Path(DATA) / "mnist", verbose=0) >= 98.5
