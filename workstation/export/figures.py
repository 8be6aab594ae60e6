"""Figures of the report as inline SVG: agreement over the joint's diagram, and Bland–Altman plots."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from workstation.analysis.estimate import Estimate
from workstation.analysis.report import TotalAgreement
from workstation.scoring.instrument import Instrument, View

UNKNOWN_FILL = "#FFFFFF"
_TINTS = ("#F6C7A8", "#F9DEC7", "#F4F0DA", "#CFE6EE", "#A6D3E6")
"""From poor to good agreement; each carries dark text at more than 7 : 1, and a number stands beside it."""

_PLOT_WIDTH, _PLOT_HEIGHT, _MARGIN, _NAMES = 500, 240, 44, 100


def tint(value: float | None) -> str:
    """Background of an agreement coefficient: five steps from below 0.2 to above 0.8."""
    if value is None:
        return UNKNOWN_FILL
    return _TINTS[min(4, max(0, int(value * 5)))]


def diagram(instrument: Instrument, by_region: Mapping[str, Estimate]) -> str:
    """All panels of an instrument's diagram, each region filled by its agreement and labelled with it.

    Parameters
    ----------
    by_region : mapping of region id to Estimate
        Regions without an entry stay white.
    """
    return "".join(_panel(instrument, view, by_region) for view in instrument.views)


def _panel(instrument: Instrument, view: View, by_region: Mapping[str, Estimate]) -> str:
    parts = [
        f'<path d="{_outline(outline)}" fill="none" stroke="#8A919C" stroke-width="0.6"/>'
        for outline in view.outlines
    ]
    for region in instrument.regions:
        for shape in region.shapes:
            if shape.view != view.id:
                continue
            found = by_region.get(region.id)
            value = found.value if found else None
            shown = "n/a" if value is None else f"{value:.2f}"
            x = sum(point[0] for point in shape.points) / len(shape.points)
            y = sum(point[1] for point in shape.points) / len(shape.points)
            parts.append(
                f'<path d="{_outline(shape.points)}" fill="{tint(value)}" class="region">'
                f"<title>{escape(region.label)}: {shown}</title></path>"
                f'<text x="{x:.1f}" y="{y - 0.4:.1f}">{escape(region.code)}</text>'
                f'<text x="{x:.1f}" y="{y + 3.6:.1f}">{shown}</text>'
            )
    return (
        f'<figure class="panel"><svg viewBox="-2 -2 104 104" role="img" '
        f'aria-label="{escape(view.title)}">{"".join(parts)}</svg>'
        f"<figcaption>{escape(view.title)} ({escape(view.left)} on the left)</figcaption></figure>"
    )


def bland_altman_plot(total: TotalAgreement, readers: tuple[str, ...]) -> str:
    """Difference against mean of two readers, with bias and limits; ``""`` where there are none."""
    compared = total.bland_altman
    if compared is None or compared.sd is None or not total.pairs:
        return ""
    points = [((a + b) / 2, a - b) for _, (a, b) in total.pairs]
    lines = [(one.value or 0.0) for one in (compared.lower, compared.bias, compared.upper)]
    low_x, high_x = _range([mean for mean, _ in points])
    low_y, high_y = _range([*(difference for _, difference in points), *lines, 0.0])

    def x_of(value: float) -> float:
        return _MARGIN + (value - low_x) / (high_x - low_x) * (_PLOT_WIDTH - _MARGIN - _NAMES)

    def y_of(value: float) -> float:
        return _PLOT_HEIGHT - _MARGIN - (value - low_y) / (high_y - low_y) * (_PLOT_HEIGHT - _MARGIN - 12)

    right = _PLOT_WIDTH - _NAMES
    parts = [
        f'<rect x="{_MARGIN}" y="12" width="{right - _MARGIN}" '
        f'height="{y_of(low_y) - 12:.1f}" class="frame"/>'
    ]
    for value, name, style in zip(
        lines, ("−1.96 SD", "bias", "+1.96 SD"), ("limit", "bias", "limit"), strict=True
    ):
        y = y_of(value)
        parts.append(f'<line x1="{_MARGIN}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="{style}"/>')
        if style == "bias" or compared.sd > 0:
            parts.append(f'<text x="{right + 4}" y="{y + 3:.1f}">{name} {value:.2f}</text>')
    parts += [f'<circle cx="{x_of(m):.1f}" cy="{y_of(d):.1f}" r="3.2"/>' for m, d in points]
    parts += [
        f'<text x="{x_of(value):.1f}" y="{_PLOT_HEIGHT - _MARGIN + 14}" class="middle">{value:g}</text>'
        for value in (low_x, high_x)
    ]
    parts += [
        f'<text x="{_MARGIN - 5}" y="{y_of(value) + 3:.1f}" class="end">{value:g}</text>'
        for value in (low_y, high_y)
    ]
    first, second = (escape(reader) for reader in readers)
    parts.append(
        f'<text x="{(_MARGIN + right) / 2}" y="{_PLOT_HEIGHT - 12}" class="middle">'
        f"mean of {first} and {second}</text>"
    )
    parts.append(
        f'<text transform="translate(12 {(_PLOT_HEIGHT - _MARGIN) / 2}) rotate(-90)" class="middle">'
        f"{first} − {second}</text>"
    )
    return (
        f'<svg class="plot" viewBox="0 0 {_PLOT_WIDTH} {_PLOT_HEIGHT}" role="img" '
        f'aria-label="Bland-Altman plot of {escape(total.title)}">{"".join(parts)}</svg>'
    )


def _range(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or 1.0
    return round(low - room, 1) + 0.0, round(high + room, 1) + 0.0  # + 0.0: no "-0"


def _outline(points: tuple[tuple[float, float], ...]) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points) + " Z"
