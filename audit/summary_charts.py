"""The report's charts: bars by day or week, and bars by name, as SVG that needs nothing else.

Pure. Every word that comes from a record is escaped. What sets the PDF knows no CSS variables in
SVG, so colours stand in it as they are.
"""

from __future__ import annotations

import html
import math

from audit.moments import DAY, iso
from audit.summary import Counts, Summary

INK, SOFT, LINE = "#1d2733", "#5b6875", "#d9dee4"
_SENT, _REFUSED = "#2f6f8f", "#c2572b"
#: Room at a chart's right edge for half of the last day's name.
_EDGE = 14
#: Periods of more days have a bar for each week.
_MOST_DAYS = 62
#: As many characters of a name as there is room for before its number.
_MOST_NAME = 38


def by_day(summary: Summary) -> str:
    """Requests by day or week: a section with stacked bars."""
    step = 1 if (summary.last - summary.first) // DAY <= _MOST_DAYS else 7
    title = f"Requests by {'day' if step == 1 else 'week'}"
    return f"<section><h2>{title}</h2>{_legend()}{_days(summary, step, title)}</section>"


def by_name(title: str, counts: Counts, *, refused: bool = False, most: int = 8) -> str:
    """A section with a bar for each name; those beyond `most` are only counted."""
    shown = counts[:most]
    if not shown:
        return f"<section><h2>{title}</h2><p class=soft>none</p></section>"
    top = max(count for _, count in shown)
    colour = _REFUSED if refused else _SENT
    rows = []
    for number, (name, count) in enumerate(shown):
        y = number * 36
        rows.append(
            f"<text x=0 y={y + 13} fill='{INK}'>{_name(name)}</text>"
            f"<text x=400 y={y + 13} text-anchor=end fill='{SOFT}'>{count:,}</text>"
            f"<rect x=0 y={y + 18} width={max(1.0, 400 * count / top):.1f} height=8 rx=2 "
            f"fill='{colour}' />"
        )
    rest = f"<p class=soft>and {len(counts) - most} more</p>" if len(counts) > most else ""
    return (
        f"<section><h2>{title}</h2><svg viewBox='0 0 400 {36 * len(shown)}' role=img "
        f"aria-label='{title}'>{''.join(rows)}</svg>{rest}</section>"
    )


def _name(name: str) -> str:
    """As much of a name as there is room for; the whole one is there to be pointed at."""
    if len(name) <= _MOST_NAME:
        return html.escape(name or "(none)")
    cut = html.escape(f"{name[: _MOST_NAME - 1]}…")
    return f"<title>{html.escape(name)}</title>{cut}"


def _legend() -> str:
    return (
        f"<p class=soft><span class=key style='background:{_SENT}'></span>forwarded"
        f"<span class=key style='background:{_REFUSED}'></span>refused</p>"
    )


def _days(summary: Summary, step: int, title: str) -> str:
    """Stacked bars, one per `step` days."""
    counted = {day: (sent, refused) for day, sent, refused in summary.days}
    bars = []
    for start in range(summary.first, summary.last, step * DAY):
        several = [counted.get(start + n * DAY, (0, 0)) for n in range(step)]
        bars.append((start, sum(one[0] for one in several), sum(one[1] for one in several)))
    top = _round_up(max((sent + refused for _, sent, refused in bars), default=1))
    left, width, height = 52, 900, 190
    slot = (width - left - _EDGE) / max(1, len(bars))
    parts = [_grid(top, left, width, height)]
    for number, (start, sent, refused) in enumerate(bars):
        x, wide = left + number * slot + slot * 0.15, slot * 0.7
        tall, cut = sent / top * height, refused / top * height
        words = f"{iso(start)[:10]}: {sent} forwarded, {refused} refused"
        parts.append(
            f"<g><title>{words}</title>"
            f"<rect x={x:.1f} y={height - tall + 10:.1f} width={wide:.1f} height={tall:.1f} "
            f"fill='{_SENT}' />"
            f"<rect x={x:.1f} y={height - tall - cut + 10:.1f} width={wide:.1f} height={cut:.1f} "
            f"fill='{_REFUSED}' /></g>"
        )
        if number % max(1, math.ceil(len(bars) / 12)) == 0:
            middle = x + wide / 2
            parts.append(
                f"<text x={middle:.1f} y={height + 28} text-anchor=middle fill='{SOFT}'>"
                f"{iso(start)[5:10]}</text>"
            )
    return (
        f"<svg viewBox='0 0 {width} {height + 34}' role=img "
        f"aria-label='{title}'>{''.join(parts)}</svg>"
    )


def _grid(top: int, left: int, width: int, height: int) -> str:
    lines = []
    for step in range(5):
        y = 10 + height - height * step / 4
        lines.append(
            f"<line x1={left} x2={width} y1={y:.1f} y2={y:.1f} stroke='{LINE}' />"
            f"<text x={left - 8} y={y + 4:.1f} text-anchor=end fill='{SOFT}'>"
            f"{top * step / 4:,.0f}</text>"
        )
    return "".join(lines)


def _round_up(count: int) -> int:
    """The next number that four grid lines divide well."""
    if count <= 4:
        return 4
    size = int(10 ** int(math.log10(count)))
    return next(step * size for step in (1, 2, 4, 6, 8, 10, 20) if step * size >= count)
