"""docs/performance.svg: the networks of nets.json as bars with intervals."""

from typing import Any

from .tables import MODES, NETS

COLORS = ("#1b6ca8", "#6aaed6", "#c6dbef")
LEFT, TOP, WIDTH, BAR, GAP = 230, 40, 420, 14, 16  # pixels
LARGEST = 3.5  # the ratio at the right end


def svg(file: dict[str, Any]) -> str:
    """One bar per network and mode, two threads. The line at 1 is the strongest peer."""
    ratio_of = {line["case"]: line["ratio"] for line in file["results"] if line["threads"] == 2}
    height = TOP + len(NETS) * (len(MODES) * BAR + GAP) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(LEFT, 16, "time of the strongest peer / pydl's: above 1 pydl is faster"),
    ]
    y = TOP
    for title, (net, batch) in NETS.items():
        parts.append(_text(LEFT - 8, y + 1.5 * BAR + 4, title, "end"))
        for mode, color in zip(MODES, COLORS, strict=True):
            parts += _bar(y, ratio_of[f"nets/{net}/{mode.format(batch)}"], color)
            y += BAR
        y += GAP
    for ratio in range(int(LARGEST) + 1):
        dash = "" if ratio == 1 else ' stroke-dasharray="2 4"'
        parts.append(f'<path d="M{_x(ratio)} {TOP - 6}V{y - GAP + 6}" stroke="#444"{dash}/>')
        parts.append(_text(_x(ratio), y + 6, str(ratio), "middle"))
    for i, (label, color) in enumerate(zip(MODES.values(), COLORS, strict=True)):
        parts.append(f'<rect x="{LEFT + 130 * i}" y="{y + 14}" width="10" height="10" fill="{color}"/>')
        parts.append(_text(LEFT + 130 * i + 15, y + 23, label))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(ratio: float) -> int:
    return round(LEFT + WIDTH * min(ratio, LARGEST) / LARGEST)


def _bar(y: int, ratio: list[float], color: str) -> list[str]:
    middle, low, high = ratio
    return [
        f'<rect x="{LEFT}" y="{y}" width="{_x(middle) - LEFT}" height="{BAR - 2}" fill="{color}"/>',
        f'<path d="M{_x(low)} {y + BAR // 2 - 1}H{_x(high)}" stroke="#222"/>',
        _text(_x(high) + 6, y + BAR - 4, f"{middle:.2f}"),
    ]


def _text(x: int, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'
