"""Which number and letter each value has, so that a longer conversation never renumbers.

Numbers count per placeholder name. Every part is numbered as if it were the last: its own found
values, then what the sweep hit in it, then the hits of its new values in the earlier parts, then
the pieces that crossing spans could leave. Every finding counts, hidden or not.

Invariants: the numbers of some parts don't change when parts are appended; going on from the
earlier parts gives what all parts at once give; two values never share a number, two spellings of
one value never share a letter; a value's name is its first finding's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from proxy.exchange import Alphabet, Finding, TextPart
from proxy.folding import spaced
from proxy.mask import spans
from proxy.mask.grammar import LITERAL, LITERAL_IN_NAME, LITERAL_IN_TEXT
from proxy.mask.joined import with_joined
from proxy.mask.numbered import (
    NOTHING,
    Numbered,
    Place,
    Placed,
    Spelling,
    Value,
    literal_key,
    text_at,
)
from proxy.matching import Matcher
from proxy.short_names import PERSON, short_names
from proxy.spelling import Lexicon

_SWEEP = "sweep"
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9_]+")
_LONGEST_NAME = 64  # characters: grammar.py reads no longer ones


def assign(
    parts: Sequence[TextPart],
    findings: Sequence[Sequence[Finding]],
    before: Numbered = NOTHING,
    lexicon: Lexicon | None = None,
) -> Numbered:
    """Number the (swept) findings of parts that stand in the adapter's order.

    Args:
        before: what was made of the first of these parts, when there were no others. The sweep
            may have added to their findings since.
        lexicon: the request's, which knows the values already.
    """
    if findings is before.findings:
        return before
    lexicon = lexicon or Lexicon().for_request()
    return _Assignment(parts, tuple(map(tuple, findings)), before, lexicon).run()


def letter(index: int) -> str:
    """The letter of a value's spelling, from 0: nothing, b … z, ba …"""
    letters = ""
    while index:
        index, digit = divmod(index, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


class _Assignment:
    """The state of one run over the parts."""

    def __init__(
        self,
        parts: Sequence[TextPart],
        findings: tuple[tuple[Finding, ...], ...],
        before: Numbered,
        lexicon: Lexicon,
    ) -> None:
        self._parts = parts
        self._lexicon = lexicon
        self._done = len(before.placed)
        self._all = findings
        self._findings = findings[self._done :]
        self._late = [
            (index, some[len(known) :])
            for index, (some, known) in enumerate(zip(findings, before.findings, strict=False))
            if len(some) > len(known)
        ]
        self._values = [value.copy() for value in before.values]
        self._spellings = [Spelling(s.at, s.letter, s.values) for s in before.spellings]
        self._found = list(before.found)
        new = [dict[tuple[int, int], int]() for _ in self._findings]
        self._placed: list[Placed] = [*before.placed, *new]
        self._rests: list[Placed] = [*before.rests, *({} for _ in new)]
        # By what is written: the value of each key, the spelling and the finding of each text.
        self._value_of = {self._key_of(value): at for at, value in enumerate(self._values)}
        self._spelling_of = {
            self._text(spelling.at): at for at, spelling in enumerate(self._spellings)
        }
        self._texts = {self._text(place): value for place, value in self._found}
        self._first = {key: self._values[at].first for key, at in self._value_of.items()}
        # What persons are called for short, by its key.
        self._shorts: dict[str, str] = {}
        for text, at in self._texts.items():
            if PERSON in self._values[at].entities:
                self._shorten(text)
        # Keys of what was found so far, of what persons are called for short, and hits of others.
        self._known: set[str] = set()
        self._called: set[str] = set()
        self._waiting: dict[str, list[tuple[int, Finding]]] = defaultdict(list)
        self._counts: dict[str, int] = defaultdict(int)
        for value in self._values:
            self._counts[value.name] = max(self._counts[value.name], value.number)
        self._touched: set[int] = set()  # earlier parts with new spans
        self._grown: set[int] = set()  # earlier spellings that stand for more than they did
        self._old = len(self._spellings)

    def run(self) -> Numbered:
        detected = [_in_order(some, swept=False) for some in self._findings]
        swept = [_in_order(some, swept=True) for some in self._findings]
        self._known = {key for key, at in self._value_of.items() if self._values[at].first}
        self._called = set(self._shorts)
        self._note_first(detected)
        for earlier, hits in self._late:
            for one in _in_order(hits, swept=True):
                for key in self._keys_of_hit(earlier, one):
                    self._waiting[key].append((earlier, one))
        for index in range(self._done, len(self._parts)):
            touched = {index: None}
            fresh = [self._place_detected(index, one) for one in detected[index - self._done]]
            short = [*self._called_for_short(index, detected[index - self._done])]
            self._known.update(fresh)
            self._called.update(short)
            self._place_literals(index)
            for one in swept[index - self._done]:
                self._place_hit(index, one)
            for earlier, one, key in self._no_longer_waiting([*fresh, *short]):
                self._place(earlier, one, key)
                touched[earlier] = None
            for some in touched:
                self._place_rests(some)
        return Numbered(
            self._all,
            frozenset(entity for value in self._values for entity in value.entities),
            self._values,
            self._spellings,
            self._found,
            self._placed,
            self._rests,
            changed=frozenset(self._changed()),
        )

    def _is_known(self, key: str, one: Finding) -> bool:
        """Whether what a hit is a hit of was found by now; by a part of a name only persons are."""
        return key in self._known or (key in self._called and one.entity == PERSON)

    def _place_hit(self, index: int, one: Finding) -> None:
        """Place a hit of what was found up to this part, and keep the others."""
        for key in self._keys_of_hit(index, one):
            if self._is_known(key, one):
                self._place(index, one, key)
            else:
                self._waiting[key].append((index, one))

    def _no_longer_waiting(self, keys: Sequence[str]) -> list[tuple[int, Finding, str]]:
        """The hits that waited for these keys, in their order."""
        ready = []
        for key in dict.fromkeys(keys):
            hits = self._waiting.pop(key, [])
            ready += [(*hit, key) for hit in hits if self._is_known(key, hit[1])]
            self._waiting[key] = [hit for hit in hits if not self._is_known(key, hit[1])]
        return sorted(ready, key=lambda hit: (hit[0], hit[1].start))

    def _changed(self) -> Iterator[int]:
        """The earlier parts that may be written otherwise now."""
        yield from self._touched
        if self._grown:
            for index, placed in enumerate(self._placed[: self._done]):
                if not self._grown.isdisjoint(placed.values()):
                    yield index

    def _note_first(self, detected: Sequence[Sequence[Finding]]) -> None:
        for part, some in zip(self._parts[self._done :], detected, strict=True):
            for one in some:
                text = part.text[one.start : one.end]
                if one.entity == PERSON:
                    self._shorten(text)
                if text not in self._texts:
                    key = self._key(text)
                    self._first[key] = self._first.get(key) or one.entity
                    self._texts[text] = -1  # no value yet

    def _keys_of_hit(self, index: int, one: Finding) -> list[str]:
        """The value that the sweep hit; more than one where an encoded token may hold several."""
        text = self._parts[index].text[one.start : one.end]
        key = self._key(text)
        if self._first.get(key) == one.entity:
            return [key]
        if one.entity == PERSON and key in self._shorts and spaced(text)[0] == text:
            return [key]  # JaneDoe is the whole name, in words of its own
        values = list(self._texts)
        inside = Matcher(values, Lexicon()).occurrences(text)
        held = dict.fromkeys(self._key(values[hit.value]) for hit in inside)
        whole = [some for some in held if self._first[some] == one.entity]
        if one.entity == PERSON:
            forms = list(self._shorts.values())
            inside = Matcher(forms, Lexicon()).occurrences(text)
            whole += [self._key(forms[hit.value]) for hit in inside]
        return list(dict.fromkeys(whole)) or [key]

    def _called_for_short(self, index: int, found: Sequence[Finding]) -> Iterator[str]:
        """The keys of what the persons that were found in a part are called for short."""
        text = self._parts[index].text
        for one in found:
            if one.entity == PERSON:
                yield from map(self._key, short_names(text[one.start : one.end], self._lexicon))

    def _shorten(self, name: str) -> None:
        for form in short_names(name, self._lexicon):
            self._shorts.setdefault(self._key(form), form)

    def _text(self, place: Place) -> str:
        return text_at(self._parts, place)

    def _key(self, text: str) -> str:
        return self._lexicon.canonical(text)

    def _key_of(self, value: Value) -> str:
        """What all spellings of a value share, from the text that stands where it was first."""
        text = self._text(value.at)
        return literal_key(text) if value.literal else self._key(text)

    def _place_detected(self, index: int, one: Finding) -> str:
        part = self._parts[index]
        text = part.text[one.start : one.end]
        key = self._key(text)
        place = Place(index, one.start, one.end)
        at = self._value(key, one.entity, place)
        value = self._values[at]
        value.first = value.first or one.entity
        if self._texts[text] < 0:
            self._texts[text] = at
            self._found.append((place, at))
        spelling = self._spelling_of.get(text)
        if (
            spelling is not None
            and part.alphabet is Alphabet.TEXT
            and at in self._spellings[spelling].values
        ):
            # Most findings repeat what an earlier part taught, spelled the same.
            self._means(at, one.entity, shown=one.shown)
            self._placed[index][one.start, one.end] = spelling  # type: ignore[index]  # ours
            return key
        self._place(index, one, key)
        return key

    def _place(self, index: int, one: Finding, key: str) -> None:
        part = self._parts[index]
        if key not in self._value_of:
            # A short name. In base64 it is a value of its own, for by its text it is known again,
            # unless more than that is known to stand there.
            if (one.start, one.end) in self._placed[index]:
                return
            key = self._key(part.text[one.start : one.end])
        at = self._value(key, one.entity, Place(index, one.start, one.end))
        self._means(at, one.entity, shown=one.shown)
        start, end = with_joined(part, one.start, one.end)
        if start == end:
            return
        if (start, end) != (one.start, one.end):
            place = Place(index, start, end)
            whole = self._value(self._key(part.text[start:end]), one.entity, place)
            self._means(whole, one.entity, shown=one.shown)
            self._put(place, whole)
        self._put(Place(index, start, end), at)

    def _means(self, at: int, entity: str, *, shown: bool = False) -> None:
        """A value was found to be this entity; if an allow list shows it, that asks for nothing."""
        value = self._values[at]
        if entity not in value.entities and not shown:
            value.entities[entity] = None
            self._grown.update(
                index for index in range(self._old) if at in self._spellings[index].values
            )

    def _put(self, place: Place, value: int) -> None:
        placed = self._mutable(self._placed, place.part)
        at = placed.get(place[1:])
        if at is None:
            at = placed[place[1:]] = self._spelling(place, value)
        spelling = self._spellings[at]
        if value not in spelling.values:
            spelling.values += (value,)
            self._grown.add(at)

    def _mutable(self, per_part: list[Placed], index: int) -> dict[tuple[int, int], int]:
        """A part's own dict: what `before` holds is nobody's to change."""
        held = per_part[index]
        if index < self._done and index not in self._touched:
            self._touched.add(index)
            self._placed[index] = dict(self._placed[index])
            self._rests[index] = dict(self._rests[index])
            held = per_part[index]
        return held  # type: ignore[return-value]  # all that isn't from `before` is a dict

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
            place = Place(index, *typed.span())
            value = self._value(literal_key(typed.group()), LITERAL, place, literal=True)
            self._means(value, LITERAL)
            self._put(place, value)

    def _place_rests(self, index: int) -> None:
        placed = self._placed[index]
        crossed = spans.crossing(sorted(placed)) if len(placed) > 1 else None
        if not crossed:
            return
        text = self._parts[index].text
        edges = sorted({edge for span in placed for edge in span})
        rests = self._mutable(self._rests, index)
        for start, end in sorted(crossed):
            name = self._name(placed[start, end])
            for piece in spans.pieces(text, start, end, edges):
                if piece not in placed and piece not in rests:
                    place = Place(index, *piece)
                    value = self._value(self._key(text[slice(*piece)]), name, place)
                    rests[piece] = self._spelling(place, value)

    def _name(self, spelling: int) -> str:
        return self._values[self._spellings[spelling].values[0]].name

    def _value(self, key: str, entity: str, place: Place, *, literal: bool = False) -> int:
        at = self._value_of.get(key)
        if at is None:
            name = placeholder_name(entity)
            self._counts[name] += 1
            at = self._value_of[key] = len(self._values)
            self._values.append(Value(place, literal, name, self._counts[name]))
        return at

    def _spelling(self, place: Place, value: int) -> int:
        text = self._text(place)
        at = self._spelling_of.get(text)
        if at is None:
            at = self._spelling_of[text] = len(self._spellings)
            of = self._values[value]
            self._spellings.append(Spelling(place, letter(of.spellings), (value,)))
            of.spellings += 1
        return at


def placeholder_name(entity: str) -> str:
    """The entity in the placeholder's alphabet: upper case, led by a letter."""
    name = _NOT_IN_NAMES.sub("_", entity.upper())[:_LONGEST_NAME].strip("_")
    return name if name[:1].isalpha() else f"X_{name}".rstrip("_")


def _in_order(findings: Sequence[Finding], *, swept: bool) -> list[Finding]:
    """What the detectors found, or what the sweep added, by position."""
    some = [one for one in findings if (one.recognizer == _SWEEP) is swept]
    if len(some) > 1:
        some.sort(key=_position)
    return some


def _position(one: Finding) -> tuple[int, int]:
    return one.start, -one.end
