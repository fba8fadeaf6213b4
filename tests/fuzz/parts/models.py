"""A random model: against PyTorch, sample by sample, and after saving and loading its weights."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..finding import Finding, close, same_bits
from ..nets import Net
from .layers import compare


def check(net: Net) -> str:
    word = compare(net)
    whole = net.model.predict(net.x, verbose=0)
    if word == "worked":
        alone = np.concatenate([net.model.predict(row[None], verbose=0) for row in net.x])
        close(alone, whole, 1e-10 if net.dtype == "float64" else 1e-4, "alone and in a batch")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.weights.npz"
        net.model.save_weights(path)
        other = net.again()
        other.set_weights([np.zeros_like(w) for w in other.get_weights()])
        other.load_weights(path)
    same_bits(other.get_weights(), net.model.get_weights(), "weights through a file")
    same_bits(other.predict(net.x, verbose=0), whole, "outputs after a file of weights")
    return word


def run(rng: np.random.Generator, note: Any) -> str:
    net = Net(rng, int(rng.integers(2, 7)))
    note(str(net))
    try:
        return check(net)
    except Finding as found:
        text = str(found)
        raise Finding(text if str(net) in text else f"{net}\n{text}") from None
