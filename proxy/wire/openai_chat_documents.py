"""The JSON documents in a Chat Completions answer, held against the schemas that were relaxed.

A choice's documents are the arguments of its calls and, where a schema was asked for, its content.
Whole answers and streams say the same at the same paths, so both are heard here.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from proxy.exchange import Path
from proxy.wire.relaxed import notes
from proxy.wire.restoring import Asked
from proxy.wire.schema_check import MAX_DOCUMENT


class Documents:
    """What each choice has said, as far as a relaxed schema is about it."""

    def __init__(self, asked: Asked) -> None:
        self._relaxed = asked.relaxed
        self._said: dict[Path, StringIO] = {}

    def hear(self, path: Path, text: str) -> None:
        """Note a restored string, or a piece of one, at its path in the answer."""
        if (
            self._relaxed
            and path[:1] == ("choices",)
            and path[-1] in ("name", "arguments", "content")
        ):
            said = self._said.setdefault(path, StringIO())
            if said.tell() <= MAX_DOCUMENT:
                said.write(text)

    def notes(self, choice: int | None = None) -> tuple[str, ...]:
        """What the caller has to know about a choice that is complete; None: about all.

        Raises:
            AnswerOffSchema: see `relaxed.notes`.
        """
        return tuple(dict.fromkeys(self._notes(choice)))

    def _notes(self, choice: int | None) -> Iterator[str]:
        for path, said in self._said.items():
            if choice is not None and path[1] != choice:
                continue
            if path[-1] == "arguments":
                name = self._said.get((*path[:-1], "name"))
                yield from notes(self._relaxed, name.getvalue() if name else "", said.getvalue())
            elif path[3:] == ("content",):
                yield from notes(self._relaxed, None, said.getvalue())
