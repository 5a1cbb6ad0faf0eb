"""Allow lists: what is found, and shown all the same. Pure.

A finding is marked, never removed (DESIGN section 7): it keeps its number and is on record.
Invariants: a finding is marked only where it lies inside an occurrence of a term, so `Jane` on a
list shows no `Jane Doe`, or where the sweep found what such a person is called for short; a public
figure is shown only while nothing else in the request is about a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from proxy.detect.knowledge.terms import TermList, Terms
from proxy.exchange import Finding, TextPart
from proxy.folding import fold
from proxy.short_names import PERSON, short_names
from proxy.spelling import Lexicon, canonical

Findings = tuple[tuple[Finding, ...], ...]

#: What may be found beside a public figure: it says nothing about a person by itself.
_ABOUT_NOBODY = frozenset({"DATE_TIME", "LOCATION", "NRP", "ORGANIZATION"})
#: Characters around a finding in which a term that holds it is looked for: the longest, and more.
_AROUND = 400
_WORD = re.compile(r"\w+")


class AllowList:
    """What is shown.

    Attributes:
        figures: full names of public figures, in `matching.canonical`'s spelling.
    """

    def __init__(
        self,
        lists: Sequence[tuple[TermList, frozenset[str]]] = (),
        figures: frozenset[str] = frozenset(),
        lexicon: Lexicon | None = None,
    ) -> None:
        """Take the lists.

        Args:
            lists: terms, each list with the entities for which they are shown.
            figures: see above.
            lexicon: as for `Terms`.
        """
        self.figures = figures
        self._entities = tuple(entities for _, entities in lists)
        self._lexicon = lexicon or Lexicon()
        self._terms = Terms([terms for terms, _ in lists], self._lexicon)
        self._words = frozenset(
            word for terms, _ in lists for term in terms.terms for word in _words(term)
        )

    def mark(self, parts: Sequence[TextPart], findings: Findings) -> Findings:
        """Return the (swept) findings, those marked that this list shows, and no others.

        What is right already is returned as it came.
        """
        if not self._entities and not self.figures:
            return findings
        marked = tuple(
            tuple(_marked(one, shown=self._shows(part.text, one)) for one in found)
            for part, found in zip(parts, findings, strict=True)
        )
        marked = self._with_short_names(parts, marked)
        if self.figures:
            marked = self._with_figures(parts, marked)
        return findings if marked == findings else marked

    def _shows(self, text: str, one: Finding) -> bool:
        if not self._words.issuperset(_words(text[one.start : one.end])):
            return False
        low = max(0, one.start - _AROUND)
        around = text[low : one.end + _AROUND]
        return any(
            low + start <= one.start
            and one.end <= low + end
            and any(
                numbers >> number & 1 and one.entity in entities
                for number, entities in enumerate(self._entities)
            )
            for start, end, numbers in self._terms.occurrences(around)
        )

    def _with_short_names(self, parts: Sequence[TextPart], findings: Findings) -> Findings:
        """Who is shown is shown by a part of the name as well, which can be read in it anyway."""
        shown = {
            canonical(short)
            for part, found in zip(parts, findings, strict=True)
            for one in found
            if one.shown and one.entity == PERSON
            for short in short_names(part.text[one.start : one.end], self._lexicon)
        }
        if not shown:
            return findings

        def called(part: TextPart, one: Finding) -> bool:
            swept = one.entity == PERSON and one.recognizer == "sweep"
            return swept and canonical(part.text[one.start : one.end]) in shown

        return tuple(
            tuple(_marked(one, shown=one.shown or called(part, one)) for one in found)
            for part, found in zip(parts, findings, strict=True)
        )

    def _with_figures(self, parts: Sequence[TextPart], findings: Findings) -> Findings:
        persons = {
            canonical(part.text[one.start : one.end])
            for part, found in zip(parts, findings, strict=True)
            for one in found
            if one.entity == PERSON and not one.shown
        }
        named = persons & self.figures
        # Once named in full, somebody is called by the surname.
        known = named | {person.split()[-1] for person in named}
        others = any(
            one.entity not in {PERSON, *_ABOUT_NOBODY} and not one.shown
            for found in findings
            for one in found
        )
        if others or not persons or not persons <= known:
            return findings
        return tuple(
            tuple(_marked(one, shown=one.shown or one.entity == PERSON) for one in found)
            for found in findings
        )


def same_marks(before: Findings, now: Findings) -> bool:
    """Say whether the findings that there were before are marked as they were."""
    return all(
        one.shown is other.shown
        for found, others in zip(before, now, strict=False)
        for one, other in zip(found, others, strict=False)
    )


def _marked(one: Finding, *, shown: bool) -> Finding:
    return one if one.shown is shown else replace(one, shown=shown)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text).text)
