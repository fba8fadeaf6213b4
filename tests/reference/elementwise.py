"""Keras's activations and their derivatives, in the precision of the input: float64 or longdouble."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
NAMES = [
    *("linear", "relu", "sigmoid", "tanh", "elu", "gelu", "gelu_tanh", "softplus", "softsign", "selu", "silu"),
    *("leaky_relu", "hard_sigmoid", "exponential", "relu6"),
]
SAVES_INPUT = {"gelu", "gelu_tanh", "silu"}  # all others save their output


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def normal_probability(x: Array) -> Array:
    return np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x.ravel()], x.dtype).reshape(x.shape)


def normal_density(x: Array) -> Array:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu_tanh(x: Array) -> Array:
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def elu(x: Array, alpha: float) -> Array:
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def forward(name: str, x: Array, alpha: float) -> Array:
    functions: dict[str, Callable[[], Array]] = {
        "linear": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "sigmoid": lambda: sigmoid(x),
        "tanh": lambda: np.tanh(x),
        "elu": lambda: elu(x, alpha),
        "gelu": lambda: x * normal_probability(x),
        "gelu_tanh": lambda: gelu_tanh(x),
        "softplus": lambda: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
        "softsign": lambda: x / (1 + np.abs(x)),
        "selu": lambda: SELU_SCALE * elu(x, SELU_ALPHA),
        "silu": lambda: x * sigmoid(x),
        "leaky_relu": lambda: np.where(x < 0, alpha * x, x),
        "hard_sigmoid": lambda: np.clip(x + 3, 0, 6) / 6,
        "exponential": lambda: np.exp(x),
        "relu6": lambda: np.clip(x, 0, 6),
    }
    return functions[name]()


def slope(name: str, x: Array, alpha: float) -> Array:
    """dy/dx; at a kink, the derivative of the flat side (of the negative side for leaky_relu)."""
    s = sigmoid(x)
    u = 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    g = sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    functions: dict[str, Callable[[], Array]] = {
        "linear": lambda: np.ones_like(x),
        "relu": lambda: np.where(x > 0, 1.0, 0.0),
        "sigmoid": lambda: s * sigmoid(-x),
        "tanh": lambda: 1 / np.cosh(x) ** 2,
        "elu": lambda: np.where(x < 0, alpha * np.exp(np.minimum(x, 0)), 1),
        "gelu": lambda: normal_probability(x) + x * normal_density(x),
        "gelu_tanh": lambda: g + x * g * (1 - g) * u,
        "softplus": lambda: s,
        "softsign": lambda: 1 / (1 + np.abs(x)) ** 2,
        "selu": lambda: SELU_SCALE * np.where(x < 0, SELU_ALPHA * np.exp(np.minimum(x, 0)), 1),
        "silu": lambda: s * (1 + x * (1 - s)),
        "leaky_relu": lambda: np.where(x > 0, 1, alpha),
        "hard_sigmoid": lambda: np.where((x > -3) & (x < 3), 1 / 6, 0),
        "exponential": lambda: np.exp(x),
        "relu6": lambda: np.where((x > 0) & (x < 6), 1.0, 0.0),
    }
    return functions[name]()
