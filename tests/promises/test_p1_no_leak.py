"""P1 No leak: no hidden value reaches a provider in any part of a request.

Replaced by no-ops: the sweep (then the egress guard refuses), the guard as well (then it leaks), the
rewriting of parts (then everything leaks), and the look into files (then what they spell leaks).
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from openai import InternalServerError

from proxy import pipeline
from proxy.commands import scaffold
from proxy.detect.detector import Detector
from proxy.mask import masked, masking
from proxy.mask.plan import Plan
from proxy.recording import Recorder
from proxy.steps import departure
from tests.house import House, house, said_to
from tests.promises.planted import INTRODUCTION, VALUES, leaks
from tests.simulator import Simulator

PERSON, MAIL, CARD = VALUES["person"], VALUES["mail"], VALUES["card"]
USER = {"role": "user", "content": INTRODUCTION}


def ask(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [USER], **more}


def after(*messages: Any) -> dict[str, Any]:
    return ask(messages=[USER, *messages])


def call(arguments: str) -> dict[str, Any]:
    function = {"name": "look_up", "arguments": arguments}
    calls = [{"id": "call_1", "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def tool(description: str, parameters: Any) -> dict[str, Any]:
    function = {"name": "look_up", "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


REQUESTS: dict[str, dict[str, Any]] = {
    "user text": ask(),
    "system text": ask(messages=[{"role": "system", "content": INTRODUCTION}, USER]),
    "developer text": ask(messages=[{"role": "developer", "content": INTRODUCTION}, USER]),
    "assistant text": after({"role": "assistant", "content": f"Hello {PERSON}, {MAIL}!"}),
    "refusal": after({"role": "assistant", "content": None, "refusal": f"Not {PERSON}."}),
    "list content": after({"role": "user", "content": [{"type": "text", "text": MAIL}]}),
    "message name": after({"role": "user", "name": "jane.hollander@example.com", "content": "x"}),
    "tool arguments": after(call(json.dumps({"who": PERSON, "cards": [CARD]}))),
    "escaped tool arguments": after(call('{"who": "\\u004aane Hollander"}')),
    "keys of tool arguments": after(call(json.dumps({PERSON: 1}))),
    "JSON in JSON in arguments": after(call(json.dumps({"q": json.dumps({"mail": MAIL})}))),
    "broken tool arguments": after(call('{"who": "Jane Hollander')),
    "tool result": after(
        call("{}"), {"role": "tool", "tool_call_id": "call_1", "content": f'["{MAIL}"]'}
    ),
    "number in a tool result": after(
        call("{}"), {"role": "tool", "tool_call_id": "call_1", "content": '{"ssn": 536904399}'}
    ),
    "a short number in a tool result": after(
        {"role": "user", "content": "My MRN is 123456."},
        call("{}"),
        {"role": "tool", "tool_call_id": "call_1", "content": '{"mrn": 123456}'},
    ),
    "tool call id": after(
        {"role": "tool", "tool_call_id": "jane.hollander@example.com", "content": "x"}
    ),
    "tool description": ask(tools=[tool(f"Looks up {PERSON}", {"type": "object"})]),
    "tool schema": ask(
        tools=[
            tool(
                "x",
                {
                    "type": "object",
                    "properties": {"who": {"type": "string", "enum": [PERSON, MAIL]}},
                    "description": f"see {CARD}",
                    "required": ["who"],
                },
            )
        ]
    ),
    "property named after a person": ask(
        tools=[tool("x", {"type": "object", "properties": {PERSON: {}}, "required": [PERSON]})]
    ),
    "schema of the answer": ask(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": {"type": "object", "const": MAIL}},
        }
    ),
    "stop": ask(stop=[f"{PERSON}:"]),
    "metadata": ask(metadata={"customer": PERSON, MAIL: "yes"}),
    "user": ask(user=MAIL),
    "safety identifier": ask(safety_identifier=MAIL),
    "prediction": ask(prediction={"type": "content", "content": INTRODUCTION}),
    "web search": ask(
        web_search_options={"user_location": {"type": "approximate", "city": PERSON}}
    ),
    "a field of next year": ask(memory_of_the_future={"about": [{"deep": [PERSON, CARD]}]}),
    "a key of next year": ask(about={MAIL: True}),
    "an unknown content part": after(
        {"role": "user", "content": [{"type": "hologram", "of": {"name": PERSON}}]}
    ),
    "a text document as data URL": after(
        {
            "role": "user",
            "content": [
                {
                    "type": "file",
                    "file": {
                        "filename": "Jane Hollander.txt",
                        "file_data": "data:text/plain;base64,"
                        + b64encode(INTRODUCTION.encode()).decode(),
                    },
                }
            ],
        }
    ),
    "URL-encoded": after({"role": "user", "content": f"see https://x.example/?q={quote(PERSON)}"}),
    "base64": after(
        {"role": "user", "content": "decode " + b64encode(f"I am {PERSON}.".encode()).decode()}
    ),
    "base64 of no text": after(
        {"role": "user", "content": b64encode(b"\xfe\xff" + PERSON.encode() + b"\xfe").decode()}
    ),
    "other case": after({"role": "user", "content": "JANE HOLLANDER and jane hollander"}),
    "card without spaces": after({"role": "user", "content": "4111111111111111"}),
}


@pytest.mark.parametrize("place", REQUESTS)
async def test_nothing_hidden_is_in_what_the_provider_saw(
    place: str, privet: House, simulator: Simulator
) -> None:
    simulator.says("Fine.")
    response = await post(privet, REQUESTS[place])
    assert response.status_code == 200, response.text
    (heard,) = simulator.journal
    assert leaks(heard.body) == []
    assert "hollander" not in said_to(heard.body).lower()
    assert "123456" not in said_to(heard.body)
    assert leaks(repr((heard.target, heard.headers)).encode()) == []


async def test_without_the_sweep_the_guard_refuses(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "sweep", lambda _parts, findings, *_: findings)
    with pytest.raises(InternalServerError) as refused:
        await privet.client.chat.completions.create(**REQUESTS["base64 of no text"])
    assert refused.value.code == "egress_guard"
    assert simulator.journal == []
    assert await privet.kinds() == ["refusal"]


async def test_without_sweep_and_guard_it_leaks(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "sweep", lambda _parts, findings, *_: findings)
    monkeypatch.setattr(departure, "check", lambda *_: None)
    simulator.says("Fine.")
    await post(privet, REQUESTS["base64 of no text"])
    assert leaks(simulator.journal[0].body) == [PERSON]


async def test_a_body_that_lost_its_edits_is_not_sent(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard reads what is sent, not what was meant to be."""
    monkeypatch.setattr("proxy.wire.writing.rewrite", lambda tree, *_: tree)
    response = await post(privet, REQUESTS["user text"])
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "egress_guard"
    assert simulator.journal == []


async def test_without_rewriting_everything_leaks(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_hidden = Plan((), (), local=True)
    unmasked = masked.Masked({}, (), masked.Restorable(), (), (), nothing_hidden, {})
    monkeypatch.setattr(masking.Numbering, "render", lambda *_: unmasked)
    monkeypatch.setattr(departure, "check", lambda *_: None)
    monkeypatch.setattr(Recorder, "intent", nothing)
    simulator.says("Fine.")
    await post(privet, REQUESTS["user text"])
    assert leaks(simulator.journal[0].body) == list(VALUES.values())


@pytest.mark.parametrize("checked", [True, False])
async def test_a_file_that_spells_a_hidden_value_is_not_sent(
    checked: bool,
    tmp_path: Path,
    detector: Detector,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even to the cellar, which may see files, where names are always hidden."""
    person = "PERSON: {class: confidential, action: placeholder"
    policy = scaffold.starter_policy()
    assert f"{person}}}" in policy
    policy = policy.replace(f"{person}}}", f"{person}, hide: always}}")
    file = b64encode(b"Contract with Jane Hollander, signed by both sides, and so on.").decode()
    content: list[Any] = [
        {"type": "text", "text": "What does the contract with Jane Hollander say?"},
        {"type": "file", "file": {"file_data": file}},
    ]
    body = {"model": "house-model", "messages": [{"role": "user", "content": content}]}
    if not checked:
        monkeypatch.setattr(departure, "check_opaque", lambda *_: None)
    simulator.says("It is long.")
    async with house(tmp_path, detector, simulator.base_url, policy=policy) as privet:
        response = await post(privet, body)
    if checked:
        assert response.status_code == 422
        assert response.json()["error"]["code"] == "cannot_mask"
        assert simulator.journal == []
    else:
        assert leaks(simulator.journal[0].body) == [PERSON]


async def nothing(*_: Any, **__: Any) -> None:
    return


async def post(privet: House, body: dict[str, Any]) -> Any:
    """Send a body as it is: the SDK wouldn't send some of these."""
    return await privet.client._client.post(
        f"{privet.root}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {privet.key}"},
    )
