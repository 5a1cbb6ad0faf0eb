"""Where a place in a text of the request lies once the text was masked, and the way back.

Citations count characters of such texts. A text that is a JSON document was rewritten string by
string, perhaps with other escapes and other blanks between them. Both documents have the same
tokens in the same order, so a place is looked for in its token: in a string by what the string
says, in a document that a string holds in the same way again.

Invariant: a place inside of what stands for a value is that value's start or, of what ends there,
its end; so what is pointed to is never less than what was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from proxy.exchange import Exchange, Inside, Key, Moved, Path
from proxy.wire.json_rewrite import rewrite
from proxy.wire.json_walk import value_at

_TOKEN = re.compile(r'"(?P<said>(?:[^"\\]++|\\.)*+)"|[,:\[\]{}]|[^\s",:\[\]{}]++')
# One character of a string, as it is written; one beyond U+FFFF may be two escapes.
_WRITTEN = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u.{4}|\\.|.", re.DOTALL)


class Places:
    """The texts of one request, as the caller wrote them and as the provider reads them."""

    def __init__(
        self,
        exchange: Exchange,
        edits: Mapping[Path, str],
        moved: Mapping[Path, Sequence[Moved]],
    ) -> None:
        """`edits`, `moved`: what masking wrote anew, by part, and which characters of it."""
        self.tree = exchange.tree
        self._documents = exchange.documents
        self._edits = edits
        self._moved = moved

    def sent(self, path: Path, offset: int, *, end: bool) -> int | None:
        """Where a place of the caller's text at `path` lies in what the provider reads.

        `end`: the character before it is the last one meant, rather than it the first. None if
        the text was rewritten in a way that leaves no places.
        """
        return self._place(path, offset, end=end, back=False)

    def said(self, path: Path, offset: int, *, end: bool) -> int | None:
        """Where a place of what the provider reads lies in the caller's text at `path`."""
        return self._place(path, offset, end=end, back=True)

    def _place(self, path: Path, offset: int, *, end: bool, back: bool) -> int | None:
        if path in self._moved:
            return _shifted(self._moved[path], offset, end=end, back=back)
        if not any(edited[: len(path)] == path for edited in self._edits):
            return offset
        if (*path, Inside.JSON) not in self._documents:
            return None
        texts = value_at(self.tree, path), value_at(self._rewritten, path)
        return self._in_document((*path, Inside.JSON), texts, offset, end=end, back=back)

    @cached_property
    def _rewritten(self) -> Any:
        return rewrite(self.tree, self._edits, self._documents)

    def _in_document(
        self, path: Path, texts: tuple[str, str], offset: int, *, end: bool, back: bool
    ) -> int:
        """The same in a document at `path`, which reads like this on the two sides."""
        strings = _strings(self._documents[path], path)
        here, there = reversed(texts) if back else texts
        before = 0
        for token, other in zip(_TOKEN.finditer(here), _TOKEN.finditer(there), strict=True):
            string = next(strings) if token["said"] is not None else None
            if offset < token.end() or (end and offset == token.end()):
                if offset <= token.start():
                    return before if end else other.start()
                if token[0] == other[0]:
                    return other.start() + offset - token.start()
                if string is None or offset == token.end():
                    return other.end() if end else other.start()
                return self._in_string(string, token, other, offset, end=end, back=back)
            before = other.end()
        return before if end else len(there)

    def _in_string(
        self,
        path: Path,
        token: re.Match[str],
        other: re.Match[str],
        offset: int,
        *,
        end: bool,
        back: bool,
    ) -> int:
        at = _spoken(token["said"], offset - token.start("said"), end=end)
        here, there = json.loads(token[0]), json.loads(other[0])
        place: int | None
        if here == there:
            place = at
        elif (inside := (*path, Inside.JSON)) in self._documents:
            texts = (there, here) if back else (here, there)
            place = self._in_document(inside, texts, at, end=end, back=back)
        else:
            place = self._place(path, at, end=end, back=back)
        if place is None:
            return other.end() if end else other.start()
        return other.start("said") + _written(other["said"], place)


def _shifted(spans: Sequence[Moved], offset: int, *, end: bool, back: bool) -> int:
    """A place in a text of which these characters were written anew."""
    shift = 0
    for span in spans:
        start, stop, to_start, to_end = span[2:] + span[:2] if back else span
        if offset <= start:
            break
        if offset < stop:
            return to_end if end else to_start
        shift = to_end - stop
    return offset + shift


def _strings(node: Any, path: Path) -> Iterator[Path]:
    """The path of every string of a document, keys included, in the order in which they stand."""
    if isinstance(node, str):
        yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            yield (*path, Key(name))
            yield from _strings(value, (*path, name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _strings(value, (*path, position))


def _ends(written: str) -> list[int]:
    """Where each character that a string says begins in how it is written, and the last ends."""
    return [0, *(match.end() for match in _WRITTEN.finditer(written))]


def _spoken(written: str, offset: int, *, end: bool) -> int:
    """The character at a place of a written string; one half of which is meant counts."""
    ends = _ends(written)
    for position, (start, stop) in enumerate(pairwise(ends)):
        if offset <= start or (offset < stop and not end):
            return position
    return len(ends) - 1


def _written(written: str, position: int) -> int:
    """Where a character stands in how its string is written."""
    ends = _ends(written)
    return ends[min(position, len(ends) - 1)]
