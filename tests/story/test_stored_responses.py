"""Responses that are stored, gone on from, listed and deleted: all here, nothing at the provider."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openai import APIError, APIStatusError, AsyncOpenAI, BadRequestError, NotFoundError

from proxy import config
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from tests.house import House, house, opened, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"
ON_DISK = "vault: {store: sqlite, path: vault.db}\n"


@pytest.fixture
async def on_disk(tmp_path: Path, detector: Detector, simulator: Simulator) -> AsyncIterator[House]:
    """A Privet that stores in a file."""
    async with house(tmp_path / "privet", detector, simulator.base_url, extra=ON_DISK) as privet:
        yield privet


def break_vault(privet: House) -> None:
    """Take the table away beneath it: nothing can be written or read any more."""
    database = sqlite3.connect(privet.folder / "vault.db")
    with database:
        database.execute("DROP TABLE entries")
    database.close()


async def test_a_conversation_goes_on_from_a_response(privet: House, simulator: Simulator) -> None:
    """Three turns; each sends its own new items only, and the provider reads all of them."""
    simulator.says("Hello <PERSON_1>")
    simulator.says("You are <PERSON_1>, and she is <PERSON_2>.")
    simulator.says("Bye <PERSON_2>")
    ask = privet.client.responses.create
    first = await ask(model=MODEL, input="I am Jane Hollander.")
    second = await ask(
        model=MODEL, input="And Anna Karlsson?", previous_response_id=first.id, stream=True
    )
    ended = [event async for event in second][-1]
    assert ended.type == "response.completed"
    assert ended.response.output_text == "You are Jane Hollander, and she is Anna Karlsson."
    assert ended.response.previous_response_id == first.id
    third = await ask(model=MODEL, input="Greet her.", previous_response_id=ended.response.id)
    assert third.output_text == "Bye Anna Karlsson"

    bodies = [heard.json for heard in simulator.journal]
    assert [len(body["input"]) for body in bodies[1:]] == [3, 5]
    assert bodies[2]["input"][:3] == bodies[1]["input"], "a prefix stays as it was"
    for heard in simulator.journal:
        assert heard.json["store"] is False
        assert "previous_response_id" not in heard.json
        assert "Hollander" not in said_to(heard.body)
        assert "Karlsson" not in said_to(heard.body)


async def test_a_stored_response_is_retrieved_listed_and_deleted(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Hello <PERSON_1>")
    simulator.says("Still <PERSON_1>")
    client = privet.client
    first = await client.responses.create(model=MODEL, input="I am Jane Hollander.")
    second = await client.responses.create(
        model=MODEL, input="Who am I?", previous_response_id=first.id
    )
    assert (await client.responses.retrieve(second.id)).to_dict() == second.to_dict()
    assert second.store is True  # type: ignore[attr-defined]  # echoed, not in the SDK's type

    listed = [item async for item in client.responses.input_items.list(second.id, order="asc")]
    texts = [part.text for item in listed for part in item.content]  # type: ignore[union-attr]
    assert texts == ["I am Jane Hollander.", "Hello Jane Hollander", "Who am I?"]
    paged = [item.id async for item in client.responses.input_items.list(second.id, limit=1)]
    assert paged == [item.id for item in reversed(listed)]

    await client.responses.delete(first.id)
    with pytest.raises(NotFoundError):
        await client.responses.retrieve(first.id)
    with pytest.raises(NotFoundError):
        await client.responses.create(model=MODEL, input="x", previous_response_id=second.id)
    assert len(simulator.journal) == 2, "nothing was sent for it"


async def test_another_principal_gets_the_404_of_an_unknown_id(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Hello <PERSON_1>")
    mine = await privet.client.responses.create(model=MODEL, input="I am Jane Hollander.")
    key, _ = create_key(privet.folder / "keys.yaml", "sales", "desk")
    privet.services.identify.__self__.reload_if_changed()  # type: ignore[attr-defined]  # a KeyStore's
    async with AsyncOpenAI(base_url=f"{privet.root}/v1", api_key=key, max_retries=0) as other:
        calls = {
            "retrieve": other.responses.retrieve,
            "delete": other.responses.delete,
            "cancel": other.responses.cancel,
            "items": other.responses.input_items.list,
            "go on": lambda id_: other.responses.create(
                model=MODEL, input="Who?", previous_response_id=id_
            ),
            "refer": lambda id_: other.responses.create(
                model=MODEL, input=[{"type": "item_reference", "id": id_}]
            ),
        }
        for name, call in calls.items():
            bodies = []
            for response_id in (mine.id, "resp_nobody"):
                with pytest.raises(NotFoundError) as caught:
                    await call(response_id)
                body: Any = dict(caught.value.body)  # type: ignore[call-overload]
                body.pop("request_id")
                bodies.append(body)
            assert bodies[0] == bodies[1], name
    assert len(simulator.journal) == 1


async def test_items_are_referred_to_by_id(privet: House, simulator: Simulator) -> None:
    """As the Vercel AI SDK does by default."""
    simulator.calls("look_up", {"who": "<PERSON_1>"})
    simulator.says("Found <PERSON_1>")
    tools: Any = [{"type": "function", "name": "look_up", "parameters": {}, "strict": False}]
    first: Any = await privet.client.responses.create(
        model=MODEL, input="Look up Jane Hollander.", tools=tools
    )
    call = first.output[0]
    second = await privet.client.responses.create(
        model=MODEL,
        tools=tools,
        input=[
            {"role": "user", "content": "Look up Jane Hollander."},
            {"type": "item_reference", "id": call.id},
            {"type": "function_call_output", "call_id": call.call_id, "output": "a customer"},
        ],
    )
    assert second.output_text == "Found Jane Hollander"
    sent = simulator.journal[1].json["input"]
    assert sent[1]["type"] == "function_call"
    assert sent[1]["call_id"] == call.call_id
    assert "Hollander" not in said_to(simulator.journal[1].body)


async def test_what_isnt_to_be_stored_isnt(privet: House, simulator: Simulator) -> None:
    simulator.says("Hello <PERSON_1>")
    answer = await privet.client.responses.create(
        model=MODEL, input="I am Jane Hollander.", store=False
    )
    with pytest.raises(NotFoundError):
        await privet.client.responses.retrieve(answer.id)


async def test_what_cant_be_done_is_refused(privet: House, simulator: Simulator) -> None:
    simulator.says("Hello")
    ask = privet.client.responses.create
    with pytest.raises(BadRequestError, match="background"):
        await ask(model=MODEL, input="Hello", background=True)
    with pytest.raises(BadRequestError, match="conversations"):
        await ask(model=MODEL, input="Hello", conversation="conv_1")
    ended = await ask(model=MODEL, input="Hello")
    with pytest.raises(BadRequestError, match="ended"):
        await privet.client.responses.cancel(ended.id)
    assert len(simulator.journal) == 1


async def test_stored_responses_outlive_a_restart(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    folder = tmp_path / "privet"
    async with house(folder, detector, simulator.base_url, extra=ON_DISK) as privet:
        simulator.says("Hello <PERSON_1>")
        first = await privet.client.responses.create(model=MODEL, input="I am Jane Hollander.")
        key = privet.key
    assert b"Hollander" not in (folder / "vault.db").read_bytes()
    async with opened(config.load(folder / "privet.yaml", {}), key, detector) as privet:
        simulator.says("Still <PERSON_1>")
        second = await privet.client.responses.create(
            model=MODEL, input="Who?", previous_response_id=first.id
        )
    assert second.output_text == "Still Jane Hollander"


async def test_what_is_done_with_a_stored_response_is_on_record(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Hello <PERSON_1>")
    responses = privet.client.responses
    mine = await responses.create(model=MODEL, input="I am Jane Hollander.")
    await responses.retrieve(mine.id)
    await responses.input_items.list(mine.id)
    with pytest.raises(BadRequestError):
        await responses.cancel(mine.id)
    await responses.delete(mine.id)
    with pytest.raises(NotFoundError):
        await responses.retrieve(mine.id)

    records = [one.opened for one in await privet.records() if one.opened.kind.name == "ACCESS"]
    done = [(one.body["action"], one.body["status"], one.body["code"]) for one in records]
    assert done == [
        ("retrieve", "asked", ""),
        ("input_items", "asked", ""),
        ("cancel", "asked", ""),
        ("cancel", "refused", "bad_request"),
        ("delete", "asked", ""),
        ("retrieve", "refused", "response_not_found"),
    ]
    assert {one.body["stored"] for one in records} == {mine.id}
    assert {one.body["principal"]["team"] for one in records} == {"support"}
    assert all(one.exchange_id.startswith("pvr-") for one in records)
    assert "Hollander" not in str([one.body for one in records])
    assert (await privet.verify()).exit_code == 0


async def test_what_cant_be_put_on_record_isnt_done(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.says("Hello <PERSON_1>")
    mine = await privet.client.responses.create(model=MODEL, input="I am Jane Hollander.")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fdatasync", full)
        for attempt in (privet.client.responses.retrieve, privet.client.responses.delete):
            with pytest.raises(APIStatusError) as refused:
                await attempt(mine.id)
            assert (refused.value.status_code, refused.value.code) == (503, "audit_unavailable")
            assert "Hollander" not in refused.value.response.text

    assert (await privet.client.responses.retrieve(mine.id)).id == mine.id


async def test_an_answer_that_cant_be_stored_isnt_said_to_be(
    on_disk: House, simulator: Simulator
) -> None:
    break_vault(on_disk)
    simulator.says("Hello <PERSON_1>")
    with pytest.raises(APIStatusError) as refused:
        await on_disk.client.responses.create(model=MODEL, input="I am Jane Hollander.")
    assert (refused.value.status_code, refused.value.code) == (503, "vault_unavailable")
    assert "Hollander" not in refused.value.response.text
    outcome = (await on_disk.records())[-1].opened.body
    assert (outcome["status"], outcome["code"]) == ("failed", "vault_unavailable")
    assert outcome["delivered_bytes"] == 0

    simulator.says("Hello <PERSON_1>")
    answer = await on_disk.client.responses.create(
        model=MODEL, input="I am Jane Hollander.", store=False
    )
    assert answer.output_text == "Hello Jane Hollander"


async def test_a_stream_that_cant_be_stored_ends_before_it_says_so(
    on_disk: House, simulator: Simulator
) -> None:
    """Its text is delivered by then; what isn't is the event that promises the rest."""
    break_vault(on_disk)
    simulator.says("Hello <PERSON_1>").byte_by_byte()
    stream: Any = await on_disk.client.responses.create(
        model=MODEL, input="I am Jane Hollander.", stream=True
    )
    seen: list[str] = []
    with pytest.raises(APIError, match="can't be stored"):
        while True:
            seen.append((await anext(stream)).type)
    assert "response.output_text.done" in seen
    assert "response.completed" not in seen
    while (await on_disk.kinds())[-1] != "outcome":  # the record is written after the last byte
        await asyncio.sleep(0)
    outcome = (await on_disk.records())[-1].opened.body
    assert (outcome["status"], outcome["code"]) == ("failed", "vault_unavailable")
