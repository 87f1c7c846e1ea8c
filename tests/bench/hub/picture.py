"""What a trial found as a picture: messages a second, memory, and processors, over time."""

from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from tests.bench.hub.trial import MEGABYTE, Found

WIDTH, HEIGHT, LEFT, TOP, GAP = 860, 150, 90, 60, 60
COLOURS = ("#1f5f8b", "#c4661f")

type Curve = tuple[str, list[float]]


def picture(found: Found) -> str:
    """An SVG with three charts over the seconds since the districts had connected."""
    samples = found.samples
    times = [sample["at"] - samples[0]["at"] for sample in samples]

    def change(name: str) -> list[float]:
        steps = [(b[name] - a[name]) / max(b["at"] - a["at"], 1e-6) for a, b in pairwise(samples)]
        return [0.0, *steps]

    charts: list[tuple[str, list[Curve]]] = [
        ("messages/s 每秒消息", [("arrived", change("arrived"))]),
        (
            "memory, MB 内存",
            [
                ("hub", [sample["hub_rss"] / MEGABYTE for sample in samples]),
                ("all districts", [sample["rss"] / MEGABYTE for sample in samples]),
            ],
        ),
        ("processors in use 处理器", [("hub", change("hub_cpu")), ("all districts", change("cpu"))]),
    ]
    height = TOP + len(charts) * (HEIGHT + GAP)
    title = f"{found.districts:,} districts, {found.messages:,} messages on one hub, {found.cores} cores"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 150} {height}"'
        ' font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="17">{escape(title)}</text>',
    ]
    for number, (name, curves) in enumerate(charts):
        parts += _chart(name, curves, times, TOP + number * (HEIGHT + GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _chart(name: str, curves: Sequence[Curve], times: Sequence[float], top: float) -> list[str]:
    most = max((value for _, values in curves for value in values), default=1.0) or 1.0
    last = max(times[-1], 1.0) if times else 1.0
    bottom = top + HEIGHT
    parts = [
        f'<text x="{LEFT}" y="{top - 8}">{escape(name)}</text>',
        f'<path d="M{LEFT} {top}V{bottom}H{LEFT + WIDTH}" fill="none" stroke="#888"/>',
        f'<text x="{LEFT - 8}" y="{top + 10}" text-anchor="end">{most:,.1f}</text>',
        f'<text x="{LEFT - 8}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{LEFT + WIDTH}" y="{bottom + 18}" text-anchor="end">{last:,.0f} s</text>',
    ]
    for number, (label, values) in enumerate(curves):
        points = " ".join(
            f"{LEFT + WIDTH * at / last:.1f},{bottom - HEIGHT * value / most:.1f}"
            for at, value in zip(times, values, strict=True)
        )
        colour = COLOURS[number]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(
            f'<text x="{LEFT + WIDTH + 10}" y="{top + 14 + 18 * number}" fill="{colour}">{escape(label)}</text>'
        )
    return parts
