"""Every found value, wherever else it stands.

Models find a name in one sentence and miss it in the next. The sweep looks for each found value in
all parts, with the rule of matching.py, and adds a finding for each further occurrence.

Invariants: nothing that was found is changed or dropped; a hit carries the entity and score of
the first finding of its value, and `sweep` as its recognizer; what is found in the earlier parts
of a longer conversation stays found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proxy.exchange import Finding, TextPart
from proxy.finder import Finder
from proxy.folding import fold
from proxy.matching import Lexicon, canonical

RECOGNIZER = "sweep"
_HERE = Path(__file__).parent


def load_lexicon() -> Lexicon:
    """The word lists that ship in this folder: one lower-case word a line, # starts a comment."""
    return Lexicon(_read("words.txt"), _read("stopwords.txt"))


def sweep(
    parts: Sequence[TextPart],
    findings: Sequence[Sequence[Finding]],
    finder: Finder,
    tenant: str,
) -> tuple[tuple[Finding, ...], ...]:
    """The findings of each part, and after them the further occurrences of every found value."""
    first = _values(parts, findings, finder.lexicon)
    if not first:
        return tuple(map(tuple, findings))
    values = [text for text, _ in first]
    edges = [{edge for one in some for edge in (one.start, one.end)} for some in findings]
    hits = finder.occurrences(tenant, values, [part.text for part in parts], edges)
    swept = []
    for found, occurrences in zip(findings, hits, strict=True):
        known = {(one.start, one.end) for one in found}
        added = list(found)
        for start, end, value, encoded in occurrences:
            if encoded or (start, end) not in known:
                entity, score = first[value][1].entity, first[value][1].score
                added.append(Finding(entity, start, end, score, RECOGNIZER))
        swept.append(tuple(added))
    return tuple(swept)


def _values(
    parts: Sequence[TextPart], findings: Sequence[Sequence[Finding]], lexicon: Lexicon
) -> list[tuple[str, Finding]]:
    """Each value once, as first written, with its first finding; forms whose case counts, each."""
    texts: dict[str, Finding] = {}
    for part, found in zip(parts, findings, strict=True):
        for one in found:
            texts.setdefault(part.text[one.start : one.end], one)
    entities: dict[str, Finding] = {}
    values: dict[str, tuple[str, Finding]] = {}
    for text, one in texts.items():
        name = canonical(text)
        first = entities.setdefault(name, one)
        key = text if lexicon.exact(fold(text).text) else "\0" + name
        values.setdefault(key, (text, first))
    return list(values.values())


def _read(name: str) -> frozenset[str]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
