"""The report as one page: no scripts, nothing fetched, made to be printed or mailed.

Pure. Every word that comes from a record is escaped.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence

from audit.moments import DAY, iso
from audit.record import Kind
from audit.report import WARNINGS, Report
from audit.summary import Summary
from audit.summary_charts import INK, LINE, SOFT, by_day, by_name

_STYLE = (
    f":root {{ --ink: {INK}; --soft: {SOFT}; --line: {LINE}; }}"
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

_MOST_FINDINGS = 20

_FOOTER = """Figures come from the search index, which is made from opened records; the checks above
come from the log itself and its verifier key. Days are UTC. A request counts as forwarded when its
intent is on record: nothing leaves before that."""


def page(summary: Summary, checks: Sequence[Report], officer: str, made: int) -> str:
    """The whole document; `made` is when, in nanoseconds since 1970."""
    span = f"{iso(summary.first)[:10]} to {iso(summary.last - DAY)[:10]}"
    body = [
        f"<header><h1>AI traffic, {span}</h1>",
        "<p class=soft>What left through Privet, under which rules, and whether the record of it",
        "is whole.</p>",
        f"<p class=soft>Prepared by {html.escape(officer)} on {_date(iso(made))}.</p></header>",
        _figures(summary),
        "<h2>Is the record whole?</h2>",
        *map(_verdict, checks),
        by_day(summary),
        "<div class=two>",
        by_name("Forwarded, by data class", summary.classes),
        by_name("Forwarded, by provider", summary.providers),
        by_name("Forwarded, by team", summary.teams),
        by_name("Forwarded, by model", summary.models),
        by_name("Rules that decided", summary.rules),
        by_name("Refusals, by code", summary.refusals, refused=True),
        by_name("Requests, by what was found", summary.found),
        by_name("Forwarded, by outcome", summary.outcomes),
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
    records = f"{report.records:,} record{'' if report.records == 1 else 's'}"
    window = f"{report.unprotected_records:,} records over {report.unprotected_seconds:,.1f} s"
    if report.held is None:
        vouched = (
            f"signed up to number {report.checkpoint:,}. No checkpoint that was held elsewhere was "
            f"compared, so an older state put back would not show; {window} are not signed yet."
        )
    else:
        vouched = (
            f"vouched for up to number {report.held:,} by a checkpoint that was held elsewhere; "
            f"{window} after it rest on the writing machine alone."
        )
    rows = "".join(
        f"<tr><td>{html.escape(one.code)}<td>{html.escape(one.where)}<td>{html.escape(one.detail)}"
        for one in report.findings[:_MOST_FINDINGS]
    )
    table = f"<table><tr><th>Finding<th>Where<th>What{rows}</table>" if rows else ""
    if (more := len(report.findings) - _MOST_FINDINGS) > 0:
        table += f"<p>and {more:,} more: <code>privet audit verify</code> lists them</p>"
    return (
        f"<div class='verdict {kind}'><b>{html.escape(report.origin)}</b>: {words} {records}, "
        f"{vouched}{table}</div>"
    )


def _waivers(summary: Summary) -> str:
    head = ("Waiver", "Lifts", "Scope", "Until", "Approved by", "Why")
    rows = [
        (
            one.id,
            one.lifts,
            _scope(one.scope),
            _date(one.until),
            one.approved_by,
            one.why,
            f"{one.used:,}",
        )
        for one in summary.waivers
    ]
    return f"<section><h2>Waivers</h2>{_table((*head, 'Used'), rows)}</section>"


def _date(text: str) -> str:
    """The day of a moment, which no line break divides."""
    return text[:10].replace("-", "\u2011")


def _scope(text: str) -> str:
    """A waiver's scope, from the JSON that the index has, as people read it."""
    try:
        members = json.loads(text).items()
    except (ValueError, AttributeError):
        return text
    words = ((name, [value] if isinstance(value, str) else value) for name, value in members)
    return "; ".join(f"{name} {', '.join(map(str, values))}" for name, values in words)


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
        "<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row[:-1]) + f"<td class=n>{row[-1]}"
        for row in rows
    ]
    if not filled:
        return "<p class=soft>none</p>"
    titles = "".join(f"<th>{html.escape(cell)}" for cell in head[:-1]) + f"<th class=n>{head[-1]}"
    return f"<table><tr>{titles}{''.join(filled)}</table>"
