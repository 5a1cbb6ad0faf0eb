"""The language of each part, and what is looked for in it.

A part whose language isn't clear (a short one, a list of values) is taken to be in that of the part
before it. What is found in a part depends on that part and on earlier ones only, and so does this.
Of a long part three places decide: one in a language that no model reads counts for the whole, so
an English salutation doesn't cover a Russian letter. Invariants: the memory holds numbers, no text;
the work for a part is bounded however long it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from proxy.detect.names.language import READ, clear_language_of
from proxy.detect.settings import DetectSettings
from proxy.exchange import Coverage, Reach, TextPart

#: Characters of each place that decides.
_PLACE = 600
_ENTRIES = 100_000
#: What the English model knows and the second one, which reads the others, doesn't.
_ENGLISH_ONLY = frozenset({"NRP", "ORGANIZATION"})
#: What only models find.
NAMES = _ENGLISH_ONLY | {"LOCATION", "PERSON"}


class Languages:
    """Tells languages, each text once."""

    def __init__(self, otherwise: str) -> None:
        """Take the language of a text that doesn't say, nor any before it."""
        self._otherwise = otherwise
        self._known: OrderedDict[int, str] = OrderedDict()

    def of(self, parts: Sequence[TextPart], said: str = "") -> tuple[str, ...]:
        """Return the language of each part of a request.

        Args:
            parts: all of them, in the adapter's order.
            said: the language that they are said to be in, for those that don't say it themselves.
        """
        language = said or self._otherwise
        languages = []
        for part in parts:
            if part.reach is Reach.FULL:
                language = self._clear(_places(part.text)) or language
            languages.append(language)
        return tuple(languages)

    def _clear(self, places: tuple[str, ...]) -> str:
        # Python's hash of a string is keyed, with a key that dies with the process.
        key = hash(places)
        known = self._known.get(key)
        if known is None:
            clear = [language for place in places if (language := clear_language_of(place))]
            unread = [language for language in clear if language not in READ]
            known = self._known[key] = next(iter((*unread, *clear)), "")
            if len(self._known) > _ENTRIES:
                self._known.popitem(last=False)
        return known


def _places(text: str) -> tuple[str, ...]:
    """The beginning of a text, and of a long one its middle and its end."""
    if len(text) <= 2 * _PLACE:
        return (text,)
    middle = (len(text) - _PLACE) // 2
    return text[:_PLACE], text[middle : middle + _PLACE], text[-_PLACE:]


def coverage(part: TextPart, language: str, settings: DetectSettings) -> Coverage:
    """Return what is looked for in a part.

    Identifiers, secrets and addresses have patterns, which read every language; models read names
    in some only. A part that models never look at (an id) has no names to miss.
    """
    if part.reach is not Reach.FULL or language == settings.language:
        return Coverage(language)
    if settings.tier != "fast" and language in READ:
        return Coverage(language, _ENGLISH_ONLY)
    return Coverage(language, NAMES)
