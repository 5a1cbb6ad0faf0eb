"""LangChain as client, an upstream that others wrote: over both of OpenAI's protocols, and embeddings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from tests.e2e.aimock import Aimock
from tests.house import House

ASK = "Please greet Jane Hollander, jane@example.com."
MAIL = "<EMAIL_ADDRESS_1>"
GREETING = "Hello Jane Hollander, I wrote to jane@example.com."
SCHEMA = {
    "title": "send_mail",
    "description": "Send an e-mail",
    "type": "object",
    "properties": {"to": {"type": "string"}},
    "required": ["to"],
    "additionalProperties": False,
}


@pytest.fixture
async def pointed(privet: House) -> AsyncIterator[dict[str, Any]]:
    """What points it at Privet; the HTTP client of its own would stay open until the process ends."""
    async with openai.DefaultAsyncHttpxClient() as client:
        yield {
            "model": "gpt-4o-mini",
            "base_url": f"{privet.root}/v1",
            "api_key": privet.key,
            "max_retries": 0,
            "http_async_client": client,
        }


@pytest.fixture(params=["chat", "responses"])
def model(request: pytest.FixtureRequest, pointed: dict[str, Any]) -> Any:
    return ChatOpenAI(**pointed, use_responses_api=request.param == "responses")


def plays(aimock: Aimock, response: dict[str, Any]) -> None:
    aimock.plays({"match": {"userMessage": "Please greet"}, "response": response, "chunkSize": 3})


def heard(aimock: Aimock) -> str:
    told = json.dumps([call.body for call in aimock.journal()])
    assert "Hollander" not in told
    assert "jane@example.com" not in told
    return told


async def test_an_answer_and_a_stream(model: Any, aimock: Aimock) -> None:
    plays(aimock, {"content": f"Hello <PERSON_1>, I wrote to {MAIL}."})

    assert (await model.ainvoke(ASK)).text == GREETING
    assert "".join([piece.text async for piece in model.astream(ASK)]) == GREETING

    assert heard(aimock).count("<PERSON_1>") == 2


async def test_a_tool_loop(model: Any, aimock: Aimock) -> None:
    call = {"id": "call_1", "name": "send_mail", "arguments": json.dumps({"to": MAIL})}
    result = {"match": {"toolResultContains": MAIL}, "response": {"content": "<PERSON_1> has it."}}
    aimock.plays(result)
    plays(aimock, {"toolCalls": [call]})
    chat, question = model.bind_tools([SCHEMA]), HumanMessage(ASK)

    called = await chat.ainvoke([question])
    (asked,) = called.tool_calls
    assert (asked["name"], asked["args"]) == ("send_mail", {"to": "jane@example.com"})
    done = ToolMessage("Sent to jane@example.com.", tool_call_id=asked["id"])

    assert (await chat.ainvoke([question, called, done])).text == "Jane Hollander has it."
    assert "<EMAIL_ADDRESS_1>" in heard(aimock)


async def test_structured_output(model: Any, aimock: Aimock) -> None:
    plays(aimock, {"content": json.dumps({"to": MAIL})})
    structured = model.with_structured_output(SCHEMA, method="json_schema", strict=True)
    assert await structured.ainvoke(ASK) == {"to": "jane@example.com"}
    heard(aimock)


async def test_embeddings_of_texts(privet: House, aimock: Aimock, pointed: dict[str, Any]) -> None:
    """Its default sends numbers of tokens, which nobody can read: those stay on the premises."""
    embeddings = OpenAIEmbeddings(**pointed, check_embedding_ctx_length=False)
    assert len(await embeddings.aembed_documents(["Jane Hollander's file", "Another"])) == 2
    assert "<VALUE_" in heard(aimock)
    with pytest.raises(openai.PermissionDeniedError):
        await privet.client.embeddings.create(model="gpt-4o-mini", input=[[9906, 5940, 382]])
    assert len(aimock.journal()) == 1
