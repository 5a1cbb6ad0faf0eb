"""Which spans remain of all that recognizers said about one window of text. Pure.

Invariants: a pattern's span is never changed, and goes only if it is a given name in an address; of
a model's span nothing is lost but what is no part of a name: punctuation, a possessive, a field
label, a value that a closed pattern found anyway, placeholders, which are nobody's data, what is
left of an address without a number in it, and the words of an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.exchange import Finding

#: Placeholders, typed or left over, whatever became of their brackets (DESIGN section 7).
_PLACEHOLDER = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:\d+[a-z]{0,3}|[A-Z2-7]{8})\b")
_POSSESSIVE = re.compile(r"['\u2019]s?\Z")
#: Words that stand before a value and aren't part of the name before them.
_LABELS = frozenset(
    [
        "iban",
        "bic",
        "ssn",
        "dob",
        "mrn",
        "nino",
        "nhs",
        "tel",
        "phone",
        "mobile",
        "cell",
        "fax",
        "email",
        "e-mail",
        "mail",
        "card",
        "visa",
        "mastercard",
        "amex",
        "account",
        "acct",
        "no",
        "number",
        "id",
        "ip",
        "url",
        "password",
        "passwd",
        "pwd",
        "token",
        "key",
        "born",
    ]
)


#: A street is called after people and towns; in an address they are only its words.
_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP"})
#: The recognizer that sees a person in every given name.
_BY_GIVEN_NAME = "PersonGivenNameRecognizer"


@dataclass(frozen=True, slots=True)
class RawSpan:
    """What one recognizer said.

    Attributes:
        finding: the span, with offsets into the window.
        model: a model guessed it; otherwise a pattern matched.
        closed: a checksum or a closed format confirms it, so a model's span gives way.
    """

    finding: Finding
    model: bool = False
    closed: bool = False


def settle(text: str, spans: Sequence[RawSpan], start: int, end: int) -> tuple[Finding, ...]:
    """Return the findings of a window: model spans tidied, those of other cores left out.

    Args:
        text: the window.
        spans: everything that was said about it.
        start: where the core starts. A pattern's span belongs to the core in which it starts, a
            model's to every core that it touches.
        end: where the core ends.
    """
    closed = [(span.finding.start, span.finding.end) for span in spans if span.closed]
    addresses = [
        span.finding
        for span in spans
        if span.finding.entity == "ADDRESS"
        and not (span.model and any(_gives_way(span.finding, *place) for place in closed))
    ]
    placeholders = (
        [match.span() for match in _PLACEHOLDER.finditer(text)]
        if any(span.model for span in spans)
        else []
    )
    kept: list[Finding] = []
    for span in spans:
        found = span.finding
        guessed = span.model or found.recognizer == _BY_GIVEN_NAME
        if guessed and found.entity in _NAMES and any(_holds(one, found) for one in addresses):
            continue
        if not span.model:
            if start <= found.start < end:
                kept.append(found)
            continue
        within = [(low, high) for low, high in closed if _gives_way(found, low, high)]
        for piece in _outside(found.start, found.end, [*within, *placeholders]):
            low, high = _tidy(text, *piece, labels=bool(within))
            if (
                found.entity == "ADDRESS"
                and piece != (found.start, found.end)
                and not any(map(str.isdigit, text[low:high]))
            ):
                continue  # the label of what was cut out: "Kennzeichen", "Tel."
            if low < high and low < end and high > start:
                kept.append(Finding(found.entity, low, high, found.score, found.recognizer))
    return merge(kept)


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in order of position, one per span and entity: the best score wins."""
    best: dict[tuple[int, int, str], Finding] = {}
    for found in findings:
        place = (found.start, found.end, found.entity)
        known = best.get(place)
        if known is None or found.score > known.score:
            best[place] = found
    return tuple(best[place] for place in sorted(best))


def _holds(outer: Finding, found: Finding) -> bool:
    return outer.start <= found.start and found.end <= outer.end


def _gives_way(model: Finding, start: int, end: int) -> bool:
    """Say whether a model's span crosses or contains ``[start, end)``; lying inside is fine."""
    overlaps = model.start < end and start < model.end
    strictly_inside = (
        start <= model.start and model.end <= end and ((start, end) != (model.start, model.end))
    )
    return overlaps and not strictly_inside


def _outside(start: int, end: int, holes: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Yield what remains of ``[start, end)`` without the holes."""
    for low, high in sorted(holes):
        if high <= start or low >= end:
            continue
        if start < low:
            yield start, low
        start = max(start, high)
    if start < end:
        yield start, end


def _tidy(text: str, start: int, end: int, *, labels: bool) -> tuple[int, int]:
    """Return the span without what isn't part of a name at its edges; an empty one if nothing is.

    Args:
        text: the window.
        start: where the span starts.
        end: where it ends.
        labels: whether field labels at its edges go too.
    """
    while True:
        before = (start, end)
        while start < end and not text[start].isalnum():
            start += 1
        while end > start and not text[end - 1].isalnum() and text[end - 1] not in ".)":
            end -= 1
        if text[start:end].endswith(")") and "(" not in text[start:end]:
            end -= 1
        if match := _POSSESSIVE.search(text, start, end):
            end = match.start()
        if labels:
            start, end = _without_labels(text, start, end)
        if (start, end) == before:
            return start, end


def _without_labels(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without one field label at either edge."""
    words = list(re.finditer(r"[^\W_]+(?:-[^\W_]+)?", text[start:end]))
    if words and words[-1].group().lower() in _LABELS:
        return start, start + words[-1].start()
    if words and words[0].group().lower() in _LABELS:
        return start + words[0].end(), end
    return start, end
