"""Putting real values back where their placeholders stand, in whole strings and in streams.

A stream is fed pieces and gives back what is certain. It holds only what the next characters could
still turn into a longer or a different spelling, and one within a URL's host until that ends: at
most the longest spelling and host. What is held when the string ends is decided then. A whole
string is one that holds nothing.

Invariants: however a string is cut, what comes out is the same; characters that aren't a spelling
(grammar.py) of a token in the mapping come out as they came in; nothing that was put in is read
again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Container
from typing import NamedTuple, Protocol

from proxy.exchange import Channel
from proxy.mask import exfil, grammar
from proxy.mask.bounds import LOOK_BEHIND, bounded, free_after, free_before
from proxy.mask.code import Code
from proxy.mask.json_depth import JsonDepth
from proxy.mask.masked import Restorable
from proxy.mask.surrogates import NONE, Surrogates

# A key of an object and what stands between it and its value, in a document at any depth.
_KEY = re.compile(r"\"(?P<key>[^\"\\]++)\\*+\"\s*+:\s*+(?P<quote>\\*+\")?\Z")
_LONGEST_KEY = 200  # characters, with what stands between


class Source(Protocol):
    """What a stream asks of the request that it answers."""

    @property
    def mapping(self) -> Restorable:
        """What the answer gets back."""

    @property
    def hosts(self) -> Container[str]:
        """Those in whose URLs values may stand."""

    @property
    def beginnings(self) -> frozenset[str]:
        """Every beginning of every token, and of every surrogate number."""

    @property
    def surrogates(self) -> Surrogates:
        """What finds the other surrogates."""

    def typed(self, token: str) -> bool:
        """Whether the caller's own text holds this token, so that only the exact form is ours."""


class _Found(NamedTuple):
    """A spelling at ``[start, end)`` of the text; `bare`: without any bracket."""

    start: int
    end: int
    token: str
    value: str
    bare: bool


class Stream:
    """The state of one string that is being restored."""

    def __init__(self, restorer: Source, channel: Channel) -> None:
        self._restorer = restorer
        self._mapping = restorer.mapping
        # In a name (of a function, of a key) no surrogate stands that isn't a number.
        self._surrogates = NONE if channel is Channel.NAME else restorer.surrogates
        self._idle = not (self._mapping.tokens or self._mapping.digits or self._surrogates)
        self._channel = channel
        self._table = grammar.JSON if channel is Channel.JSON else grammar.TEXT
        digits = bool(self._mapping.digits)
        self._token = self._table.with_digits if digits else self._table.token
        self._begun = self._table.begun_with_digits if digits else self._table.begun
        self._longest = max(self._table.longest, *map(len, self._mapping.digits), 0)
        self._input = ""  # a little that is decided, for bounds, and all that is held
        self._at = 0  # where in it the held text begins
        self._head = ""  # stands for the upper-case word that was decided just before, if any
        self._output = ""  # the last characters that went out, to see URLs
        self._code = Code()
        self._depth = JsonDepth()
        self._read = self._said = 0  # characters that are decided, and of what came out for them
        self._ends: list[int] = []  # where each restored spelling ends
        # For each: where it begins, and where its value ends in what was said.
        self._values: list[tuple[int, int]] = []

    def feed(self, text: str) -> str:
        """What is certain now; the rest is held until more arrives."""
        if self._idle:
            return text
        text = self._input + text
        return self._decide(text, self._first_undecided(text), ended=False)

    def whole(self, text: str) -> str:
        """All of a string that comes in one piece."""
        return text if self._idle else self._decide(text, len(text))

    def close(self) -> str:
        """What was held when the string ended."""
        return self._decide(self._input, len(self._input))

    def moved(self, offset: int) -> int:
        """Where a character of what was fed stands in what came out, both counted from 0.

        One inside a placeholder stands behind its value; one that isn't decided moves as what is
        decided does.
        """
        before = bisect_right(self._ends, offset)
        if before < len(self._ends) and self._values[before][0] < offset:
            return self._values[before][1]
        return offset + (self._values[before - 1][1] - self._ends[before - 1] if before else 0)

    def _decide(self, text: str, until: int, *, ended: bool = True) -> str:
        """Restore what lies between what was decided before and `until`, or an unfinished host."""
        done = at = since = self._at  # passed on; searched; where the last restored spelling ends
        pieces: list[str] = []
        while (next_one := self._next(text, at, since, until)) is not None:
            found, at = next_one
            if found is None:
                continue
            self._pass(text[done : found.start], pieces)
            done = found.start
            may_stand = self._may_stand(found, text, ended)
            if may_stand is None:
                until = found.start
                break
            if may_stand:
                escape = self._channel is Channel.JSON
                value = self._depth.escaped(found.value) if escape else found.value
                self._follow(text[found.start : found.end])
                self._say(value, pieces)
                self._note(found, len(value))
                done = at = since = found.end
                self._head = ""
        self._pass(text[done:until], pieces)
        self._head = self._table.head(self._head, text, since, until)
        kept = max(0, until - LOOK_BEHIND)
        self._input, self._at = text[kept:], until - kept
        return "".join(pieces)

    def _next(self, text: str, at: int, since: int, until: int) -> tuple[_Found | None, int] | None:
        """What may be a spelling from `at` on, or None if nothing is, and where to search on."""
        match = None
        if "_" in text or self._mapping.digits:
            match = self._token.search(text, at, until)
        other = self._surrogates.first(text, at, until, self._channel) if self._surrogates else None
        if other is not None and (match is None or other[0] <= match.start()):
            spelled = text[slice(*other)]
            value = self._mapping.surrogates[spelled].text
            return _Found(*other, spelled, value, bare=True), other[1]
        if match is None:
            return None
        return self._found(match, text, since, until), self._after(match, text, until)

    def _after(self, match: re.Match[str], text: str, until: int) -> int:
        """Where to search on behind a word or number that isn't restored: where all of it ends."""
        if match[0][0].isdigit() or match[0][-1].islower():
            return match.end()
        rest = self._table.run.match(text, match.end(), until)
        return rest.end() if rest else match.end()

    def _goes_on(self, text: str, since: int, start: int) -> bool:
        """Whether a token at `start` is the rest of a word that was decided before `since`."""
        if not self._head:
            return False
        head = self._table.word.fullmatch(self._head + text[since:start])
        return head is not None and not head["escape"]

    def _pass(self, text: str, pieces: list[str]) -> None:
        if text:
            self._read += len(text)
            self._said += len(text)
            self._follow(text)
            self._say(text, pieces)

    def _follow(self, text: str) -> None:
        """Note what was read, for what depends on all that came before."""
        if self._channel is Channel.TEXT:
            self._code.feed(text)
        elif self._channel is Channel.JSON:
            self._depth.feed(text)

    def _note(self, found: _Found, value: int) -> None:
        """Remember where a value stands, for what counts characters."""
        self._read += found.end - found.start
        self._said += value
        self._ends.append(self._read)
        self._values.append((self._read - (found.end - found.start), self._said))

    def _say(self, text: str, pieces: list[str]) -> None:
        pieces.append(text)
        self._output = (self._output + text)[-exfil.CONTEXT :]

    def _found(self, match: re.Match[str], text: str, since: int, until: int) -> _Found | None:
        """The spelling around a token or surrogate, if it is in the mapping."""
        start, end = match.span()
        spelled = match[0]
        if spelled[0].isdigit():
            number = self._mapping.digits.get(spelled)
            known = number is not None and bounded(text, start, end, self._channel)
            if not known or self._goes_on(text, since, start):
                return None
            return _Found(start, end, spelled, number or "", bare=True)
        token = self._mapped(spelled)
        if not token or self._goes_on(text, since, start):
            return None
        value = self._mapping.tokens[grammar.plain(token)]
        opening = self._table.opening.search(
            text, max(since, start - grammar.LONGEST_BRACKET), start
        )
        whole = token == spelled
        closing = self._table.closing.match(text, end, until) if whole else None
        opened, closed = opening[0] if opening else "", closing[0] if closing else ""
        if closed == ">" and opened.endswith("<") and "\\" not in token:
            opened = "<"  # exact: needs no bounds
        else:
            opened = opened if free_before(text, start - len(opened), self._channel) else ""
            closed = closed if free_after(text, end + len(closed)) else ""
            if not (opened.endswith("\\<") and closed.endswith("\\>")):
                # A backslash before one of two brackets is the author's.
                opened = opened[-1:] if opened.endswith("<") else opened
                closed = "" if closed.endswith("\\>") else closed
        low, high = start - len(opened), start + len(token) + len(closed)
        bare = high - low == len(token)
        return _Found(low, high, grammar.plain(token), value, bare)

    def _mapped(self, word: str) -> str:
        """The mapped token that a word is, or goes on from at an underscore; or nothing."""
        while grammar.plain(word) not in self._mapping.tokens:
            word, underscore, _ = word.rpartition("_")
            if not underscore:
                return ""
            word = word.rstrip("\\")
        return word

    def _may_stand(self, found: _Found, text: str, ended: bool) -> bool | None:
        """Whether the value may stand where its placeholder does; None if what follows decides."""
        spelled = text[found.start : found.end]
        if spelled == found.token and spelled in self._mapping.digits:
            members = self._mapping.members.get(spelled)
            return members is None or self._is_member(text[found.end : found.end + 1], members)
        exact = spelled == f"<{found.token}>" or spelled in self._mapping.surrogates
        if not exact and not self._may_stand_damaged(found, text):
            return False
        if self._channel is Channel.NAME:
            return True
        json, hosts = self._channel is Channel.JSON, self._restorer.hosts
        host = exfil.foreign_host(self._output, json=json)
        if host != exfil.UNKNOWN or host in hosts:
            return host is None or host in hosts
        rest = exfil.rest_of_host(
            text, found.end, found.value, self._mapping.tokens, json=json, ended=ended
        )
        if rest is None:
            return None
        return exfil.foreign_host(self._output, json=json, after=rest) in hosts

    def _is_member(self, after: str, members: Collection[str]) -> bool:
        """Whether what comes is the whole value under one of these keys of a JSON object."""
        if self._channel is not Channel.JSON:
            return False
        key = _KEY.search(self._output[-_LONGEST_KEY:])
        if key is None or key["key"] not in members:
            return False
        ends = ('"', "\\") if key["quote"] else ("", ",", "}", " ", "\n", "\r", "\t")
        return after in ends

    def _may_stand_damaged(self, found: _Found, text: str) -> bool:
        if not bounded(text, found.start, found.end, self._channel):
            return False
        if self._channel is Channel.NAME:
            return True
        written_bare = self._channel is Channel.JSON and found.token in self._mapping.bare
        if self._restorer.typed(found.token) and not written_bare:
            return False
        return not (found.bare and self._code.inside)

    def _first_undecided(self, text: str) -> int:
        """Where the first spelling starts that the next characters could complete or change."""
        undecided = self._first_undecided_token(text)
        if not self._surrogates:
            return undecided
        return min(undecided, self._surrogates.undecided(text, self._at, self._channel))

    def _first_undecided_token(self, text: str) -> int:
        if not text or text[-1].isspace():
            return len(text)
        word = len(text.rsplit(None, 1)[-1])  # spellings have no blanks
        start = max(self._at, len(text) - min(word, self._longest))
        while match := self._begun.search(text, start):
            if self._is_whole(match):
                break
            if self._is_open(match, text):
                return match.start()
            if match.start() < match.start("token"):
                start = match.start("token")  # the token may be one without this bracket
            else:
                mapped = self._mapped(match["token"]) if match["token"] else ""
                after = match.start("token") + len(mapped) if mapped else match.end("token")
                start = max(match.start() + 1, after)
        return len(text)

    def _is_open(self, match: re.Match[str], text: str) -> bool:
        """Whether a spelling may be in the making where the text ends."""
        if match["half"] is not None:
            return True
        beginnings = self._restorer.beginnings
        alone = bounded(text, match.start(), len(text), self._channel)
        if match.lastgroup == "digits":
            goes_on = self._goes_on(text, self._at, match.start())
            return alone and not goes_on and match["digits"] in beginnings
        opened, token, rest = match["open"] or "", grammar.plain(match["token"]), match["rest"]
        unbounded = not alone and not opened.endswith("<")
        if unbounded or self._goes_on(text, self._at, match.start("token")):
            return False
        if not rest:
            return token in beginnings
        escaping = rest.strip("\\") == "" and f"{token}_" in beginnings
        return escaping or token in self._mapping.tokens

    def _is_whole(self, match: re.Match[str]) -> bool:
        """Whether the text ends in an exact placeholder, which nothing can change."""
        exact = match["open"] == "<" and match["rest"] == ">"
        return exact and match["token"] in self._mapping.tokens
