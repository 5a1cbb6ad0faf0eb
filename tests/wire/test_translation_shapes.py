"""Answers that break their protocol, put into another: the provider's failure, never one of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from proxy.errors import ProviderFailed
from proxy.wire import TRANSLATIONS
from proxy.wire.translation import Translating
from tests.anthropic_scene import events_of
from tests.wire.translating import CHUNKS, COMPLETION, MESSAGE, sse

EVENTS = list(events_of(MESSAGE, (9,)))
ODD: tuple[Any, ...] = ([], {}, None, 7, True, [None], {"type": 7}, [["a"]])


def misshapen(node: Any) -> Iterator[Any]:
    """A document with each of its places made something else."""
    yield from ODD
    if isinstance(node, dict):
        for name, value in node.items():
            yield from ({**node, name: odd} for odd in misshapen(value))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from ([*node[:at], odd, *node[at + 1 :]] for odd in misshapen(value))


@pytest.mark.parametrize(
    ("translation", "answer"), list(zip(TRANSLATIONS, (MESSAGE, MESSAGE, COMPLETION), strict=True))
)
def test_an_answer_of_no_shape_is_the_providers_failure(translation: Any, answer: Any) -> None:
    """Or it is read: nothing in it makes the translator fail in a way of its own."""
    said = 0
    for odd in misshapen(answer):
        with suppress(ProviderFailed):
            json.loads(translation.put_back(json.dumps(odd).encode(), 7))
            said += 1
    assert said > 20


@pytest.mark.parametrize(
    ("translation", "documents"), list(zip(TRANSLATIONS, (EVENTS, EVENTS, CHUNKS), strict=True))
)
def test_nor_does_a_stream_of_none(translation: Any, documents: list[Any]) -> None:
    class Passing:
        def feed(self, chunk: bytes) -> bytes:
            return chunk

    for at, document in enumerate(documents):
        for odd in misshapen(document):
            raw = sse([*documents[:at], odd, *documents[at + 1 :]], named=False)
            opened = Translating(translation.stream(b"{}", 7), Passing())  # type: ignore[arg-type]
            with suppress(ProviderFailed):
                opened.feed(raw)
