"""The JSON documents in Anthropic's answers, held against the schemas that were relaxed.

A block is one document: what a call hands to a tool, or the text of an answer for which a schema
was asked. It is held to the schema once it is whole and restored, before it ends for the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from proxy.wire import strict_json
from proxy.wire.relaxed import notes
from proxy.wire.restoring import Asked
from proxy.wire.schema_check import MAX_DOCUMENT


def notes_of(blocks: Iterable[dict[str, Any]], asked: Asked) -> tuple[str, ...]:
    """What the caller has to know about the restored blocks of a whole answer.

    Raises:
        AnswerOffSchema: see `relaxed.notes`.
    """
    found = (note for block in blocks for note in _notes(block, _whole(block), asked))
    return tuple(dict.fromkeys(found))


class Growing:
    """The blocks of a stream, as far as a relaxed schema is about them."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._begun: dict[int, tuple[dict[str, Any], StringIO]] = {}

    def begin(self, index: int, block: dict[str, Any]) -> None:
        """Note a restored block as it begins."""
        if self._asked.relaxed:
            self._begun[index] = block, StringIO()

    def hear(self, index: int, member: str, text: str) -> None:
        """Note a restored piece of a member of the block's deltas."""
        if index in self._begun and member in ("partial_json", "text"):
            _, said = self._begun[index]
            if said.tell() <= MAX_DOCUMENT:
                said.write(text)

    def end(self, index: int) -> tuple[str, ...]:
        """What the caller has to know about a block that is complete.

        Raises:
            AnswerOffSchema: see `relaxed.notes`.
        """
        if index not in self._begun:
            return ()
        block, said = self._begun.pop(index)
        found = _notes(block, said.getvalue() or _whole(block), self._asked)
        return tuple(dict.fromkeys(found))


def _notes(block: dict[str, Any], document: str, asked: Asked) -> Iterator[str]:
    match block.get("type"):
        case "tool_use":
            yield from notes(asked.relaxed, str(block.get("name")), document)
        case "text" if asked.json_answer:
            yield from notes(asked.relaxed, None, document)


def _whole(block: dict[str, Any]) -> str:
    """The document in a block that isn't told in pieces."""
    if block.get("type") == "tool_use":
        return strict_json.dumps(block.get("input")).decode()
    return str(block.get("text"))
