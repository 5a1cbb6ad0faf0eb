"""The evaluation as one page of HTML: the tables, then every miss and false alarm in its context.

Invariants: the page is whole in itself (no script, no other file, no address is ever asked), and
every character of a document is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from proxy.detect.evaluation.report import (
    COLUMNS,
    Run,
    Section,
    decimal,
    false_alarms,
    misses,
    ratios,
    remarks,
    rows,
)
from proxy.detect.evaluation.tally import calibration_error, reliability

#: Characters of context on either side of a span.
_CONTEXT = 70
#: How many misses or false alarms of one entity are shown; the rest is counted.
_SHOWN = 200
_STYLE = """
:root { color-scheme: light dark; --line: #8883; --soft: #8881; --miss: #d33a; --alarm: #d902; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 3rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } th:first-child, td.name { text-align: left; }
tr.again th { color: transparent; user-select: none; }
tr.again td { opacity: .65; border-bottom-color: #8888; }
tr.all { background: var(--soft); font-weight: 600; }
details { margin: .3rem 0; } summary { cursor: pointer; }
ul { list-style: none; padding: 0; margin: .3rem 0 1rem; }
li { padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
code { font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; }
mark { color: inherit; border-radius: .2rem; padding: 0 .1rem; background: var(--alarm); }
.miss mark { background: var(--miss); }
small { opacity: .7; margin-left: .5rem; }
meter { width: 8rem; }
"""


def page(sections: Sequence[Section]) -> str:
    """Return the report as an HTML document."""
    body = "\n".join(part for section in sections for part in _section(section))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Detection report</title>\n<style>{_STYLE}</style>\n<h1>Detection report</h1>\n"
        "<p>A finding is right if its type is the annotated one and it overlaps the annotated span "
        "by at least half (intersection over union). Character recall counts what is hidden under "
        "any type.</p>\n"
        f"{body}\n</html>\n"
    )


def _section(section: Section) -> Iterator[str]:
    count = len(section.runs[0].judgements)
    yield f"<h2>{escape(section.name)} <small>{count:,} documents</small></h2>"
    for run in section.runs:
        yield f"<p><b>{escape(run.detector)}</b>: {escape('; '.join(remarks(run)))}.</p>"
    yield _table(section.runs)
    for run in section.runs:
        yield _reliability(run)
        yield from _errors(run)


def _table(runs: Sequence[Run]) -> str:
    heads = "".join(f"<th>{name}</th>" for name in ("", "", "gold", "findings", *COLUMNS))
    lines = []
    before = ""
    for name, detector, numbers in rows(runs):
        kind = "again" if name == before else "first"
        cells = [f"{numbers.gold:,}", f"{numbers.findings:,}", *map(decimal, ratios(numbers))]
        lines.append(
            f'<tr class="{kind}{" all" if name == "all" else ""}"><th scope="row">{escape(name)}'
            f'</th><td class="name">{escape(detector)}</td>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
        before = name
    return f"<table><tr>{heads}</tr>\n" + "\n".join(lines) + "\n</table>"


def _reliability(run: Run) -> str:
    bins = reliability(run.judgements)
    error = calibration_error(bins)
    lines = [
        f"<tr><td>{one.mean_score:.2f}</td><td>{one.right / one.findings:.2f}</td>"
        f'<td><meter value="{one.right / one.findings:.3f}"></meter></td>'
        f"<td>{one.findings:,}</td></tr>"
        for one in bins
    ]
    return (
        f"<details><summary>{escape(run.detector)}: how often findings are right, by score"
        "</summary><table><tr><th>mean score</th><th>right</th><th></th><th>findings</th></tr>"
        + "".join(lines)
        + f"</table><p>Off by {decimal(error)} on average.</p></details>"
    )


def _errors(run: Run) -> Iterator[str]:
    missed = [
        (
            one.entity,
            _shown(each.document.text, one.start, one.end, each.document.id, _fate(one.seen)),
        )
        for each, one in misses(run)
    ]
    yield from _groups(f"{run.detector}: misses", "miss", missed)
    wrong = [
        (
            one.entity,
            _shown(
                each.document.text,
                one.finding.start,
                one.finding.end,
                each.document.id,
                f"{one.finding.recognizer} {one.finding.score:.2f}"
                + (f", beside {', '.join(one.beside)}" if one.beside else ""),
            ),
        )
        for each, one in false_alarms(run)
    ]
    yield from _groups(f"{run.detector}: false alarms", "alarm", wrong)


def _fate(seen: Sequence[str]) -> str:
    return f"touched by {', '.join(seen)}" if seen else "not hidden"


def _groups(title: str, kind: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a list for each entity; the items come sorted by it."""
    listed = list(items)
    yield f"<h3>{escape(title)} <small>{len(listed):,}</small></h3>"
    for entity, group in groupby(listed, key=lambda item: item[0]):
        ones = [shown for _, shown in group]
        more = f"<li>and {len(ones) - _SHOWN:,} more</li>" if len(ones) > _SHOWN else ""
        yield (
            f'<details class="{kind}"><summary>{escape(entity)} <small>{len(ones):,}</small>'
            f"</summary><ul>{''.join(ones[:_SHOWN])}{more}</ul></details>"
        )


def _shown(text: str, start: int, end: int, document: str, remark: str) -> str:
    """Return one span in its context as a list item."""
    low, high = max(0, start - _CONTEXT), min(len(text), end + _CONTEXT)
    before = ("…" if low else "") + text[low:start]
    after = text[end:high] + ("…" if high < len(text) else "")
    return (
        f"<li><code>{escape(before)}<mark>{escape(text[start:end])}</mark>{escape(after)}</code>"
        f"<small>{escape(document)} · {escape(remark)}</small></li>"
    )
