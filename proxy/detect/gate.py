"""Which recognizers can find anything in a text at all: one pass over it, before any is called.

What a recognizer can't do without is read off its patterns (`required.py`), or declared where it
reads text in its own way (`recognizers/needs.py`). One automaton looks for the strings of all of
them, and a recognizer, or a pattern of one, whose strings are all missing isn't run. Invariant: the
gate only ever keeps from running what would find nothing.

Measured instead: Hyperscan. Its database of these patterns takes minutes to compile, because of
their bounded windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import ahocorasick
import regex  # type: ignore[import-untyped]
from presidio_analyzer import EntityRecognizer, PatternRecognizer

from proxy.detect.recognizers.anchored import Before, Words, matches_in
from proxy.detect.recognizers.needs import Need
from proxy.detect.recognizers.value_pattern import ValueRecognizer
from proxy.detect.required import needed, shape


@dataclass(frozen=True, slots=True)
class _Door:
    """What opens a recognizer.

    Attributes:
        recognizer: the recognizer.
        strings: for each of its needs that are strings, the bits of those.
        searches: its other needs.
        patterns: its patterns, each with the bits of what it needs; 0 for nothing.
    """

    recognizer: Any
    strings: tuple[int, ...]
    searches: tuple[Any, ...]
    patterns: tuple[tuple[Any, int], ...]


class Gate:
    """Recognizers, and what each of them needs; not for concurrent use."""

    def __init__(self, recognizers: Iterable[EntityRecognizer] = ()) -> None:
        """Take the recognizers; their patterns are replaced by gated ones."""
        self._needs = 0
        #: Of each string, the bits of the needs that it satisfies.
        self._bits: dict[str, int] = {}
        self._automaton: ahocorasick.Automaton | None = None
        self._text: str | None = None
        self._seen = 0
        self._doors = [self._door(recognizer) for recognizer in recognizers]

    def open(self, text: str) -> list[EntityRecognizer]:
        """Return the recognizers that may find something in a text, in their order.

        Each has only those of its patterns that may, until the next text is looked at.
        """
        seen = self.seen(text)
        opened = []
        for door in self._doors:  # loops: of all that is called here, generators cost most
            for bits in door.strings:
                if not seen & bits:
                    break
            else:
                for need in door.searches:
                    if not need.search(text):
                        break
                else:
                    if door.patterns:
                        door.recognizer.patterns = [
                            one for one, bits in door.patterns if not bits or seen & bits
                        ]
                    opened.append(door.recognizer)
        return opened

    def seen(self, text: str) -> int:
        """Return the bits of the needs that a text satisfies."""
        if text is not self._text:
            self._look(text)
        return self._seen

    def before(
        self, compiled: Any, need: Need | None = None, within: Words | Before | None = None
    ) -> Any:
        """Return a compiled pattern, of `re` or `regex`, with the gate before it.

        Args:
            compiled: the pattern.
            need: what it needs besides the strings that can be read off it.
            within: in which its matches lie; None where they lie anywhere.
        """
        strings = needed(compiled.pattern, compiled.flags)
        if strings is None and need is None and within is None:
            return compiled
        bits = [self._bit(one) for one in (strings, need) if isinstance(one, frozenset)]
        searches = [one for one in (need,) if one is not None and not isinstance(one, frozenset)]
        return Gated(self, compiled, tuple(bits), tuple(searches), within)

    def _door(self, recognizer: EntityRecognizer) -> _Door:
        needs: list[Need] = list(getattr(recognizer, "NEEDS", ()))
        bits = [self._bit(need) for need in needs if isinstance(need, frozenset)]
        if (of_patterns := self._patterns(recognizer)) is not None:
            bits.append(of_patterns)
        searches = [need for need in needs if not isinstance(need, frozenset)]
        if mark := getattr(recognizer, "IN_WORDS", None):
            searches.append(mark)
        return _Door(recognizer, tuple(bits), tuple(searches), tuple(self._each(recognizer)))

    def _each(self, recognizer: Any) -> Iterator[tuple[Any, int]]:
        """Yield a recognizer's patterns with the bits of which a text has one for each."""
        if isinstance(recognizer, PatternRecognizer | ValueRecognizer):
            for pattern in recognizer.patterns:  # type: ignore[has-type]  # Presidio's
                compiled = getattr(pattern, "compiled_regex", None) or pattern.regex
                gated: Any = isinstance(compiled, Gated) and compiled.bits
                yield pattern, gated[0] if gated else 0

    def _patterns(self, recognizer: EntityRecognizer) -> int | None:
        """Gate a recognizer's patterns; return the bits of which one opens it, None for any text.

        One that reads text in its own way too may find something without its patterns.
        """
        mark = getattr(recognizer, "IN_WORDS", None)
        words = Words(mark) if mark else None
        if isinstance(recognizer, PatternRecognizer):
            # Copies: a recognizer's patterns are its class's.
            copies = [copy(one) for one in recognizer.patterns]  # type: ignore[has-type]
            flags = recognizer.global_regex_flags
            for pattern in copies:
                pattern.compiled_regex = self.before(
                    regex.compile(pattern.regex, flags), within=words
                )
                pattern.compiled_with_flags = flags
            recognizer.patterns = copies  # type: ignore[has-type]
            own = type(recognizer).analyze is not PatternRecognizer.analyze
            return None if own else _any_of(one.compiled_regex for one in copies)
        if isinstance(recognizer, ValueRecognizer):
            recognizer.patterns = tuple(
                replace(
                    pattern, regex=self.before(pattern.regex, pattern.need, pattern.within or words)
                )
                for pattern in recognizer.patterns
            )
            own = type(recognizer).analyze is not ValueRecognizer.analyze
            return None if own else _any_of(one.regex for one in recognizer.patterns)
        return None

    def _bit(self, strings: frozenset[str]) -> int:
        """Return the bit of a need."""
        bit = 1 << self._needs
        self._needs += 1
        for string in strings:
            shaped = shape(string)
            self._bits[shaped] = self._bits.get(shaped, 0) | bit
        self._automaton = self._text = None
        return bit

    def _look(self, text: str) -> None:
        """See which needs a text satisfies."""
        if self._automaton is None:
            self._automaton = ahocorasick.Automaton()
            for string, bits in self._bits.items():
                self._automaton.add_word(string, bits)
            self._automaton.make_automaton()
        seen = 0
        if self._bits:
            for _, bits in self._automaton.iter(shape(text)):
                seen |= bits
        self._text, self._seen = text, seen


def _any_of(patterns: Iterable[Any]) -> int | None:
    """Return bits of which every text has one in which one of the patterns matches, if known."""
    bits = 0
    for pattern in patterns:
        if not isinstance(pattern, Gated) or not pattern.bits:
            return None
        bits |= pattern.bits[0]
    return bits


class Gated:
    """A compiled pattern that isn't run where it can't match.

    Attributes:
        pattern: the regular expression, as in `re.Pattern`.
        flags: its flags.
        bits: those of each of its needs that are strings.
    """

    __slots__ = ("_compiled", "_gate", "_searches", "_within", "bits", "flags", "pattern")

    def __init__(
        self,
        gate: Gate,
        compiled: Any,
        bits: tuple[int, ...],
        searches: tuple[Any, ...],
        within: Words | Before | None = None,
    ) -> None:
        self._gate = gate
        self._compiled = compiled
        self._searches = searches
        self._within = within
        self.bits = bits
        self.pattern = compiled.pattern
        self.flags = compiled.flags

    def finditer(self, text: str, *stretch: int, **options: Any) -> Iterator[Any]:
        """Iterate over the matches in a text, or a stretch of it; options as in its module."""
        seen = self._gate.seen(text)
        for bits in self.bits:
            if not seen & bits:
                return _NOTHING
        for need in self._searches:
            if not need.search(text):
                return _NOTHING
        if self._within is None or stretch:
            return iter(self._compiled.finditer(text, *stretch, **options))
        return matches_in(self._compiled, text, self._within.places(text), **options)


_NOTHING: Iterator[Any] = iter(())  # at its end from the beginning, so one serves everybody
