"""What Anthropic's answers say, for whoever reads them.

Sources: Anthropic API reference, "Create a Message" and "Streaming Messages".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from proxy.errors import ProviderFailed
from proxy.wire import sse, strict_json
from proxy.wire.translation import Json, count


def message_of(body: bytes) -> Json:
    """A whole message.

    Raises:
        ProviderFailed: it isn't one.
    """
    message = strict_json.parse_answer(body)
    blocks = message.get("content")
    whole = isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)
    if message.get("type") != "message" or not whole:
        raise ProviderFailed("The provider's answer isn't a message.")
    return message


def events_of(decoder: sse.Decoder, chunk: bytes) -> Iterator[Json]:
    """The events that `chunk` completes.

    Raises:
        ProviderFailed: an error event, or what is no event.
    """
    for raw in decoder.feed(chunk):
        event = strict_json.parse_answer(raw.data)
        if event.get("type") == "error":
            raise error_of(event.get("error"))
        yield event


class Tokens(NamedTuple):
    """What was counted: read in all, of that from the cache and into it; said, of that thought."""

    read: int
    cached: int
    written: int
    said: int
    thought: int


def tokens_of(usage: Json) -> Tokens:
    """Anthropic counts what came from the cache and went into it beside `input_tokens`."""
    cached = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    read = count(usage, "input_tokens") + cached + written
    thought = count(usage.get("output_tokens_details") or {}, "thinking_tokens")
    return Tokens(read, cached, written, count(usage, "output_tokens"), thought)


def error_of(error: Any) -> ProviderFailed:
    """What an error event says of its stream: its type passes if it is a word, no message does."""
    failure = ProviderFailed("The provider reported an error in the middle of its stream.")
    kind = error.get("type") if isinstance(error, dict) else None
    failure.kind = kind if isinstance(kind, str) else None
    return failure
