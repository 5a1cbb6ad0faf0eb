"""Rewriting the parts of one request for one endpoint.

`number` is done once for a request, `render` once for each endpoint that it may go to.

Invariants: a part in which nothing is hidden keeps its text; a token stands for one spelling of one
value; nothing depends on time or chance (the key alone makes hashes and surrogates).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from proxy.errors import CannotMask
from proxy.exchange import (
    Action,
    ActionKind,
    Alphabet,
    Finding,
    Inside,
    Key,
    Path,
    TextPart,
    Treatment,
)
from proxy.ladder import ALLOW, PLACEHOLDER, join
from proxy.mask import numbering, spans
from proxy.mask.actions import Form, Written, write
from proxy.mask.grammar import LITERAL
from proxy.mask.numbering import Numbered, Spelling

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]+")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")
_FEWEST_DIGITS = 5  # a shorter surrogate would be taken for other numbers in the answer
_ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class Restorable:
    """What the answer gets back.

    Attributes:
        tokens: ``PERSON_1`` -> the value as the caller wrote it.
        digits: surrogate number -> the number.
        bare: tokens that were written without brackets, in identifiers.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    digits: Mapping[str, str] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Masked:
    """The parts of a request as one endpoint may see them.

    Attributes:
        edits: path -> new text, of those parts only whose text changed.
        texts: every part's text after masking, in order.
        mapping: what `Restorer` needs.
        hidden: the values that must not occur in `texts`, for the guard.
        tokens: per part, the ``[start, end)`` of `texts` that are tokens and not the caller's.
        counts: (entity, action) -> how many spans, for the audit record; holds no text.
    """

    edits: Mapping[Path, str]
    texts: tuple[str, ...]
    mapping: Restorable
    hidden: tuple[str, ...]
    tokens: tuple[tuple[tuple[int, int], ...], ...]
    counts: Mapping[tuple[str, ActionKind], int]


@dataclass(frozen=True, slots=True)
class Numbering:
    """The numbered values of a request's parts; the same for every endpoint."""

    parts: Sequence[TextPart]
    numbered: Numbered

    def render(self, treatment: Treatment, key: bytes) -> Masked:
        """Hide what `treatment` hides. `key`: for hashes and surrogates, per tenant.

        Raises:
            CannotMask: a hidden value stands where no placeholder fits.
        """
        return _Rendering(self, treatment, key).run()


def number(parts: Sequence[TextPart], findings: Sequence[Sequence[Finding]]) -> Numbering:
    """Number the (swept) findings of each part; parts come in the adapter's order."""
    return Numbering(parts, numbering.assign(parts, findings))


class _Piece(NamedTuple):
    """What a span becomes: its text, whether that is a token of ours, the entity that it hides."""

    text: str
    ours: bool
    entity: str


class _Rendering:
    """The state of one pass over the parts for one endpoint."""

    def __init__(self, source: Numbering, treatment: Treatment, key: bytes) -> None:
        self._parts = source.parts
        self._numbered = source.numbered
        self._treatment = {**treatment, LITERAL: PLACEHOLDER}
        self._key = key
        self._actions = {id(value): self._action(value.entities) for value in self._values()}
        self._written: dict[tuple[int, Action], Written] = {}
        self._raised: dict[int, Action] = {}
        self._plain: dict[tuple[int, Action], _Piece] = {}
        self._tokens: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        self._bare: set[str] = set()
        self._shown: set[str] = set()
        self._counts: Counter[tuple[str, ActionKind]] = Counter()
        self._ranges: list[tuple[int, int]] = []
        self._secret = [
            text
            for value in self._values()
            if self._actions[id(value)].kind is not ActionKind.ALLOW
            for text in value.found
        ]

    def run(self) -> Masked:
        texts: list[str] = []
        tokens: list[tuple[tuple[int, int], ...]] = []
        edits: dict[Path, str] = {}
        hidden = [self._hidden(index, part) for index, part in enumerate(self._parts)]
        for index, part in enumerate(self._parts):
            self._ranges = []
            text = self._spliced(index, part, hidden[index]) if hidden[index] else part.text
            texts.append(text)
            tokens.append(tuple(self._ranges))
            if text != part.text:
                edits[part.path] = text
        return Masked(
            edits,
            tuple(texts),
            Restorable(self._tokens, self._digits, frozenset(self._bare)),
            tuple(text for text in self._secret if text not in self._shown),
            tuple(tokens),
            self._counts,
        )

    def _values(self) -> Sequence[numbering.Value]:
        return self._numbered.values

    def _action(self, entities: Mapping[str, None]) -> Action:
        actions = [self._treatment[entity] for entity in entities if entity in self._treatment]
        return reduce(join, actions, ALLOW)

    def _hidden(self, index: int, part: TextPart) -> Sequence[spans.Span]:
        """The spans that are written anew in a part."""
        placed = self._numbered.placed[index]
        hidden = [
            spans.Span(*span, action)
            for span, spelling in sorted(placed.items(), key=_span_of)
            if (action := self._action_of(spelling)).kind is not ActionKind.ALLOW
        ]
        if spans.disjoint(hidden):
            return hidden
        edges = sorted({edge for span in placed for edge in span})
        resolved = spans.resolve(part.text, hidden, edges)
        for start, end, action in resolved:
            # A span made stronger here by one inside it is so everywhere: one value, one token.
            spelling = self._spelling_at(index, start, end)
            known = self._raised.get(id(spelling), self._action_of(spelling))
            self._raised[id(spelling)] = join(known, action)
        return resolved

    def _spelling_at(self, index: int, start: int, end: int) -> Spelling:
        placed = self._numbered.placed[index].get((start, end))
        return placed or self._numbered.rests[index][start, end]

    def _action_of(self, spelling: Spelling) -> Action:
        if len(spelling.values) == 1:
            return self._actions[id(spelling.values[0])]
        return reduce(join, (self._actions[id(value)] for value in spelling.values))

    def _spliced(self, index: int, part: TextPart, hidden: Sequence[spans.Span]) -> str:
        pieces: list[str] = []
        done = length = 0
        for start, end, action in hidden:
            spelling = self._spelling_at(index, start, end)
            action = self._raised.get(id(spelling), action)  # noqa: PLW2901 — the final action
            text, ours, entity = self._piece(part, spelling, action)
            pieces += part.text[done:start], text
            length += start - done
            if ours:
                self._ranges.append((length, length + len(text)))
            length += len(text)
            done = end
            if entity:
                self._counts[entity, action.kind] += 1
        pieces.append(part.text[done:])
        masked = "".join(pieces)
        fitted = part.alphabet is Alphabet.NAME and _NAME.fullmatch(part.text)
        if fitted and not _NAME.fullmatch(masked):
            raise _cannot_mask(part.path, self._secret)
        return masked

    def _piece(self, part: TextPart, spelling: Spelling, action: Action) -> _Piece:
        """What stands in place of a spelling in this part; made once where the alphabet is text."""
        known = self._plain.get((id(spelling), action))
        if known is not None and part.alphabet is Alphabet.TEXT:
            return known
        written = self._write(spelling, action)
        text = self._dressed(part, spelling.form, written)
        entity = next(iter(spelling.values[0].entities), spelling.form.name)
        ours = written.token or part.alphabet is Alphabet.DIGITS
        piece = _Piece(text, ours, entity if written.hidden else "")
        if part.alphabet is Alphabet.TEXT:
            self._plain[id(spelling), action] = piece
        return piece

    def _write(self, spelling: Spelling, action: Action) -> Written:
        known = self._written.get((id(spelling), action))
        if known:
            return known
        written = write(spelling.form, action, self._key)
        if written.hidden and not written.token and self._reveals(written.text):
            written = write(spelling.form, PLACEHOLDER, self._key)
        if not written.hidden:
            self._shown.add(spelling.form.text)
        self._written[id(spelling), action] = written
        return written

    def _reveals(self, text: str) -> bool:
        """Whether a coarser value happens to spell a hidden one (a PIN that ends a card number)."""
        folded = text.casefold()
        return any(secret.casefold() in folded for secret in self._secret)

    def _dressed(self, part: TextPart, form: Form, written: Written) -> str:
        if part.alphabet is Alphabet.DIGITS and written.hidden:
            return self._surrogate(part, form, restored=written.restored)
        if part.alphabet is Alphabet.NAME and written.hidden:
            if not written.token:
                written = write(form, PLACEHOLDER, self._key)
            self._bare.add(written.text)
        if written.restored and self._tokens.setdefault(written.text, form.text) != form.text:
            raise _cannot_mask(part.path, self._secret)  # two hashes that are the same
        bracketed = written.token and part.alphabet is Alphabet.TEXT
        return f"<{written.text}>" if bracketed else written.text

    def _surrogate(self, part: TextPart, form: Form, *, restored: bool) -> str:
        """Another number of the same length that stands nowhere else in the request."""
        text = form.text
        if len(text) < _FEWEST_DIGITS or not _NUMBER.fullmatch(text):
            raise _cannot_mask(part.path, self._secret)
        for attempt in range(_ATTEMPTS):
            surrogate = _other_digits(text, self._key, attempt)
            unused = self._digits.get(surrogate, text) == text
            if unused and not any(surrogate in other.text for other in self._parts):
                if restored:
                    self._digits[surrogate] = text
                return surrogate
        raise _cannot_mask(part.path, self._secret)


def _span_of(placed: tuple[tuple[int, int], Spelling]) -> tuple[int, int]:
    return placed[0]


def _other_digits(text: str, key: bytes, attempt: int) -> str:
    """As many keyed digits; the first stays zero or not zero, and doesn't grow."""
    stream = b""
    while len(stream) < len(text):
        block = f"digits\0{attempt}\0{len(stream)}\0{text}".encode()
        stream += hmac.digest(key, block, hashlib.sha256)
    digits = [str(byte % 10) for byte in stream[: len(text)]]
    first = int(text[0])
    digits[0] = str(1 + stream[0] % first) if first else "0"
    return "".join(digits)


def _cannot_mask(path: Path, secret: Sequence[str]) -> CannotMask:
    """Names the path, without keys that hold a hidden value or don't look like a field's name."""
    steps = []
    for step in path:
        match step:
            case int():
                steps.append(f"[{step}]")
            case str():
                hidden = any(text.casefold() in step.casefold() for text in secret)
                steps.append("…" if hidden or not _PLAIN_KEY.fullmatch(step) else step)
            case Key():
                steps.append("(key)")
            case Inside():
                pass
    where = ".".join(steps).replace(".[", "[")
    return CannotMask(
        f"A value that policy hides stands at {where}, where no placeholder fits.",
        hint="Leave the value out there, or ask for a model that may see it.",
    )
