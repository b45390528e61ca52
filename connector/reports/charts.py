"""Small charts as SVG. Colours are classes of the page's style, so that they follow light, dark and print."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

WIDE, HIGH = 720, 180
"""Of the large charts, in their own units; the page scales them."""
_LEFT, _BELOW = 44, 24
_MARKS = 4


def share(*parts: tuple[str, int], label: str) -> Markup:
    """One bar of 100 units: each part is a class and a count; the label tells it to those who do not see it."""
    whole = sum(count for _, count in parts)
    pieces, at = [], 0.0
    for kind, count in parts:
        width = 100 * count / whole if whole else 0
        if width:
            pieces.append(f'<rect class="{kind}" x="{at:.2f}" y="0" width="{width:.2f}" height="12"/>')
        at += width
    ground = '<rect class="ground" x="0" y="0" width="100" height="12"/>'
    return Markup(  # noqa: S704  # numbers and classes are ours, the label is escaped
        f'<svg class="share" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"{ground}{''.join(pieces)}</svg>"
    )


def columns(values: Sequence[float], names: Sequence[str], label: str, number: Callable[[float], str] = str) -> Markup:
    """A column for each value, from nought, with the value above it as ``number`` writes it."""
    most = _round_up(max(values, default=0))
    step = (WIDE - _LEFT) / max(len(values), 1)
    wide = min(step * 0.7, 60)
    drawn = []
    for place, (value, name) in enumerate(zip(values, names, strict=True)):
        left, top = _LEFT + place * step, _up(value, most)
        middle = left + step / 2
        drawn.append(
            f'<rect class="done" x="{middle - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" '
            f'height="{HIGH - _BELOW - top:.1f}"/>'
            f'<text x="{middle:.1f}" y="{HIGH - 8}" text-anchor="middle">{escape(name)}</text>'
        )
        if value:
            drawn.append(
                f'<text x="{middle:.1f}" y="{top - 4:.1f}" text-anchor="middle">{escape(number(value))}</text>'
            )
    return _chart(drawn, label, most, number)


def line(values: Sequence[float | None], names: Sequence[str], label: str) -> Markup:
    """Percentages from 0 to 100 as a line; what is not known is a gap."""
    step = (WIDE - _LEFT) / max(len(values), 1)
    drawn, path, drawing = [], "", False
    for place, (value, name) in enumerate(zip(values, names, strict=True)):
        x = _LEFT + (place + 0.5) * step
        drawn.append(f'<text x="{x:.1f}" y="{HIGH - 8}" text-anchor="middle">{escape(name)}</text>')
        if value is None:
            drawing = False
            continue
        y = _up(value, 100)
        path += f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}"
        drawing = True
        drawn.append(
            f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
            f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{value:.0f}</text>'
        )
    return _chart([f'<path class="curve" d="{path}"/>', *drawn], label, 100, lambda value: f"{value:.0f}")


def _chart(drawn: Sequence[str], label: str, most: float, number: Callable[[float], str]) -> Markup:
    marks = "".join(
        f'<line class="mark" x1="{_LEFT}" x2="{WIDE}" y1="{_up(value, most):.1f}" y2="{_up(value, most):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_up(value, most) + 4:.1f}" text-anchor="end">{escape(number(value))}</text>'
        for value in (most * part / _MARKS for part in range(_MARKS + 1))
    )
    return Markup(  # noqa: S704  # numbers are ours, names and label are escaped
        f'<svg class="chart" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(label)}">'
        f"{marks}{''.join(drawn)}</svg>"
    )


def _up(value: float, most: float) -> float:
    """How far down from the top a value stands."""
    return 20 + (HIGH - _BELOW - 20) * (1 - value / most)


def _round_up(value: float) -> float:
    """The next of 4, 8, 20, 40, 80, 200 …, so that its quarters are round."""
    most = 4.0
    factors = (2.0, 2.5, 2.0)
    place = 0
    while most < value:
        most *= factors[place % 3]
        place += 1
    return most
