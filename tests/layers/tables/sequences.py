"""The cases of sequence layers for test_layers.py."""

from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "rnn": (layers.SimpleRNN, {"units": 4}, (3, 5, 2), (3, 4), [(2, 4), (4, 4), (4,)]),
    "lstm": (layers.LSTM, {"units": 4}, (3, 5, 2), (3, 4), [(2, 16), (4, 16), (16,)]),
    "lstm-sequences": (
        layers.LSTM,
        {"units": 4, "return_sequences": True, "go_backwards": True, "use_bias": False},
        (3, 5, 2),
        (3, 5, 4),
        [(2, 16), (4, 16)],
    ),
    "gru": (layers.GRU, {"units": 4}, (3, 5, 2), (3, 4), [(2, 12), (4, 12), (2, 12)]),
    "gru-reset-before": (
        layers.GRU,
        {"units": 4, "reset_after": False, "recurrent_regularizer": "l2"},
        (3, 5, 2),
        (3, 4),
        [(2, 12), (4, 12), (12,)],
    ),
    "gru-elu": (layers.GRU, {"units": 4, "activation": "elu"}, (3, 5, 2), (3, 4), [(2, 12), (4, 12), (2, 12)]),
    "masking": (layers.Masking, {"mask_value": 0.25}, (3, 5, 2), (3, 5, 2), []),
    "repeat": (layers.RepeatVector, {"n": 3}, (2, 5), (2, 3, 5), []),
}
