"""The cases of normalisation for test_layers.py."""

from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "batch-normalization": (layers.BatchNormalization, {}, (3, 5), (3, 5), [(5,)] * 4),
    "batch-normalization-options": (
        layers.BatchNormalization,
        {"momentum": 0.5, "epsilon": 0.1, "center": False, "gamma_initializer": "he_normal", "gamma_regularizer": "l2"},
        (2, 3, 4, 5),
        (2, 3, 4, 5),
        [(5,)] * 3,
    ),
    "batch-normalization-axis": (layers.BatchNormalization, {"axis": 1}, (2, 3, 4, 5), (2, 3, 4, 5), [(3,)] * 4),
    "batch-normalization-no-scale": (layers.BatchNormalization, {"scale": False}, (3, 5), (3, 5), [(5,)] * 3),
    "layer-normalization": (layers.LayerNormalization, {}, (3, 5), (3, 5), [(5,), (5,)]),
    "layer-normalization-axes": (
        layers.LayerNormalization,
        {"axis": (1, -1), "beta_initializer": "ones", "beta_constraint": "non_neg"},
        (2, 3, 5),
        (2, 3, 5),
        [(3, 5), (3, 5)],
    ),
    "layer-normalization-first": (layers.LayerNormalization, {"axis": 1}, (2, 3, 5), (2, 3, 5), [(3,), (3,)]),
    "group-normalization": (layers.GroupNormalization, {"groups": 2}, (2, 5, 6), (2, 5, 6), [(6,), (6,)]),
    "instance-normalization": (
        layers.GroupNormalization,
        {"groups": -1, "axis": 1, "scale": False},
        (2, 3, 5, 6),
        (2, 3, 5, 6),
        [(3,)],
    ),
    "local-response": (layers.LocalResponseNormalization, {"alpha": 0.5}, (2, 3, 4, 7), (2, 3, 4, 7), []),
}
