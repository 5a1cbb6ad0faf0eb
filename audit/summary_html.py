"""The report as one page: no scripts, nothing fetched, made to be printed or mailed.

Pure. Every word that comes from a record is escaped.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

from audit.moments import DAY, iso
from audit.record import Kind
from audit.report import WARNINGS, Report
from audit.summary import Counts, Summary

#: Charts take these as they are: what sets the PDF knows no variables in them.
_INK, _SOFT, _LINE, _SENT, _REFUSED = "#1d2733", "#5b6875", "#d9dee4", "#2f6f8f", "#c2572b"

_STYLE = (
    f":root {{ --ink: {_INK}; --soft: {_SOFT}; --line: {_LINE}; }}"
    """
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  color: var(--ink); background: #fff; margin: 0 auto; max-width: 60rem; padding: 3rem 2rem; }
header { border-bottom: 3px solid var(--ink); padding-bottom: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; break-after: avoid; }
p { margin: .4rem 0; } .soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1rem; margin: 1.4rem 0; }
.figure { border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; }
.figure b { display: block; font-size: 1.6rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: .86rem; }
.verdict { border-left: 6px solid; padding: .7rem 1rem; margin: 1rem 0; background: #f5f7f9; }
.good { border-color: #2e7d4f; } .note { border-color: #b8860b; } .bad { border-color: #b3261e; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; overflow-wrap: normal; }
td.n, th.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; }
section { break-inside: avoid; }
svg { width: 100%; height: auto; display: block; } svg text { font: 12px system-ui, sans-serif; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px;
  margin: 0 .35em 0 .9em; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem; font-size: .86rem;
  color: var(--soft); }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } @page { margin: 18mm; } }
@media (max-width: 40rem) { .figures, .two { grid-template-columns: 1fr 1fr; } }
"""
)

#: Room at a chart's right edge for half of the last day's name.
_EDGE = 14

_FOOTER = """Figures come from the search index, which is made from opened records; the checks above
come from the log itself and its verifier key. Days are UTC. A request counts as forwarded when its
intent is on record: nothing leaves before that."""


def page(summary: Summary, checks: Sequence[Report], officer: str) -> str:
    """The whole document."""
    span = f"{iso(summary.first)[:10]} to {iso(summary.last - DAY)[:10]}"
    body = [
        f"<header><h1>AI traffic, {span}</h1>",
        "<p class=soft>What left through Privet, under which rules, and whether the record of it",
        f"is whole. Prepared by {_text(officer)}.</p></header>",
        _figures(summary),
        "<h2>Is the record whole?</h2>",
        *map(_verdict, checks),
        "<section><h2>Requests by day</h2>",
        _legend(),
        _days(summary),
        "</section>",
        "<div class=two>",
        _bars("Forwarded, by data class", summary.classes),
        _bars("Forwarded, by provider", summary.providers),
        _bars("Forwarded, by team", summary.teams),
        _bars("Forwarded, by model", summary.models),
        _bars("Rules that decided", summary.rules),
        _bars("Refusals, by code", summary.refusals, refused=True),
        _bars("Requests in which was found", summary.found),
        _bars("What became of them", summary.outcomes),
        "</div>",
        _waivers(summary),
        _erasures(summary),
        f"<footer>{_FOOTER}</footer>",
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
        f'content="width=device-width"><title>Privet report, {span}</title>'
        f"<style>{_STYLE}</style><body>{' '.join(body)}</body></html>\n"
    )


def _figures(summary: Summary) -> str:
    sent, refused = summary.total(Kind.INTENT), summary.total(Kind.REFUSAL)
    share = f"{100 * refused / (sent + refused):.1f} %" if sent + refused else "none"
    figures = [
        (f"{sent:,}", "requests forwarded"),
        (f"{refused:,}", f"refused ({share})"),
        (f"{summary.total(Kind.POLICY_CHANGE):,}", "changes of policy or knowledge"),
        (f"{summary.total(Kind.ERASURE):,}", "erasures"),
    ]
    boxes = (
        f"<div class=figure><b>{value}</b><span>{words}</span></div>" for value, words in figures
    )
    return f"<div class=figures>{''.join(boxes)}</div>"


def _verdict(report: Report) -> str:
    serious = [finding for finding in report.findings if finding.code not in WARNINGS]
    kind = "bad" if serious else "note" if report.findings else "good"
    words = {
        "bad": f"{len(serious)} findings: this record is not what was written.",
        "note": f"Whole; {len(report.findings)} notes.",
        "good": "Whole: nothing is missing, changed or out of order.",
    }[kind]
    anchor = "the newest checkpoint here" if report.held is None else "a checkpoint held elsewhere"
    window = f"{report.unprotected_records:,} records over {report.unprotected_seconds:,.1f} s"
    rows = "".join(
        f"<tr><td>{_text(one.code)}<td>{_text(one.where)}<td>{_text(one.detail)}"
        for one in report.findings[:20]
    )
    table = f"<table><tr><th>Finding<th>Where<th>What{rows}</table>" if rows else ""
    return (
        f"<div class='verdict {kind}'><b>{_text(report.origin)}</b>: {words} {report.records:,} "
        f"records, signed up to {report.checkpoint:,}; vouched for by {anchor}, after which "
        f"{window} rest on the writing machine alone.{table}</div>"
    )


def _legend() -> str:
    return (
        f"<p class=soft><span class=key style='background:{_SENT}'></span>forwarded"
        f"<span class=key style='background:{_REFUSED}'></span>refused</p>"
    )


def _days(summary: Summary) -> str:
    """Stacked bars, one per day (per week or month, where a period has more than 62 days)."""
    counted = {day: (sent, refused) for day, sent, refused in summary.days}
    days = (summary.last - summary.first) // DAY
    step = 1 if days <= 62 else 7
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
                f"<text x={middle:.1f} y={height + 28} text-anchor=middle fill='{_SOFT}'>"
                f"{iso(start)[5:10]}</text>"
            )
    return (
        f"<svg viewBox='0 0 {width} {height + 34}' role=img "
        f"aria-label='Requests by day'>{''.join(parts)}</svg>"
    )


def _grid(top: int, left: int, width: int, height: int) -> str:
    lines = []
    for step in range(5):
        y = 10 + height - height * step / 4
        lines.append(
            f"<line x1={left} x2={width} y1={y:.1f} y2={y:.1f} stroke='{_LINE}' />"
            f"<text x={left - 8} y={y + 4:.1f} text-anchor=end fill='{_SOFT}'>"
            f"{top * step / 4:,.0f}</text>"
        )
    return "".join(lines)


def _bars(title: str, counts: Counts, *, refused: bool = False, most: int = 8) -> str:
    """A table whose rows are bars; what is beyond `most` rows is counted together."""
    shown = list(counts[:most])
    if rest := sum(count for _, count in counts[most:]):
        shown.append((f"{len(counts) - most} others", rest))
    if not shown:
        return f"<section><h2>{title}</h2><p class=soft>none</p></section>"
    top = max(count for _, count in shown)
    colour = _REFUSED if refused else _SENT
    rows = []
    for number, (name, count) in enumerate(shown):
        y = number * 36
        rows.append(
            f"<text x=0 y={y + 13} fill='{_INK}'>{_text(name or '(none)')}</text>"
            f"<text x=400 y={y + 13} text-anchor=end fill='{_SOFT}'>{count:,}</text>"
            f"<rect x=0 y={y + 18} width={max(1.0, 400 * count / top):.1f} height=8 rx=2 "
            f"fill='{colour}' />"
        )
    return (
        f"<section><h2>{title}</h2><svg viewBox='0 0 400 {36 * len(shown)}' role=img "
        f"aria-label='{title}'>{''.join(rows)}</svg></section>"
    )


def _waivers(summary: Summary) -> str:
    head = ("Waiver", "Lifts", "Scope", "Until", "Approved by", "Why")
    rows = [
        (one.id, one.lifts, one.scope, one.until, one.approved_by, one.why, f"{one.used:,}")
        for one in summary.waivers
    ]
    return f"<section><h2>Waivers</h2>{_table((*head, 'Used'), rows)}</section>"


def _erasures(summary: Summary) -> str:
    words = (
        f"{summary.total(Kind.ERASURE):,} erasures are on record (orders and ended retention), "
        f"{summary.total(Kind.RECOVERY):,} recoveries after a crash, "
        f"{summary.total(Kind.ROTATION):,} changes of keys or readers."
    )
    if summary.unrecorded:
        words += (
            f" Of {summary.unrecorded:,} requests the values are not on record, or not all any "
            "more: a search by person doesn't know those."
        )
    return f"<section><h2>Erasure and upkeep</h2><p>{words}</p></section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    filled = [
        "<tr>" + "".join(f"<td>{_text(cell)}" for cell in row[:-1]) + f"<td class=n>{row[-1]}"
        for row in rows
    ]
    if not filled:
        return "<p class=soft>none</p>"
    titles = "".join(f"<th>{_text(cell)}" for cell in head[:-1]) + f"<th class=n>{head[-1]}"
    return f"<table><tr>{titles}{''.join(filled)}</table>"


def _round_up(count: int) -> int:
    """The next number that four grid lines divide well."""
    if count <= 4:
        return 4
    size = int(10 ** int(math.log10(count)))
    return next(step * size for step in (1, 2, 4, 6, 8, 10, 20) if step * size >= count)


def _text(value: str) -> str:
    return html.escape(value)
