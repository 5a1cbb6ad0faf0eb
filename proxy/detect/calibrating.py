"""Make `calibration.json` from annotated texts: `python -m proxy.detect.calibrating FILE…`.

By hand, whenever recognizers or models change. Every other document is for the curves and the rest
for saying how far off they are, so that what is printed, and stands in the table, was measured on
text that the curves haven't seen. Findings that a corpus doesn't judge (`evaluation/labels.py`) say
nothing here either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from proxy.detect.calibration import TABLE, Calibration, Curve, rising
from proxy.detect.chunk import chunk
from proxy.detect.documents import Document, read
from proxy.detect.engine import Engine
from proxy.detect.evaluation.measure import Judgement, judge
from proxy.detect.evaluation.tally import calibration_error, reliability
from proxy.detect.languages import Languages
from proxy.detect.settings import DetectSettings
from proxy.detect.spans import merge
from proxy.exchange import Finding, TextPart

#: Fewer findings of one recognizer and entity are judged with all others that are as few.
_FEW = 20
#: So many findings that are right as often as all are count beside those that were seen.
_PRIOR = 2.0
#: Scores that are the same after rounding to this are one point of a curve.
_DIGITS = 2
#: A threshold keeps this share of the right findings of an entity that was right so often.
_KEPT = 0.99
_OFTEN = 100
_POINT = re.compile(r"\[\s+[\d.]+,\s+[\d.]+\s+\](?:,\s+(?=\[\s+\d))?")


def main() -> None:
    """Write the table and say how far off scores are, without and with it."""
    parser = argparse.ArgumentParser(
        prog="python -m proxy.detect.calibrating", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="annotated JSON Lines")
    names = parser.parse_args().files
    warnings.filterwarnings("ignore", message=r"\[W095\]")
    engine = Engine(DetectSettings(), Calibration({}))
    judged = {name: list(_judged(engine, read([name], annotated=True))) for name in names}
    fitted = [one for each in judged.values() for one in each[::2]]
    curves = curves_of(fitted)
    table = Calibration(curves)
    held_out = [one for each in judged.values() for one in each[1::2]]
    made_from = [
        {
            "file": Path(name).name,
            "sha256": hashlib.sha256(Path(name).read_bytes()).hexdigest(),
            "documents": len(each[::2]),
            "off_before": _off(each[1::2], Calibration({})),
            "off_after": _off(each[1::2], table),
        }
        for name, each in judged.items()
    ]
    written: dict[str, Any] = {
        "made_from": made_from,
        "off_before": _off(held_out, Calibration({})),
        "off_after": _off(held_out, table),
        "thresholds": thresholds_of(fitted, held_out, table),
        "curves": curves,
    }
    TABLE.write_text(_readable(written), encoding="utf-8")
    for one in made_from:
        before, after = one["off_before"], one["off_after"]
        sys.stdout.write(f"{one['file']}: off by {before} before, {after} after\n")


def curves_of(judgements: Iterable[Judgement]) -> dict[str, Curve]:
    """Return the curve of each recognizer and entity that was judged."""
    seen: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for each in judgements:
        for one in each.findings:
            name = f"{one.finding.recognizer} {one.finding.entity}"
            seen[name].append((round(one.finding.score, _DIGITS), one.right))
    few = [point for points in seen.values() if len(points) < _FEW for point in points]
    together = _curve(few) if few else []
    return {
        name: _curve(points) if len(points) >= _FEW else together
        for name, points in sorted(seen.items())
    }


def thresholds_of(
    fitted: Sequence[Judgement], held_out: Sequence[Judgement], table: Calibration
) -> dict[str, dict[str, float]]:
    """Return the threshold of each entity that was often right, and what it does to other text.

    `least` keeps `_KEPT` of the right findings of `fitted`; `keeps`, `precision_before` and
    `precision` are of `held_out`.
    """
    thresholds = {}
    other = _by_entity(held_out, table)
    for entity, points in sorted(_by_entity(fitted, table).items()):
        right = sorted(likely for likely, is_right in points if is_right)
        if len(right) < _OFTEN or entity not in other:
            continue
        least = right[int(len(right) * (1 - _KEPT))]
        if least == min(points)[0]:
            continue  # nothing to leave out
        all_right = [is_right for _, is_right in other[entity]]
        kept = [is_right for likely, is_right in other[entity] if likely >= least]
        thresholds[entity] = {
            "least": least,
            "keeps": round(sum(kept) / sum(all_right), 4),
            "precision_before": round(sum(all_right) / len(all_right), 4),
            "precision": round(sum(kept) / len(kept), 4),
        }
    return thresholds


def _by_entity(
    judgements: Iterable[Judgement], table: Calibration
) -> dict[str, list[tuple[float, bool]]]:
    points: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for each in judgements:
        for one in each.findings:
            if likely := table.of(one.finding):
                points[likely.entity].append((likely.score, one.right))
    return points


def _readable(table: dict[str, Any]) -> str:
    """The table as JSON, with the points of a curve on one line."""
    written = json.dumps(table, indent=1)
    return _POINT.sub(lambda match: " ".join(match.group().split()), written) + "\n"


def _curve(points: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    usual = sum(right for _, right in points) / len(points)
    by_score: dict[float, list[bool]] = defaultdict(list)
    for score, right in points:
        by_score[score].append(right)
    return [
        (score, round(share, 3))
        for score, share in rising(
            [
                (score, (sum(rights) + _PRIOR * usual) / (len(rights) + _PRIOR), len(rights))
                for score, rights in sorted(by_score.items())
            ]
        )
    ]


def _off(judgements: Sequence[Judgement], table: Calibration) -> float:
    calibrated = [
        replace(
            each,
            findings=tuple(
                replace(one, finding=likely)
                for one in each.findings
                if (likely := table.of(one.finding))
            ),
        )
        for each in judgements
    ]
    return round(calibration_error(reliability(calibrated)) or 0.0, 4)


def _judged(engine: Engine, documents: Iterable[Document]) -> Iterator[Judgement]:
    languages = Languages("en")
    for document in documents:
        (language,) = languages.of([TextPart(("text",), document.text)], document.lang)
        found: list[Finding] = []
        for piece in chunk(document.text, DetectSettings().chunk_chars, language=language):
            for one in engine.analyse([(piece, True)])[0]:
                start, end = max(0, one.start + piece.origin), one.end + piece.origin
                found.append(replace(one, start=start, end=end))
        yield judge(document, merge(found))


if __name__ == "__main__":
    main()
