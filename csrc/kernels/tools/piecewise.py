"""Writes ../common/piecewise_tables.h: functions of y >= 0 as one polynomial per interval, as minimax.py finds it."""

from itertools import pairwise
from pathlib import Path

from minimax import Function, remez
from mpmath import erfc, exp, mp, mpf, nstr, pi, sqrt, tanh

INTERVALS = 32  # what one permutation of AVX-512 looks up
DEGREE, TANH_DEGREE = 6, 5
TANH_FIRST = 495  # how the floats just below 1/8 begin: sign, exponent and two bits
Interval = tuple[mpf, mpf, mpf]  # low, centre, high


def pieces(f: Function, size: Function, intervals: list[Interval], degree: int = DEGREE) -> list[list[mpf]]:
    """For each interval the coefficients, in powers of y - centre, with the least error relative to size(y).

    Where the centre is 0, f(0) is 0 and f(y) / y is approximated, so that the error stays relative next to 0.
    """
    rows, worst = [], mpf(0)
    for low, centre, high in intervals:
        divide = f(mpf(0)) == 0 and centre == 0

        def part(u: mpf, centre: mpf = centre, divide: bool = divide) -> mpf:
            return f(u or mpf(10) ** -12) / (u or mpf(10) ** -12) if divide else f(centre + u)

        def weight(u: mpf, centre: mpf = centre, divide: bool = divide) -> mpf:
            return mpf(1) if divide else 1 / size(centre + u)

        row, error = remez(part, weight, low - centre, high - centre, degree - divide)
        rows.append([mpf(0), *row] if divide else row)
        worst = max(worst, error)
    print(f"relative error {nstr(worst, 3)}")
    return rows + [rows[-1]] * (INTERVALS - len(rows))


def tail(y: mpf) -> mpf:
    """Phi(-y)"""
    return erfc(y / sqrt(2)) / 2


def slope(y: mpf) -> mpf:
    """The derivative of x Phi(x) at -y."""
    return tail(y) - y * exp(-y * y / 2) / sqrt(2 * pi)


def numbered_from(first: int, rows: list[list[mpf]]) -> list[list[mpf]]:
    """With row 0 where the lookup of number `first` looks, and the others behind it."""
    start = -first % INTERVALS
    return rows[start:] + rows[:start]


def table(name: str, comment: str, rows: list[list[mpf]]) -> str:
    """As C++: one line of the text for every eight numbers."""
    text = f"// {comment}\nalignas(64) constexpr float {name}[][{INTERVALS}] = {{\n"
    for column in zip(*rows, strict=True):
        numbers = [f"{float(value):.9g}" for value in column]
        numbers = [n + ("f" if "." in n or "e" in n else ".0f") for n in numbers]
        lines = [", ".join(numbers[i : i + 8]) for i in range(0, INTERVALS, 8)]
        text += "    {" + ",\n     ".join(lines) + "},\n"
    return text + "};\n"


if __name__ == "__main__":
    mp.dps = 30
    step = mpf(3) / 16
    steps = [(max(k * step - step / 2, mpf(0)), k * step, k * step + step / 2) for k in range(INTERVALS)]
    ends = [mpf(2) ** e * (1 + mpf(m) / 4) for e in range(-3, 4) for m in range(4)][:26]  # 1/8 ... 10
    quarters = [(mpf(0), mpf(0), ends[0])]
    quarters += [(a, (a + b) / 2, b) for a, b in pairwise(ends)]
    centres = [[centre] for _, centre, _ in quarters] + [[quarters[-1][1]]] * (INTERVALS - len(quarters))
    text = """// Written by tools/piecewise.py. Row k holds the coefficients of u^k, one for each interval.
#pragma once
#include <cstdint>

namespace pydl::PYDL_ISA {
namespace {

"""
    text += table("kTailPieces", "Phi(-y): interval n is centred at n * 3 / 16.", pieces(tail, tail, steps)) + "\n"
    slopes = pieces(slope, lambda y: max(abs(slope(y)), tail(y)), steps)
    text += table("kSlopePieces", "Phi(-y) - y phi(y), the slope of x Phi(x) at -y; likewise.", slopes) + "\n"
    text += f"constexpr std::int32_t kTanhFirst = {TANH_FIRST};  // modulo {INTERVALS}: the interval [0, 1/8) of tanh\n"
    comment = "Of the intervals of tanh: from kTanhFirst on [0, 1/8), then four to every octave, up to 10."
    text += table("kTanhCentres", comment, numbered_from(TANH_FIRST, centres))
    tanhs = pieces(tanh, tanh, quarters, TANH_DEGREE)
    for row in tanhs[len(quarters) - 1 :]:
        row[0] = mpf(1)  # rounded up, so that the end is 1
    text += "\n" + table("kTanhPieces", "tanh(y)", numbered_from(TANH_FIRST, tanhs))
    text += "\n" + table("kPowers", "2^(k/32)", [[mpf(2) ** (mpf(k) / INTERVALS)] for k in range(INTERVALS)])
    text += "\n}  // namespace\n}  // namespace pydl::PYDL_ISA\n"
    (Path(__file__).parent.parent / "common/piecewise_tables.h").write_text(text)
