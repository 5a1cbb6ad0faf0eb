"""Which number and letter each value has, so that a longer conversation never renumbers.

Numbers count per placeholder name. Every part is numbered as if it were the last: its own found
values, then what the sweep hit in it, then the hits of its new values in the earlier parts, then
the pieces that crossing spans could leave. Every finding counts, hidden or not.

Invariants: the numbers of some parts don't change when parts are appended; two values never share
a number, two spellings of one value never share a letter; a value's name is its first finding's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.exchange import Alphabet, Finding, TextPart
from proxy.mask import spans
from proxy.mask.actions import Form
from proxy.mask.grammar import LITERAL, LITERAL_IN_NAME, LITERAL_IN_TEXT
from proxy.matching import Lexicon, Matcher, canonical

_SWEEP = "sweep"
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9_]+")
_LONGEST_NAME = 64  # characters: grammar.py reads no longer ones
_UPPER = re.compile("[A-Z]")
_IN_UPPER_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(slots=True, eq=False)
class Value:
    """One value over all of its spellings; `entities` are all that were found for it."""

    key: str
    name: str
    number: int
    entities: dict[str, None] = field(default_factory=dict)
    found: dict[str, None] = field(default_factory=dict)
    spellings: int = 0


@dataclass(slots=True, eq=False)
class Spelling:
    """One spelling: its form, and the values that are hidden with it (mostly the one it is of)."""

    form: Form
    values: list[Value]


@dataclass(slots=True)
class Numbered:
    """What numbering made of each part.

    Attributes:
        placed: the spelling at each span, per part.
        rests: the spelling of each piece that crossing spans could leave, per part.
        values: every value that was found.
    """

    placed: list[dict[tuple[int, int], Spelling]]
    rests: list[dict[tuple[int, int], Spelling]]
    values: list[Value]


def assign(parts: Sequence[TextPart], findings: Sequence[Sequence[Finding]]) -> Numbered:
    """Number the findings of parts that stand in the adapter's order."""
    return _Assignment(parts, findings).run()


def letter(index: int) -> str:
    """The letter of a value's spelling, from 0: nothing, b … z, ba …"""
    letters = ""
    while index:
        index, digit = divmod(index, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


class _Assignment:
    """The state of one run over the parts."""

    def __init__(self, parts: Sequence[TextPart], findings: Sequence[Sequence[Finding]]) -> None:
        self._parts = parts
        self._findings = findings
        self._values: dict[str, Value] = {}
        self._spellings: dict[str, Spelling] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._keys: dict[str, str] = {}
        self._texts: dict[str, None] = {}  # what was detected, in order
        self._first: dict[str, str] = {}  # the entity of each value's first finding
        self._placed: list[dict[tuple[int, int], Spelling]] = [{} for _ in parts]
        self._rests: list[dict[tuple[int, int], Spelling]] = [{} for _ in parts]

    def run(self) -> Numbered:
        detected = [_in_order(some, swept=False) for some in self._findings]
        swept = [_in_order(some, swept=True) for some in self._findings]
        self._note_first(detected)
        waiting: dict[str, list[tuple[int, Finding]]] = defaultdict(list)
        known: set[str] = set()
        for index in range(len(self._parts)):
            touched = {index: None}
            fresh = [self._place_detected(index, one) for one in detected[index]]
            known.update(fresh)
            self._place_literals(index)
            for one in swept[index]:
                for key in self._keys_of_hit(index, one):
                    if key in known:
                        self._place(index, one, key)
                    else:
                        waiting[key].append((index, one))
            late = [(*hit, key) for key in dict.fromkeys(fresh) for hit in waiting.pop(key, ())]
            for earlier, one, key in sorted(late, key=lambda hit: (hit[0], hit[1].start)):
                self._place(earlier, one, key)
                touched[earlier] = None
            for some in touched:
                self._place_rests(some)
        return Numbered(self._placed, self._rests, list(self._values.values()))

    def _note_first(self, detected: Sequence[Sequence[Finding]]) -> None:
        for part, some in zip(self._parts, detected, strict=True):
            for one in some:
                text = part.text[one.start : one.end]
                if text not in self._texts:
                    self._texts[text] = None
                    self._first.setdefault(self._key(text), one.entity)

    def _keys_of_hit(self, index: int, one: Finding) -> list[str]:
        """The value that the sweep hit; more than one where an encoded token may hold several."""
        text = self._parts[index].text[one.start : one.end]
        key = self._key(text)
        if self._first.get(key) == one.entity:
            return [key]
        values = list(self._texts)
        inside = Matcher(values, Lexicon()).occurrences(text)
        held = dict.fromkeys(self._key(values[hit.value]) for hit in inside)
        return [some for some in held if self._first[some] == one.entity] or [key]

    def _key(self, text: str) -> str:
        key = self._keys.get(text)
        if key is None:
            key = self._keys[text] = canonical(text)
        return key

    def _place_detected(self, index: int, one: Finding) -> str:
        part = self._parts[index]
        text = part.text[one.start : one.end]
        known = self._spellings.get(text)
        if known is not None and part.alphabet is Alphabet.TEXT and text in known.values[0].found:
            # Most findings repeat what an earlier part taught, spelled the same.
            known.values[0].entities[one.entity] = None
            self._placed[index][one.start, one.end] = known
            return known.values[0].key
        key = self._key(text)
        value = self._value(key, one.entity)
        value.found[text] = None
        self._place(index, one, key)
        return key

    def _place(self, index: int, one: Finding, key: str) -> None:
        part = self._parts[index]
        value = self._value(key, one.entity)
        value.entities[one.entity] = None
        start, end = _with_joined(part, one.start, one.end)
        if start == end:
            return
        if (start, end) != (one.start, one.end):
            whole = self._value(self._key(part.text[start:end]), one.entity)
            whole.entities[one.entity] = None
            self._put(index, start, end, whole)
        self._put(index, start, end, value)

    def _put(self, index: int, start: int, end: int, value: Value) -> None:
        spelling = self._placed[index].get((start, end))
        if spelling is None:
            spelling = self._spelling(self._parts[index].text[start:end], value)
            self._placed[index][start, end] = spelling
        if value not in spelling.values:
            spelling.values.append(value)

    def _place_literals(self, index: int) -> None:
        """Placeholder forms that the caller wrote are values themselves, hidden from every one."""
        part = self._parts[index]
        if "_" not in part.text or part.alphabet is Alphabet.DIGITS:
            return
        pattern = LITERAL_IN_TEXT if part.alphabet is Alphabet.TEXT else LITERAL_IN_NAME
        for typed in pattern.finditer(part.text):
            bounded = typed.start() == 0 or not part.text[typed.start() - 1].isalnum()
            if part.alphabet is Alphabet.NAME and not bounded:
                continue
            value = self._value(f"\0{typed.group()}", LITERAL)
            value.entities[LITERAL] = None
            self._put(index, *typed.span(), value)

    def _place_rests(self, index: int) -> None:
        placed = self._placed[index]
        crossed = spans.crossing(sorted(placed)) if len(placed) > 1 else None
        if not crossed:
            return
        text = self._parts[index].text
        edges = sorted({edge for span in placed for edge in span})
        for start, end in sorted(crossed):
            name = placed[start, end].form.name
            for piece in spans.pieces(text, start, end, edges):
                if piece not in placed and piece not in self._rests[index]:
                    inside = text[slice(*piece)]
                    value = self._value(self._key(inside), name)
                    self._rests[index][piece] = self._spelling(inside, value)

    def _value(self, key: str, entity: str) -> Value:
        value = self._values.get(key)
        if value is None:
            name = placeholder_name(entity)
            self._counts[name] += 1
            value = self._values[key] = Value(key, name, self._counts[name])
        return value

    def _spelling(self, text: str, value: Value) -> Spelling:
        spelling = self._spellings.get(text)
        if spelling is None:
            form = Form(text, value.key, value.name, value.number, letter(value.spellings))
            value.spellings += 1
            spelling = self._spellings[text] = Spelling(form, [value])
        return spelling


def placeholder_name(entity: str) -> str:
    """The entity in the placeholder's alphabet: upper case, led by a letter."""
    name = _NOT_IN_NAMES.sub("_", entity.upper())[:_LONGEST_NAME].strip("_")
    return name if name[:1].isalpha() else f"X_{name}".rstrip("_")


def _with_joined(part: TextPart, start: int, end: int) -> tuple[int, int]:
    """A span with the rest of its word, and with an upper-case head (`USER_`) before that.

    In alphabets without brackets a token needs bounds, so a value takes along what is joined to it.
    """
    text = part.text
    if part.alphabet is Alphabet.TEXT:
        return start, end
    while start < end and not text[start].isalnum():  # or two tokens could touch
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    if start == end:
        return start, end
    joins = str.isalnum if part.alphabet is Alphabet.NAME else str.isdigit
    heads = _IN_UPPER_WORD if part.alphabet is Alphabet.NAME else frozenset()
    while end < len(text) and joins(text[end]):
        end += 1
    while True:
        left = start
        while left and joins(text[left - 1]):
            left -= 1
        run = left
        while run and text[run - 1] in heads:
            run -= 1
        head = _UPPER.search(text, run, left)
        left = head.start() if head else left
        if left == start:
            return start, end
        start = left


def _in_order(findings: Sequence[Finding], *, swept: bool) -> list[Finding]:
    """What the detectors found, or what the sweep added, by position."""
    some = [one for one in findings if (one.recognizer == _SWEEP) is swept]
    if len(some) > 1:
        some.sort(key=_position)
    return some


def _position(one: Finding) -> tuple[int, int]:
    return one.start, -one.end
