"""Detection over planted texts: what crashed, what came out of place, what wasn't found."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from proxy.detect.chunk import chunk
from proxy.detect.engine import Engine
from proxy.exchange import Finding
from tests.fuzz.mutations import VALUES, Planted, planted

#: Seconds after which a text counts as one that hangs a detector; it takes a few milliseconds.
HANG_S = 60
#: Every so many texts the models look too, and wherever a name is planted: they cost most of the
#: time.
WITH_MODELS = 10
CHUNK_CHARS = 2_000


@dataclass(slots=True)
class Tally:
    """What became of the texts so far.

    Attributes:
        texts: how many there were.
        with_models: in how many of them the models looked too.
        planted: by mutation and kind of value.
        missed: the same of those that weren't found, with the texts.
        exact: the same of those found as what they are, from their first character to their last.
        wrong: what must never happen, with its text's number.
    """

    texts: int = 0
    with_models: int = 0
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    exact: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Planted]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def run(engine: Engine, seed: int, numbers: Iterable[int]) -> Iterator[Tally]:
    """Yield the tally after each text."""
    tally = Tally()
    for number in numbers:
        one = planted(seed, number)
        models = number % WITH_MODELS == 0 or one.kind == "name"
        tally.texts += 1
        tally.with_models += models
        try:
            findings = _found(engine, one.text, models=models)
        except Exception as error:  # whatever it is, it is what we look for
            tally.wrong.append(f"{seed}/{number}: {type(error).__name__}")
            yield tally
            continue
        tally.wrong += [f"{seed}/{number}: {what}" for what in misplaced(one, findings)]
        what = one.how, one.kind
        tally.planted[what] += 1
        if not covered(one, findings):
            tally.missed[what] += 1
            tally.examples.setdefault(what, []).append(one)
        tally.exact[what] += any(
            (finding.entity, finding.start, finding.end)
            == (VALUES[one.kind].entity, one.start, one.end)
            for finding in findings
        )
        yield tally


def misplaced(one: Planted, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the findings outside of the text, and those of the value with somebody else's letters."""
    for finding in findings:
        entity, start, end = finding.entity, finding.start, finding.end
        if not 0 <= start < end <= len(one.text):
            yield f"{entity} out of place"
        elif (
            entity == VALUES[one.kind].entity
            and start < one.end
            and one.start < end
            and any(c.isalnum() for c in one.text[start : one.start] + one.text[one.end : end])
        ):
            yield f"{entity} sticks out of the value"


def covered(one: Planted, findings: Sequence[Finding]) -> bool:
    """Whether no letter or digit of the planted value is left outside of every finding."""
    hidden = bytearray(len(one.text))
    for finding in findings:
        hidden[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
    return all(hidden[at] for at in range(one.start, one.end) if one.text[at].isalnum())


def _found(engine: Engine, text: str, *, models: bool) -> list[Finding]:
    """What is found in the text, cut as while serving; raises TimeoutError if that hangs."""

    def hangs(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANG_S)
    try:
        return [
            Finding(
                one.entity,
                max(0, one.start + piece.origin),
                one.end + piece.origin,
                one.score,
                one.recognizer,
            )
            for piece in chunk(text, CHUNK_CHARS)
            for one in engine.analyse([(piece, models)])[0]
        ]
    finally:
        signal.alarm(0)
