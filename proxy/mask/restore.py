"""Putting real values back where their placeholders stand, in whole strings and in streams.

A stream is fed pieces and gives back what is certain. It holds only what the next characters could
still turn into a longer or a different spelling: at most the longest spelling. What is held when
the string ends is decided then. A whole string is a stream that is fed once.

Invariants: however a string is cut, what comes out is the same; characters that aren't a spelling
(grammar.py) of a token in the mapping come out as they came in; nothing that was put in is read
again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from proxy.exchange import Author, Channel, TextPart
from proxy.mask import exfil, grammar
from proxy.mask.code import Code
from proxy.mask.json_depth import JsonDepth
from proxy.mask.masking import Restorable

_LOOK_BEHIND = 8  # characters: enough to see whether a letter belongs to an escape such as \u0041
_ESCAPED_LETTER = re.compile(r"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})\Z")


class Restorer:
    """Restores the answer to one request, through that request's mapping only."""

    def __init__(
        self, mapping: Restorable, parts: Sequence[TextPart], hosts: Collection[str] = ()
    ) -> None:
        """`parts`: the request's, as the caller sent them; `hosts`: those that policy lists."""
        self.mapping = mapping
        self._texts = [part.text for part in parts]
        said = [part.text for part in parts if part.author in (Author.OPERATOR, Author.USER)]
        self.hosts = exfil.KnownHosts(said, hosts)
        self._typed: dict[str, bool] = {}

    def text(self, text: str, channel: Channel) -> str:
        """A whole string, restored."""
        stream = self.stream(channel)
        return stream.feed(text) + stream.close()

    def stream(self, channel: Channel) -> Stream:
        """A restorer for one string that arrives in pieces: one choice, block or tool call."""
        return Stream(self, channel)

    def typed(self, token: str) -> bool:
        """Whether the caller's own text holds this token, so that only the exact form is ours."""
        known = self._typed.get(token)
        if known is None:
            spelled = re.escape(token).replace("_", r"\\*_")
            pattern = re.compile(rf"(?<![^\W_]){spelled}(?![^\W_])")
            known = self._typed[token] = any(map(pattern.search, self._texts))
        return known

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """Every beginning of every token, and of every surrogate."""
        whole = (*self.mapping.tokens, *self.mapping.digits)
        return frozenset(token[:length] for token in whole for length in range(1, len(token) + 1))

    @cached_property
    def longest(self) -> int:
        """Characters of the longest spelling that is read at the end of a piece."""
        longest = max(map(len, (*self.mapping.tokens, *self.mapping.digits)), default=0)
        return 2 * grammar.LONGEST_BRACKET + longest * (1 + grammar.DEEPEST)


class Stream:
    """The state of one string that is being restored."""

    def __init__(self, restorer: Restorer, channel: Channel) -> None:
        self._restorer = restorer
        self._mapping = restorer.mapping
        self._idle = not (self._mapping.tokens or self._mapping.digits)
        self._channel = channel
        table = grammar.JSON if channel is Channel.JSON else grammar.TEXT
        digits = bool(self._mapping.digits)
        self._spelling = table.with_digits if digits else table.spelling
        self._begun = table.begun_with_digits if digits else table.begun
        self._input = ""  # a little that is decided, for bounds, and all that is held
        self._at = 0  # where in it the held text begins
        self._output = ""  # the last characters that went out, to see URLs
        self._code = Code()
        self._depth = JsonDepth()

    def feed(self, text: str) -> str:
        """What is certain now; the rest is held until more arrives."""
        if self._idle:
            return text
        text = self._input + text
        return self._decide(text, self._first_undecided(text))

    def close(self) -> str:
        """What was held when the string ended."""
        return self._decide(self._input, len(self._input))

    def _decide(self, text: str, until: int) -> str:
        """Restore what lies between what was decided before and `until`."""
        done = self._at
        pieces: list[str] = []
        if self._mapping.digits or "_" in text:
            for match in self._spelling.finditer(text, done, until):
                found = self._spelled(match, text)
                if found is None:
                    continue
                start, end, value = found
                self._pass(text[done:start], pieces)
                if match.lastgroup != "digits" and not self._may_stand(match, text, start, end):
                    value = text[start:end]
                elif self._channel is Channel.JSON:
                    value = self._depth.escaped(value)
                self._depth.feed(text[start:end])
                self._say(value, pieces)
                done = end
        self._pass(text[done:until], pieces)
        kept = max(0, until - _LOOK_BEHIND)
        self._input, self._at = text[kept:], until - kept
        return "".join(pieces)

    def _pass(self, text: str, pieces: list[str]) -> None:
        self._code.feed(text)
        if self._channel is Channel.JSON:
            self._depth.feed(text)
        self._say(text, pieces)

    def _say(self, text: str, pieces: list[str]) -> None:
        if text:
            pieces.append(text)
            self._output = (self._output + text)[-exfil.CONTEXT:]

    def _spelled(self, match: re.Match[str], text: str) -> tuple[int, int, str] | None:
        """Where the spelling in `match` starts and ends, and the value of its token, if mapped."""
        if match.lastgroup == "digits":
            number = self._mapping.digits.get(match["digits"])
            start, end = match.span()
            bounded = self._bounded(text, start, end) and number is not None
            return (start, end, number or "") if bounded else None
        token = match["token"]
        start, end = match.span()
        opened, closed = match["open"] or "", match["close"] or ""
        if opened.endswith("<") != closed.endswith(">") or len(opened) != len(closed):
            # A backslash before one of two brackets is the author's.
            start += len(opened) - 1 if opened.startswith("\\") and opened.endswith("<") else 0
            end -= len(closed) if closed.startswith("\\") and closed.endswith(">") else 0
        while (value := self._mapping.tokens.get(grammar.plain(token))) is None:
            head, underscore, _ = token.rpartition("_")
            if not underscore:
                return None
            token = head.rstrip("\\")
            end = match.start("token") + len(token)
        return start, end, value

    def _may_stand(self, match: re.Match[str], text: str, start: int, end: int) -> bool:
        spelled = text[start:end]
        token = match["token"]
        exact = spelled == f"<{token}>" and "\\" not in token
        if not exact and not self._may_stand_damaged(spelled, text, start, end):
            return False
        if self._channel is Channel.NAME:
            return True
        host = exfil.foreign_host(self._output)
        return host is None or host in self._restorer.hosts

    def _may_stand_damaged(self, spelled: str, text: str, start: int, end: int) -> bool:
        if not self._bounded(text, start, end):
            return False
        if self._channel is Channel.NAME:
            return True
        token = grammar.token_in(spelled)
        written_bare = self._channel is Channel.JSON and token in self._mapping.bare
        if self._restorer.typed(token) and not written_bare:
            return False
        bare = grammar.plain(spelled) == token
        return not (bare and self._channel is Channel.TEXT and self._code.inside)

    def _bounded(self, text: str, start: int, end: int) -> bool:
        if end < len(text) and text[end].isalnum():
            return False
        if start == 0 or not text[start - 1].isalnum():
            return True
        before = text[max(0, start - _LOOK_BEHIND) : start]
        return self._channel is Channel.JSON and bool(_ESCAPED_LETTER.search(before))

    def _first_undecided(self, text: str) -> int:
        """Where the first spelling starts that the next characters could complete or change."""
        start = max(self._at, len(text) - self._restorer.longest)
        while match := self._begun.search(text, start):
            if self._is_open(match, text):
                return match.start()
            if match.start() < match.start("token"):
                start = match.start("token")  # the token may be one without this bracket
            else:
                start = max(match.start() + 1, match.end("token"))
        return len(text)

    def _is_open(self, match: re.Match[str], text: str) -> bool:
        """Whether a spelling may be in the making where the text ends."""
        if match["half"] is not None:
            return True
        beginnings = self._restorer.beginnings
        bounded = self._bounded(text, match.start(), len(text))
        if match.lastgroup == "digits":
            return bounded and match["digits"] in beginnings
        opened, token, rest = match["open"] or "", grammar.plain(match["token"]), match["rest"]
        if not bounded and opened != "<":
            return False
        if not rest:
            return token in beginnings
        if token not in self._mapping.tokens:
            return rest.strip("\\") == "" and f"{token}_" in beginnings
        return not (rest == ">" and opened == "<" and "\\" not in match["token"])
