"""Prints winograd_transforms.h: the Cook-Toom matrices of Winograd convolution, exact, as straight-line code.

F(m, r) computes m outputs of a correlation with r taps from t = m + r - 1 inputs and t products:
    y = A^T [(G w) * (B^T x)]
with one interpolation point per product, the last one at infinity (Lavin and Gray 2016, "Fast algorithms for
convolutional neural networks", section 4). The points decide the rounding error: `amplification` measures it, and the
points below are the best of those made of few binary digits. Points in pairs +p, -p share half of their work.
"""

from fractions import Fraction

Matrix = list[list[Fraction]]

POINTS = {  # (outputs, taps): the finite points; 0 and the pairs first
    (4, 3): ["0", "3/4", "-3/4", "3/2", "-3/2"],
    (5, 3): ["0", "1", "-1", "3/2", "-3/2", "3/8"],
    (4, 5): ["0", "1/2", "-1/2", "1", "-1", "2", "-2"],
}


def times(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    """The product of two polynomials, lowest power first."""
    product = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def through_zeros(points: list[Fraction]) -> list[Fraction]:
    """The monic polynomial with these zeros."""
    polynomial = [Fraction(1)]
    for p in points:
        polynomial = times(polynomial, [-p, Fraction(1)])
    return polynomial


def matrices(outputs: int, taps: int) -> tuple[Matrix, Matrix, Matrix]:
    """B^T (t x t), G (t x taps) and A^T (outputs x t)."""
    points = [Fraction(p) for p in POINTS[outputs, taps]]
    bt, g = [], []
    for j, p in enumerate(points):
        others = points[:j] + points[j + 1 :]
        scale = Fraction(1)
        for q in others:
            scale *= p - q
        bt.append([*through_zeros(others), Fraction(0)])
        g.append([p**k / scale for k in range(taps)])
    bt.append(through_zeros(points))
    g.append([Fraction(int(k == taps - 1)) for k in range(taps)])
    at = [[*(p**i for p in points), Fraction(int(i == outputs - 1))] for i in range(outputs)]
    return bt, g, at


def transposed(matrix: Matrix) -> Matrix:
    return [list(row) for row in zip(*matrix, strict=True)]


def length(row: list[Fraction], mean: bool) -> Fraction:
    """The square of the size of row x: for independent terms, or for terms that may all have one sign."""
    return sum(abs(x) for x in row) ** 2 if mean else sum((x * x for x in row), Fraction(0))


def amplification(outputs: int, taps: int, *, gradient: bool = False, mean: bool = False) -> float:
    """How many times larger than a direct sum's the rounding error is, in two dimensions, for random data.

    Product p has the size of (row p of B^T) x times (row p of G) w, and A^T adds the errors of the products up. For the
    gradient of w, dy takes the place of w and A that of G, and G^T adds up. `mean`: x (and dy) have a mean far from
    zero, so that the terms of B^T x do not cancel like random ones.
    """
    bt, g, at = matrices(outputs, taps)
    other, last = (transposed(at), transposed(g)) if gradient else (g, at)
    size = [length(row, mean) * length(factor, mean and gradient) for row, factor in zip(bt, other, strict=True)]
    terms = outputs if gradient else taps
    return float(max(sum(a * a * s for a, s in zip(row, size, strict=True)) for row in last) / terms)


def sum_of(terms: list[tuple[Fraction, str]]) -> str:
    """An expression; the terms without a factor come first, so that the others are multiply-adds."""
    text = ""
    for factor, name in sorted((term for term in terms if term[0]), key=lambda term: abs(term[0]) != 1):
        product = name if abs(factor) == 1 else f"T({float(abs(factor))!r}) * {name}"
        sign = "-" if factor < 0 else "+"
        text = f"{text} {sign} {product}" if text else (product if factor > 0 else f"-{product}")
    return text or "V<T>{}"


def mirrored(rows: Matrix) -> list[tuple[int, int]]:
    """Pairs of rows that differ in signs only: those of +p and -p."""
    return [
        (i, i + 1)
        for i in range(len(rows) - 1)
        if rows[i] != rows[i + 1] and [abs(x) for x in rows[i]] == [abs(x) for x in rows[i + 1]]
    ]


def body(matrix: Matrix) -> list[str]:
    """Statements for y = matrix x, with half of the work shared by mirrored rows, or by mirrored columns."""
    lines: list[str] = []
    columns = range(len(matrix[0]))
    pairs = mirrored(matrix)
    if pairs:
        for i, j in pairs:
            same = [(matrix[i][k], f"x[{k}]") for k in columns if matrix[i][k] == matrix[j][k]]
            other = [(matrix[i][k], f"x[{k}]") for k in columns if matrix[i][k] != matrix[j][k]]
            lines.append(f"const V<T> even{i} = {sum_of(same)}, odd{i} = {sum_of(other)};")
            lines += [f"y[{i} * kStep] = even{i} + odd{i};", f"y[{j} * kStep] = even{i} - odd{i};"]
        rest = [i for i in range(len(matrix)) if all(i not in pair for pair in pairs)]
        return lines + [f"y[{i} * kStep] = {sum_of([(matrix[i][k], f'x[{k}]') for k in columns])};" for i in rest]
    pairs = mirrored(transposed(matrix))
    for i, j in pairs:
        lines.append(f"const V<T> even{i} = x[{i}] + x[{j}], odd{i} = x[{i}] - x[{j}];")
    for number, row in enumerate(matrix):
        terms = [(row[k], f"x[{k}]") for k in columns if all(k not in pair for pair in pairs)]
        terms += [(row[i], f"even{i}" if row[i] == row[j] else f"odd{i}") for i, j in pairs]
        lines.append(f"y[{number} * kStep] = {sum_of(terms)};")
    return lines


def struct(name: str, matrix: Matrix) -> list[str]:
    return [
        f"  struct {name} {{",
        f"    static constexpr int kFrom = {len(matrix[0])}, kTo = {len(matrix)};",
        "    template <class T, int kStep>",
        "    static PYDL_INLINE void apply(const V<T>* x, V<T>* y) {",
        *(f"      {line}" for line in body(matrix)),
        "    }",
        "  };",
    ]


def header() -> str:
    lines = [
        "// Written by tools/winograd.py, where the mathematics is explained. Do not edit.",
        "//",
        "// y[i * kStep] = sum over j of matrix[i][j] * x[j], for the matrices of F(outputs, taps) and their adjoints.",
        "// clang-format off",
        "#pragma once",
        '#include "kernels/common/simd.h"',
        "",
        "namespace pydl::PYDL_ISA::conv2d {",
        "namespace {",
        "",
        "template <int kOutputs, int kTaps>",
        "struct Winograd;",
    ]
    for outputs, taps in POINTS:
        bt, g, at = matrices(outputs, taps)
        lines += [
            "",
            "template <>",
            f"struct Winograd<{outputs}, {taps}> {{",
            f"  static constexpr int kOut = {outputs}, kTaps = {taps}, kTile = {outputs + taps - 1};",
            *struct("Input", bt),
            *struct("Weight", g),
            *struct("Output", at),
            *struct("OutputAdjoint", transposed(at)),
            *struct("WeightAdjoint", transposed(g)),
            "};",
        ]
    return "\n".join([*lines, "", "}  // namespace", "}  // namespace pydl::PYDL_ISA::conv2d", ""])


if __name__ == "__main__":
    print(header(), end="")
