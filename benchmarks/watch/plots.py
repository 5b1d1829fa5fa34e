"""Two pictures of what the benchmark found, as SVG: no more than lines, bars and words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

COLOURS = {
    "sweep": "#9a9a9a",
    "list": "#c98a3c",
    "willcall": "#1f6fb2",
    "informed": "#3c9a5f",
    "clairvoyant": "#7a4fa3",
}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 380, 70, 50, 40


def _frame(
    title: str, body: Sequence[str], policies: Sequence[str], names: Mapping[str, str]
) -> str:
    legend = [
        f'<rect x="{LEFT + 10 + 128 * n}" y="{TOP - 22}" width="10" height="10" '
        f'fill="{COLOURS[policy]}"/>'
        f'<text x="{LEFT + 24 + 128 * n}" y="{TOP - 13}">{names[policy]}</text>'
        for n, policy in enumerate(policies)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
            ' font-family="sans-serif" font-size="12" fill="#555">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *legend,
            *body,
            "</svg>",
            "",
        ]
    )


def _height(seconds: float, low: float, high: float) -> float:
    share = (math.log10(max(seconds, low)) - math.log10(low)) / math.log10(high / low)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _grid(low: float, high: float) -> list[str]:
    lines, at = [], low
    while at <= high * 1.001:
        y = _height(at, low, high)
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{at:g} s</text>'
        )
        at *= 10
    return lines


def bars(
    file: Path,
    found: Mapping[int, Mapping[str, tuple[float, float, float]]],
    names: Mapping[str, str],
) -> None:
    """Mean delays with their intervals, by how many events there are."""
    low, high = 0.1, 10_000.0
    body = _grid(low, high)
    policies = [colour for colour in COLOURS if colour in names]
    span = (WIDTH - LEFT - 10) / len(found)
    wide = span * 0.8 / len(policies)
    for group, (events, means) in enumerate(sorted(found.items())):
        left = LEFT + group * span + span * 0.1
        for place, policy in enumerate(policies):
            if policy not in means:
                continue
            mean, least, most = means[policy]
            x, y = left + place * wide, _height(mean, low, high)
            middle = x + wide / 2 - 1
            body.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" '
                f'height="{HEIGHT - BOTTOM - y:.1f}" fill="{COLOURS[policy]}"/>'
                f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{_height(least, low, high):.1f}" '
                f'y2="{_height(most, low, high):.1f}" stroke="#222"/>'
            )
        body.append(
            f'<text x="{left + span * 0.4:.1f}" y="{HEIGHT - BOTTOM + 20}" '
            f'text-anchor="middle">{events:,} events</text>'
        )
    file.write_text(_frame("Mean delay by policy and number of events", body, policies, names))


def curves(file: Path, delays: Mapping[str, Sequence[float]], names: Mapping[str, str]) -> None:
    """Which share of the crossings is seen within how many seconds."""
    low, high = 1.0, 10_000.0
    policies = [colour for colour in COLOURS if colour in delays and colour in names]

    def across(seconds: float) -> float:
        share = math.log10(max(seconds, low) / low) / math.log10(high / low)
        return LEFT + min(1.0, share) * (WIDTH - LEFT - 10)

    def up(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    body = [
        f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{up(s):.1f}" y2="{up(s):.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 6}" y="{up(s) + 4:.1f}" text-anchor="end">{s:.0%}</text>'
        for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    body += [
        f'<text x="{across(s):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{s:g} s</text>'
        for s in (1, 10, 60, 600, 3600)
    ]
    for policy in policies:
        ordered = sorted(delays[policy])
        step = max(1, len(ordered) // 200)
        points = " ".join(
            f"{across(one):.1f},{up((place + 1) / len(ordered)):.1f}"
            for place, one in list(enumerate(ordered))[::step]
        )
        body.append(
            f'<polyline points="{points}" fill="none" stroke="{COLOURS[policy]}" stroke-width="2"/>'
        )
    file.write_text(_frame("Share of crossings seen within a time", body, policies, names))
