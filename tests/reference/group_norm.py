"""Group normalisation of (N, S, C), in float64."""

from .batch_norm import Array, gradients, normalize


def _grouped(x: Array, groups: int) -> Array:
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def forward(x: Array, gamma: Array, beta: Array, groups: int, epsilon: float) -> tuple[Array, Array, Array]:
    parts = _grouped(x, groups)  # (N, S, groups, C / groups)
    mean, variance = parts.mean((1, 3), keepdims=True), parts.var((1, 3), keepdims=True)
    y = normalize(parts, mean, variance, _grouped(gamma, groups), _grouped(beta, groups), epsilon)
    return y.reshape(x.shape), mean[:, 0, :, 0], variance[:, 0, :, 0]


def backward(x: Array, dy: Array, gamma: Array, groups: int, epsilon: float) -> tuple[Array, Array, Array]:
    parts = _grouped(x, groups)
    mean, variance = parts.mean((1, 3), keepdims=True), parts.var((1, 3), keepdims=True)
    factor = _grouped(gamma, groups)
    dx, dgamma = gradients(parts, _grouped(dy, groups), mean, variance, factor, epsilon, (1, 3))
    return dx.reshape(x.shape), dgamma.reshape(x.shape).sum((0, 1)), dy.sum((0, 1))
