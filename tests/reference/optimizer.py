"""Optimizer steps in float64, with the formulas of Keras 3. Each returns the new values in a dict."""

import numpy as np

Step = dict[str, np.ndarray]


def sgd(
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    *,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> Step:
    w = w - w * weight_decay * learning_rate
    if momentum == 0:
        return {"w": w - learning_rate * g, "m": m}
    m = momentum * m - learning_rate * g
    return {"w": w + (momentum * m - learning_rate * g if nesterov else m), "m": m}


def rmsprop(
    w: np.ndarray,
    g: np.ndarray,
    v: np.ndarray,
    m: np.ndarray,
    *,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
    weight_decay: float,
    u: np.ndarray | None = None,
) -> Step:
    """u: the mean gradient, for the centered form."""
    w = w - w * weight_decay * learning_rate
    v = rho * v + (1 - rho) * g**2
    u = None if u is None else rho * u + (1 - rho) * g
    denominator = v + epsilon if u is None else v - u**2 + epsilon
    increment = learning_rate * g / np.sqrt(denominator)
    state = {"v": v} if u is None else {"v": v, "u": u}
    if momentum == 0:
        return {"w": w - increment, "m": m, **state}
    m = momentum * m + increment
    return {"w": w - m, "m": m, **state}


def adam(
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    *,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
    u: np.ndarray | None = None,
) -> Step:
    """u: the largest v so far, for AMSGrad."""
    w = w - w * weight_decay * learning_rate
    alpha = learning_rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    m = m + (g - m) * (1 - beta_1)
    v = v + (g**2 - v) * (1 - beta_2)
    if u is None:
        return {"w": w - alpha * m / (np.sqrt(v) + epsilon), "m": m, "v": v}
    u = np.maximum(u, v)
    return {"w": w - alpha * m / (np.sqrt(u) + epsilon), "m": m, "v": v, "u": u}
