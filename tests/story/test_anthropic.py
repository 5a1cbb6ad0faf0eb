"""Conversations with Anthropic's official client: what the application says, what is heard."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest

from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.house import House, house, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"
ASKED: Any = {
    "model": MODEL,
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Write to Jane Doe at jane.doe@example.com."}],
}
SEND_MAIL: Any = {
    "name": "send_mail",
    "description": "Send an e-mail",
    "input_schema": {
        "type": "object",
        "properties": {"to": {"type": "string"}, "body": {"type": "string"}},
        "required": ["to", "body"],
    },
}


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> AsyncIterator[House]:
    kinds = {"cloud_type": "anthropic", "cellar_type": "anthropic"}
    async with house(
        tmp_path / "privet", detector, simulator.base_url, cellar.base_url, **kinds
    ) as running:
        yield running


async def test_a_question_and_its_answer(privet: House, simulator: Simulator) -> None:
    simulator.messages(text("Dear <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."))

    answer = await privet.anthropic.messages.create(**ASKED)

    (heard,) = simulator.journal
    assert heard.target == "/v1/messages"
    assert "Write to <PERSON_1> at <EMAIL_ADDRESS_1>." in said_to(heard.body)
    assert "Jane" not in said_to(heard.body)
    assert answer.content[0].text == "Dear Jane Doe, I wrote to jane.doe@example.com."
    assert (answer.stop_reason, answer.usage.cache_read_input_tokens) == ("end_turn", 7)


async def test_a_stream_keeps_its_event_lines(privet: House, simulator: Simulator) -> None:
    simulator.messages(
        text("Dear <PERSON_1>, I wrote."), tool_use("send_mail", {"to": "<EMAIL_ADDRESS_1>"})
    ).byte_by_byte()

    async with privet.anthropic.messages.stream(**ASKED, tools=[SEND_MAIL]) as stream:
        said = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()

    assert said == "Dear Jane Doe, I wrote."
    assert final.content[1].input == {"to": "jane.doe@example.com"}
    assert final.stop_reason == "tool_use"


async def test_a_tool_is_called_and_its_result_handed_in(
    privet: House, simulator: Simulator
) -> None:
    simulator.messages(
        tool_use("send_mail", {"to": "<EMAIL_ADDRESS_1>", "body": 'For "<PERSON_1>"'})
    )
    simulator.messages(text("<PERSON_1> has it."))
    first = await privet.anthropic.messages.create(**ASKED, tools=[SEND_MAIL])
    call = first.content[0]
    assert call.input == {"to": "jane.doe@example.com", "body": 'For "Jane Doe"'}

    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sent to Jane Doe"}
    turns = [
        *ASKED["messages"],
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = await privet.anthropic.messages.create(
        **{**ASKED, "messages": turns}, tools=[SEND_MAIL]
    )

    heard = json.loads(simulator.journal[1].body)
    assert heard["messages"][1]["content"][0]["input"]["to"] == "<EMAIL_ADDRESS_1>"
    assert heard["messages"][2]["content"][0]["content"] == "sent to <PERSON_1>"
    assert "Jane" not in said_to(simulator.journal[1].body)
    assert second.content[0].text == "Jane Doe has it."


async def test_the_overload_of_a_provider_reads_as_anthropics_own(
    privet: House, simulator: Simulator
) -> None:
    simulator.overloads().with_header("retry-after", "0")
    simulator.overloads().with_header("retry-after", "0")

    with pytest.raises(anthropic.APIStatusError) as caught:
        await privet.anthropic.messages.create(**ASKED)

    assert caught.value.status_code == 529
    assert caught.value.body["error"]["type"] == "overloaded_error"
    assert len(simulator.journal) == 2


async def test_tokens_are_counted_of_what_the_provider_may_see(
    privet: House, simulator: Simulator
) -> None:
    simulator.sends(b'{"input_tokens": 14}')

    count = await privet.anthropic.messages.count_tokens(
        model=MODEL, messages=ASKED["messages"], system="You serve Jane Doe."
    )

    assert count.input_tokens == 14
    (heard,) = simulator.journal
    assert heard.target == "/v1/messages/count_tokens"
    assert "Jane" not in said_to(heard.body)


async def test_the_key_in_x_api_key_says_who_asks(privet: House, simulator: Simulator) -> None:
    """As Anthropic's API has it; the key is for Privet and goes no further."""
    simulator.messages(text("Fine."))
    url = f"{privet.root}/v1/messages"
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(url, json=ASKED, headers={"x-api-key": privet.key})
        other = {"x-api-key": "pv-" + "A" * 32}
        stranger = await plain.post(url, json=ASKED, headers=other)

    assert answer.json()["content"][0]["text"] == "Fine."
    (heard,) = simulator.journal
    assert privet.key not in json.dumps(heard.headers)
    (intent,) = [r for r in await privet.records() if r.opened.kind.name == "INTENT"]
    principal = intent.opened.body["principal"]
    assert (principal["team"], principal["app"]) == ("support", "desk")
    assert stranger.status_code == 401
    assert stranger.json()["error"]["type"] == "authentication_error"


async def test_models_are_listed_as_anthropics_sdk_reads_them(
    privet: House, simulator: Simulator
) -> None:
    listed = [model async for model in privet.anthropic.models.list()]
    one = await privet.anthropic.models.retrieve(MODEL)
    with pytest.raises(anthropic.NotFoundError) as missing:
        await privet.anthropic.models.retrieve("jane.doe@example.com")

    assert [model.id for model in listed] == [
        model.id async for model in privet.client.models.list()
    ]
    assert one in listed
    assert (one.type, one.display_name, one.created_at.year) == ("model", MODEL, 1970)
    assert missing.value.body["error"]["type"] == "not_found_error"
    assert "jane" not in str(missing.value)
    assert simulator.journal == []
