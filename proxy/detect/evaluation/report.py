"""What `privet detect eval` says: detectors beside each other on the same text, as text and JSON.

Invariant: every form is made of the same numbers, and a ratio of nothing is shown as none, not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proxy.detect.evaluation.measure import JudgedFinding, JudgedGold, Judgement
from proxy.detect.evaluation.tally import (
    Tally,
    calibration_error,
    quiet,
    reliability,
    tally,
    tally_by_entity,
)

#: What a table shows of a tally.
COLUMNS = ("precision", "recall", "F1", "F2", "char recall", "char precision")


@dataclass(frozen=True, slots=True)
class Run:
    """One detector on one set of documents.

    Attributes:
        detector: its name.
        judgements: one for each document.
        cpu_s: CPU seconds of the analysing processes, loading left out; None if not measured.
    """

    detector: str
    judgements: tuple[Judgement, ...]
    cpu_s: float | None

    @property
    def cpu_ms_per_kb(self) -> float | None:
        """CPU milliseconds per 1,000 bytes of UTF-8."""
        size = sum(len(each.document.text.encode()) for each in self.judgements)
        return None if self.cpu_s is None or not size else 1_000_000 * self.cpu_s / size


@dataclass(frozen=True, slots=True)
class Section:
    """One set of documents, and every detector that was run on it."""

    name: str
    runs: tuple[Run, ...]


def ratios(numbers: Tally) -> tuple[float | None, ...]:
    """Return what stands under `COLUMNS`."""
    return (
        numbers.precision,
        numbers.recall,
        numbers.f(1),
        numbers.f(2),
        numbers.char_recall,
        numbers.char_precision,
    )


def misses(run: Run) -> Iterator[tuple[Judgement, JudgedGold]]:
    """Yield the gold spans that weren't found, those that weren't even hidden first."""
    missed = [(each, one) for each in run.judgements for one in each.gold if not one.found]
    yield from sorted(missed, key=lambda pair: (pair[1].entity, pair[1].hidden > 0))


def false_alarms(run: Run) -> Iterator[tuple[Judgement, JudgedFinding]]:
    """Yield the findings that are wrong, those beside no gold span first."""
    wrong = [(each, one) for each in run.judgements for one in each.findings if not one.right]
    yield from sorted(wrong, key=lambda pair: (pair[1].entity, bool(pair[1].beside)))


def languages(run: Run) -> dict[str, Tally]:
    """Return the tally of each language, if there are several."""
    by_language: dict[str, list[Judgement]] = {}
    for each in run.judgements:
        by_language.setdefault(each.document.lang or "?", []).append(each)
    if len(by_language) < 2:
        return {}
    return {f"language {name}": tally(each) for name, each in sorted(by_language.items())}


def rows(runs: Sequence[Run]) -> Iterator[tuple[str, str, Tally]]:
    """Yield name, detector and tally of each line of the main table: all, entities, languages."""
    for run in runs:
        yield "all", run.detector, tally(run.judgements)
    for groups in (
        {run.detector: tally_by_entity(run.judgements) for run in runs},
        {run.detector: languages(run) for run in runs},
    ):
        for name in dict.fromkeys(name for group in groups.values() for name in group):
            for detector, group in groups.items():
                if name in group:
                    yield name, detector, group[name]


def as_dict(sections: Sequence[Section]) -> dict[str, Any]:
    """For JSON. Misses and false alarms are places: document, offsets, entity."""
    return {
        "sections": [
            {
                "name": section.name,
                "documents": len(section.runs[0].judgements),
                "runs": {run.detector: _run(run) for run in section.runs},
            }
            for section in sections
        ]
    }


def as_text(sections: Sequence[Section]) -> str:
    """For a terminal."""
    return "\n\n".join(_section(section) for section in sections)


def _run(run: Run) -> dict[str, Any]:
    calm = quiet(run.judgements)
    return {
        "cpu_ms_per_kb": run.cpu_ms_per_kb,
        "all": _numbers(tally(run.judgements)),
        "entities": {n: _numbers(t) for n, t in tally_by_entity(run.judgements).items()},
        "languages": {n: _numbers(t) for n, t in languages(run).items()},
        "nothing_personal": {
            "documents": calm.documents,
            "characters": calm.characters,
            "false_alarms": calm.alarms,
            "per_10000_characters": calm.per_10_000,
        },
        "reliability": [
            {"findings": bin_.findings, "right": bin_.right, "mean_score": bin_.mean_score}
            for bin_ in reliability(run.judgements)
        ],
        "calibration_error": calibration_error(reliability(run.judgements)),
        "misses": [
            {"id": each.document.id, "start": one.start, "end": one.end, "entity": one.entity}
            | {"label": one.label, "hidden": one.hidden, "seen": list(one.seen)}
            for each, one in misses(run)
        ],
        "false_alarms": [
            {"id": each.document.id, "start": one.finding.start, "end": one.finding.end}
            | {"entity": one.finding.entity, "score": one.finding.score}
            | {"recognizer": one.finding.recognizer, "beside": list(one.beside)}
            for each, one in false_alarms(run)
        ],
    }


def _numbers(numbers: Tally) -> dict[str, Any]:
    names = [column.lower().replace(" ", "_") for column in COLUMNS]
    counts = {"gold": numbers.gold, "findings": numbers.findings}
    return counts | dict(zip(names, ratios(numbers), strict=True))


def _section(section: Section) -> str:
    titles = ("P", "R", "F1", "F2", "char R", "char P")
    heads = "".join(f"{title:>8}" for title in titles)
    lines = [
        f"{section.name}: {len(section.runs[0].judgements):,} documents",
        f"{'':<26}{'':<8}{'gold':>6}{'found':>7}{heads}",
    ]
    before = ""
    for name, detector, numbers in rows(section.runs):
        shown = "" if name == before else name
        values = "".join(f"{decimal(value):>8}" for value in ratios(numbers))
        lines.append(f"{shown:<26}{detector:<8}{numbers.gold:>6}{numbers.findings:>7}{values}")
        before = name
    lines.append("")
    lines += [f"{run.detector}: {'; '.join(remarks(run))}" for run in section.runs]
    for run in section.runs:
        lines += ["", *_reliability(run)]
    return "\n".join(lines)


def _reliability(run: Run) -> Iterator[str]:
    """The reliability curve: a score means a probability if both columns are the same."""
    bins = reliability(run.judgements)
    if not bins:
        return
    yield f"{run.detector}: how often findings are right, by score"
    yield f"{'score':>8}{'right':>8}{'findings':>10}"
    for one in bins:
        yield f"{one.mean_score:>8.2f}{one.right / one.findings:>8.2f}{one.findings:>10,}"
    yield f"off by {calibration_error(bins):.3f} on average"


def remarks(run: Run) -> list[str]:
    """Return what is to be said of a run beside its table: false alarms and speed."""
    calm = quiet(run.judgements)
    said = []
    if calm.per_10_000 is not None:
        said.append(
            f"{calm.per_10_000:.1f} false alarms per 10,000 characters with nothing personal in "
            f"them ({calm.alarms:,} in {calm.characters:,})"
        )
    if run.cpu_ms_per_kb is not None:
        said.append(f"{run.cpu_ms_per_kb:.1f} ms of CPU per KB")
    return said


def decimal(value: float | None) -> str:
    """Return a ratio as it is shown."""
    return "-" if value is None else f"{value:.3f}"
