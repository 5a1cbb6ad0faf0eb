"""A long document in pieces yields what the whole would: patterns exactly, names within 0.5 % F2."""

from __future__ import annotations

from proxy.detect.chunk import chunk
from proxy.detect.documents import Document, Gold
from proxy.detect.engine import Engine
from proxy.detect.evaluation.measure import judge
from proxy.detect.evaluation.tally import tally
from proxy.detect.spans import merge
from proxy.exchange import Finding
from tests.corpora.load import load

#: What models find besides patterns.
NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
CHARACTERS = 24_000


def joined() -> Document:
    """English prompts of the corpora, one after the other, with their labels."""
    text, gold = "", []
    for one in load():
        if one.lang != "en" or len(text) > CHARACTERS:
            continue
        gold += [
            Gold(len(text) + span.start, len(text) + span.end, span.label) for span in one.spans
        ]
        text += one.text + "\n\n"
    return Document("joined", text, tuple(gold))


def found(engine: Engine, text: str, size: int, *, models: bool) -> tuple[Finding, ...]:
    return merge(
        Finding(
            one.entity, one.start + piece.origin, one.end + piece.origin, one.score, one.recognizer
        )
        for piece in chunk(text, size)
        for one in engine.analyse([(piece, models)])[0]
    )


def test_patterns_find_the_same(engine: Engine) -> None:
    text = joined().text
    whole = found(engine, text, 10**9, models=False)
    assert len(whole) > 50
    for size in (500, 2_000):
        assert found(engine, text, size, models=False) == whole


def test_names_are_as_good(engine: Engine) -> None:
    document = joined()

    def f2(size: int) -> float:
        findings = found(engine, document.text, size, models=True)
        return tally([judge(document, findings, NAMES)]).f(2) or 0.0

    whole = f2(10**9)
    assert whole > 0.5
    assert f2(2_000) >= whole - 0.005
