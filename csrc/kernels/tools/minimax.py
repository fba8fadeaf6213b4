"""Prints the coefficients of simd_math.h: minimax polynomials by the Remez exchange, in 60 digits (needs mpmath)."""

from collections.abc import Callable

from mpmath import cos, erf, erfc, exp, expm1, linspace, log, lu_solve, matrix, mp, mpf, nstr, pi, sqrt

mp.dps = 60
Function = Callable[[mpf], mpf]


def remez(f: Function, weight: Function, low: mpf, high: mpf, degree: int) -> tuple[list[mpf], mpf]:
    """The polynomial p with the least max |weight (f - p)| on [low, high], lowest power first, and that maximum."""
    count = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * k / (count - 1)) for k in range(count)]
    grid = linspace(low, high, 60 * count)
    for _ in range(12):
        system = matrix(count, count)
        for i, x in enumerate(nodes):
            for k in range(degree + 1):
                system[i, k] = x**k
            system[i, count - 1] = (-1) ** i / weight(x)
        solution = lu_solve(system, matrix([f(x) for x in nodes]))
        coefficients = list(solution)[: degree + 1]
        error = [weight(x) * (f(x) - sum(c * x**k for k, c in enumerate(coefficients))) for x in grid]
        runs: list[tuple[mpf, mpf]] = []  # the largest error of every run of one sign, and where
        for x, e in zip(grid, error, strict=True):
            if runs and (e > 0) == (runs[-1][0] > 0):
                runs[-1] = max(runs[-1], (e, x), key=lambda run: abs(run[0]))
            else:
                runs.append((e, x))
        if len(runs) < count:
            break
        while len(runs) > count:
            runs.pop(0 if abs(runs[0][0]) < abs(runs[-1][0]) else -1)
        nodes = [x for _, x in runs]
    return coefficients, max(abs(e) for e in error)


def exp_rest(r: mpf) -> mpf:
    """Q in exp(r) = 1 + r + r^2 Q(r)."""
    return (expm1(r) - r) / r**2 if abs(r) > mpf(10) ** -20 else mpf(1) / 2 + r / 6


def log_rest(z: mpf) -> mpf:
    """L in log((1 + s) / (1 - s)) = 2 s + s z L(z), z = s^2."""
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) / s - 2) / z if z > mpf(10) ** -20 else mpf(2) / 3 + z * 2 / 5


def erfc_rest(t: mpf) -> mpf:
    """P in erfc(a) = exp(-a^2) P(t) / (a + 3), t = (a - 3) / (a + 3), a >= 0."""
    a = 3 * (1 + t) / (1 - t)
    return erfc(a) * exp(a * a) * (a + 3)


def normal_centre(z: mpf) -> mpf:
    """E in Phi(x) = 1/2 + x E(x^2)."""
    x = sqrt(z)
    return erf(x / sqrt(2)) / (2 * x) if x > mpf(10) ** -20 else 1 / sqrt(2 * pi)


def show(name: str, f: Function, weight: Function, low: mpf, high: mpf, degree: int) -> None:
    coefficients, error = remez(f, weight, low, high, degree)
    print(f"{name}: error {nstr(error, 3)}\n    " + ", ".join(nstr(c, 18) for c in coefficients))


if __name__ == "__main__":
    tiny, half = mpf(10) ** -15, log(2) / 2 * mpf("1.0001")
    for kind, degrees in (("float", (4, 2, 9, 5)), ("double", (9, 6, 22, 11))):
        # exp: relative to expm1(r), which is the harder of the two.
        show(f"exp {kind}", exp_rest, lambda r: abs(r) + tiny, -half, half, degrees[0])
        if kind == "float":  # the table has 32 steps to an octave; the constant comes out as 1
            show("quick exp", exp, lambda r: mpf(1), -half / 32, half / 32, 2)
        # log: |s| <= (sqrt 2 - 1) / (sqrt 2 + 1).
        show(f"log {kind}", log_rest, lambda z: z / 2 + tiny, mpf(0), ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2, degrees[1])
        # erfc: up to where it underflows.
        end = mpf("10.1") if kind == "float" else mpf("27.3")
        show(f"erfc {kind}", erfc_rest, lambda t: 1 / erfc_rest(t), mpf(-1), (end - 3) / (end + 3), degrees[2])
        show(f"normal {kind}", normal_centre, lambda z: 1 / normal_centre(z), mpf(0), mpf(1), degrees[3])
