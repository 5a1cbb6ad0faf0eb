"""The providers' prompt caches: how much of a request was computed for an earlier one.

Both kinds look at what the model reads, in the order tools, instructions, turns, and serve the longest
beginning that they have seen. OpenAI's looks by itself, in steps of 128 tokens and from 1024 on.
Anthropic's keeps what ends at a block with `cache_control`, and looks for that at each such block and
up to 20 blocks before it.

Tokens are words and marks here: whose tokenizer it is makes no difference to what is the same.

Sources: OpenAI API docs, "Prompt caching"; Anthropic docs, "Prompt caching".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, ClassVar

Json = dict[str, Any]

LEAST = 1024
LOOKBACK = 20
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Served:
    """Of a request's tokens, those that came from the cache."""

    cached: int
    tokens: int


@dataclass(slots=True)
class OpenAICache:
    """Chat Completions and Responses."""

    step: ClassVar = 128
    _seen: list[list[str]] = field(default_factory=list)

    def serve(self, asked: Json) -> Served:
        """What an earlier request's beginning saves of this one."""
        tokens = [token for block in _openai_blocks(asked) for token in _tokens(block)]
        shared = max((_shared(tokens, seen) for seen in self._seen), default=0)
        self._seen.append(tokens)
        return Served(shared - shared % self.step if shared >= LEAST else 0, len(tokens))


@dataclass(slots=True)
class AnthropicCache:
    """Messages."""

    step: ClassVar = 1
    _written: set[tuple[str, ...]] = field(default_factory=set)

    def serve(self, asked: Json) -> Served:
        """What a prefix that was kept saves of this request; keep those that it marks."""
        blocks = list(_anthropic_blocks(asked))
        texts = tuple(json.dumps({**block, "cache_control": None}) for block in blocks)
        lengths = [len(_tokens(text)) for text in texts]
        marks = [at for at, block in enumerate(blocks, 1) if block.get("cache_control")]
        looked = {at for mark in marks for at in range(mark, max(mark - LOOKBACK, 0), -1)}
        hit = max((at for at in looked if texts[:at] in self._written), default=0)
        self._written |= {texts[:mark] for mark in marks if sum(lengths[:mark]) >= LEAST}
        return Served(sum(lengths[:hit]), sum(lengths))


def _openai_blocks(asked: Json) -> Iterator[Any]:
    yield from asked.get("tools", ())
    yield asked.get("instructions", "")
    yield from asked.get("messages", ())
    # An item's own id is a name for it, and not read by the model.
    for item in asked.get("input", ()):
        yield {name: value for name, value in item.items() if name not in ("id", "status")}


def _anthropic_blocks(asked: Json) -> Iterator[Json]:
    yield from asked.get("tools", ())
    yield from asked["system"]
    for message in asked["messages"]:
        for block in message["content"]:
            yield {"role": message["role"], **block}


def _tokens(block: Any) -> Sequence[str]:
    return _TOKEN.findall(json.dumps(block))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
