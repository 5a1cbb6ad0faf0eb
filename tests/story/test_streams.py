"""How a stream can go wrong on the provider's side, and what the application then reads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai import APIError

from tests.house import House
from tests.simulator import Simulator

ASK: Any = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "I am Jane Hollander."}],
    "stream": True,
}


async def read(privet: House) -> str:
    stream = await privet.client.chat.completions.create(**ASK)
    text = ""
    async for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
    return text


async def raw(privet: House) -> bytes:
    """The bytes of the answer; a cut connection would raise here."""
    response = await privet.client._client.post(
        f"{privet.root}/v1/chat/completions",
        json=ASK,
        headers={"Authorization": f"Bearer {privet.key}"},
    )
    return bytes(response.content)


async def test_a_stream_cut_at_every_byte_ends_cleanly(privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>, bye.").in_fragments(7)
    whole = await raw(privet)
    length = len(whole)
    for at in range(0, length, 61):
        simulator.says("Dear <PERSON_1>, bye.").in_fragments(7).cuts(at=at)
        got = await raw(privet)
        ended = got.endswith(b"data: [DONE]\n\n") or b'"error"' in got.rsplit(b"data: ", 1)[-1]
        assert ended, (at, got[-200:])
        assert b"PERSON_1" not in got


async def test_the_sdk_raises_when_the_provider_breaks_off(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Dear <PERSON_1>, how are you today?").in_fragments(6).cuts(at=900)
    with pytest.raises(APIError) as broken:
        await read(privet)
    assert broken.value.code == "provider_failed"
    while await privet.kinds() != ["intent", "outcome"]:
        await asyncio.sleep(0)
    body: Any = (await privet.records())[-1].opened.body
    assert (body["status"], body["code"]) == ("failed", "provider_failed")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
async def test_every_framing_of_events(newline: str, privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>").framed(newline=newline, comment="keep-alive").byte_by_byte()
    assert await read(privet) == "Dear Jane Hollander"


async def test_an_event_that_is_no_json(privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>").garbles(2)
    with pytest.raises(APIError) as broken:
        await read(privet)
    assert broken.value.code == "provider_failed"


async def test_json_where_a_stream_was_asked(privet: House, simulator: Simulator) -> None:
    simulator.sends(b"<html>gateway</html>", content_type="text/html")
    with pytest.raises(APIError) as broken:
        await read(privet)
    assert broken.value.code == "provider_failed"


async def test_several_choices_interleaved(privet: House, simulator: Simulator) -> None:
    simulator.says("One <PERSON_1>", "Two <PERSON_1>").in_fragments(2)
    stream = await privet.client.chat.completions.create(**ASK, n=2)
    texts = ["", ""]
    finished: list[int] = []
    async for chunk in stream:
        for choice in chunk.choices:
            assert choice.index not in finished, "nothing comes after finish_reason"
            texts[choice.index] += choice.delta.content or ""
            if choice.finish_reason:
                finished.append(choice.index)
    assert texts == ["One Jane Hollander", "Two Jane Hollander"]


async def test_a_placeholder_that_never_ends_goes_out_as_it_came(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("What is <PERSON_").in_fragments(3)
    assert await read(privet) == "What is <PERSON_"


async def test_a_long_stream_is_sealed_in_parts(privet: House, simulator: Simulator) -> None:
    simulator.says("word " * 3000).in_fragments(5)
    assert await read(privet) == "word " * 3000
    kinds = await privet.kinds()
    assert kinds[0] == "intent"
    assert kinds[-1] == "outcome"
    assert kinds.count("part") >= 2
