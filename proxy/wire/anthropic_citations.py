"""Anthropic Messages: citations that point into the documents of the request.

A `char_location` counts characters of a document as the provider read it. The caller's own has the
values in it, so the offsets move, and the cited text is the caller's own. When the answer comes
back in the history of a later request, they move the other way.
Source: Anthropic API documentation, "Citations" (character indices count from 0, the end is
exclusive; `document_index` counts the document blocks of the request, over all its turns).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from proxy.exchange import Offset, Path
from proxy.wire.restoring import Asked
from proxy.wire.shared import is_offset, offsets_in


class Documents:
    """The plain-text documents of one request, looked for when a citation asks for one."""

    def __init__(self, asked: Asked) -> None:
        self._places = asked.places

    def move(self, citation: Any) -> None:
        """Let a restored citation point into the caller's document; changed in place."""
        if not isinstance(citation, dict) or citation.get("type") != "char_location":
            return
        index = citation.get("document_index")
        start, end = citation.get("start_char_index"), citation.get("end_char_index")
        if not (is_offset(index) and is_offset(start) and is_offset(end)):
            return
        if self._places is None or index >= len(self._documents):
            return
        path, text = self._documents[index]
        first = self._places.said(path, start, end=False)
        last = self._places.said(path, end, end=True)
        if first is None or last is None or not 0 <= first <= last <= len(text):
            return
        citation["start_char_index"], citation["end_char_index"] = first, last
        citation["cited_text"] = text[first:last]

    @cached_property
    def _documents(self) -> list[tuple[Path, str]]:
        tree = self._places.tree if self._places else {}
        return list(_documents(tree.get("messages"), ("messages",)))


def offsets(tree: Any) -> Iterator[Offset]:
    """The offsets of the citations in a request's earlier answers."""
    cited = list(_cited(tree["messages"]))
    documents = list(_documents(tree["messages"], ("messages",))) if cited else []
    for path, citation in cited:
        index = citation.get("document_index")
        if is_offset(index) and index < len(documents):
            names = ("start_char_index", "end_char_index")
            yield from offsets_in(citation, path, documents[index][0], names)


def _cited(messages: Sequence[Any]) -> Iterator[tuple[Path, Any]]:
    """Every citation of characters, by its path."""
    for at, message in enumerate(messages):
        content = message["content"] if message["role"] == "assistant" else ()
        for position, block in enumerate(content if isinstance(content, list) else ()):
            citations = block.get("citations")
            for number, one in enumerate(citations if isinstance(citations, list) else ()):
                if isinstance(one, dict) and one.get("type") == "char_location":
                    yield ("messages", at, "content", position, "citations", number), one


def _documents(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every document block in the order of the request; what isn't plain text has no offsets."""
    if isinstance(node, list):
        for position, item in enumerate(node):
            yield from _documents(item, (*path, position))
    elif isinstance(node, dict):
        if node.get("type") != "document":
            yield from _documents(node.get("content"), (*path, "content"))
            return
        source = node.get("source")
        data = source.get("data") if isinstance(source, dict) else None
        is_text = isinstance(source, dict) and source.get("type") == "text"
        plain = data if is_text and isinstance(data, str) else ""
        yield (*path, "source", "data"), plain
