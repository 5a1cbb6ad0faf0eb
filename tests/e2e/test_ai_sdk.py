"""The Vercel AI SDK as client, an upstream that others wrote: texts, streams, objects, a tool loop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import node
from tests.e2e.aimock import Aimock
from tests.house import House

ASK = "Please greet Jane Hollander, jane@example.com."
MAIL = "<EMAIL_ADDRESS_1>"
GREETING = "Hello Jane Hollander, I wrote to jane@example.com."


@pytest.mark.parametrize("protocol", ["chat", "responses"])
async def test_what_its_user_reads(
    privet: House, aimock: Aimock, tmp_path: Path, protocol: str
) -> None:
    call = {"id": "call_1", "name": "send_mail", "arguments": json.dumps({"to": MAIL})}
    greeting = {"content": f"Hello <PERSON_1>, I wrote to {MAIL}."}
    aimock.plays(
        {"match": {"toolResultContains": MAIL}, "response": greeting},
        {"match": {"userMessage": "Write to them"}, "response": {"toolCalls": [call]}},
        {
            "match": {"userMessage": "Only the address"},
            "response": {"content": json.dumps({"to": MAIL})},
        },
        {"match": {"userMessage": "Please greet"}, "response": greeting, "chunkSize": 3},
    )

    told = await node.run(
        node.HERE / "ai_sdk.mjs",
        *(f"{privet.root}/v1", privet.key, protocol, ASK),
        folder=tmp_path,
        environment={},
    )

    assert told == {
        "text": GREETING,
        "streamed": GREETING,
        "object": {"to": "jane@example.com"},
        "called": [{"to": "jane@example.com"}] * 2,
        "afterTool": GREETING,
        "afterToolStreamed": GREETING,
    }
    journal = aimock.journal()
    assert [call.status for call in journal] == [200] * 7
    route = {"chat": "/v1/chat/completions", "responses": "/v1/responses"}[protocol]
    assert {call.path for call in journal} == {route}
    heard = json.dumps([call.body for call in journal])
    assert "<PERSON_1>" in heard
    assert "Hollander" not in heard
    assert "jane@example.com" not in heard
