"""The surrogates of one request: each stands for one text, and for nothing that the request says.

Invariants: two texts never share a surrogate, nor two words of names an invented one; no surrogate
occurs in the request, in whatever case, nor holds a value that is hidden; what stands for a value
depends on what stands before it only, so a longer conversation changes none unless it comes to hold
that very surrogate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proxy.mask.actions import Form
from proxy.mask.actions.invented import FAMILY, GIVEN, number, picked, shaped
from proxy.mask.actions.pseudonymise import surrogate, words_of
from proxy.mask.masked import Surrogate

_ATTEMPTS = 64


class Pseudonyms:
    """Gives surrogates, in the order in which the request's values stand.

    Attributes:
        words: small letters of a word of a name -> the invented one.
        issued: what the answer may hold -> what it stands for.
    """

    def __init__(self, key: bytes, texts: Iterable[str], secret: Sequence[str]) -> None:
        """`texts`: all that the request says; `secret`: the values that are hidden."""
        self.words: dict[str, str] = {}
        self.issued: dict[str, Surrogate] = {}
        self._key = key
        self._said = "\0".join(texts).casefold()
        self._secret = [value.casefold() for value in secret]
        self._given: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def of(self, form: Form) -> str | None:
        """What stands for a form; None if nothing does."""
        return self._given.get(form.text)

    def give(self, form: Form) -> None:
        """Look for something that may stand for a form."""
        last = None
        for attempt in range(_ATTEMPTS):
            try:
                text = surrogate(form, self, self._key, attempt)
            except LookupError:
                return
            if text is None or text == last:
                return
            unsaid = text != form.text and self._unsaid(text)
            if unsaid and self._texts.setdefault(text, form.text) == form.text:
                self._given[form.text] = text
                self.issued[text] = Surrogate(form.text, frozenset({form.text}))
                self._issue_words(form)
                return
            last = text

    def name(self, word: str, *, given: bool) -> str:
        """An invented name for a word, in small letters; LookupError if none is left."""
        known = self.words.get(word)
        if known is None:
            known = self.words[word] = self._invented(GIVEN if given else FAMILY, word)
        return known

    def initial(self, letter: str) -> str:
        """A keyed letter."""
        return chr(ord("a") + number(self._key, f"initial\0{letter}", 26))

    def domain(self, domain: str) -> str:
        """A host that no name server knows (RFC 2606)."""
        return f"{self._invented(FAMILY, f'@{domain}')}.example"

    def _invented(self, names: tuple[str, ...], label: str) -> str:
        for attempt in range(_ATTEMPTS):
            name = picked(self._key, names, label, attempt)
            if self._unsaid(name) and self._names.setdefault(name, label) == label:
                return name
        raise LookupError(label)

    def _unsaid(self, text: str) -> bool:
        """Whether the request doesn't say this, and it says nothing that is hidden."""
        folded = text.casefold()
        return folded not in self._said and not any(value in folded for value in self._secret)

    def _issue_words(self, form: Form) -> None:
        """A model may well call a person by one name only."""
        words = words_of(form.text) if form.name == "PERSON" else ()
        for word in (match[0] for match in words if len(match[0]) > 1):
            name = shaped(word, self.words[word.casefold()])
            if self._texts.setdefault(name, word) == word:
                known = self.issued.get(name, Surrogate(word, frozenset()))
                self.issued[name] = Surrogate(word, known.of | {form.text})
