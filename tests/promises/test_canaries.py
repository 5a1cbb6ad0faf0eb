"""Canaries: a value of every entity in every field of every request shape; none gets out, all come back.

The shapes hold each field in which a caller's text can stand, in each dialect, and fields and a kind
of content that nobody has heard of. (That a detector which is killed in the middle lets nothing out
is in test_p3_fail_closed.py.)
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.assistant import Reply
from proxy.commands.scaffold import starter_policy
from proxy.detect.detector import Detector
from proxy.exchange import Author, TextPart
from proxy.mask import Restorable, Restorer
from proxy.mask.masked import Surrogate
from proxy.wire import BY_PATH
from proxy.wire.restoring import Asked
from tests import anthropic_scene
from tests.house import House, house, said_to
from tests.promises.canaries import SECRETS, canaries
from tests.scene import Heard, Scene, answering
from tests.simulator import Simulator

#: What the starter policy shows, or shows unless a person is named beside it.
SHOWN = {"URL", "DATE_TIME", "NRP", "LOCATION"}
#: Without a form of its own: tests/detect has them.
WITHOUT_FORM = {"ORGANIZATION", "SK_RC"}  # SK_RC reads as CZ_RC, which it was
TEXT = "\n".join(f"{text}\n" for text, _ in canaries().values())

PLACES: dict[str, Any] = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "system", "content": "$"},
            {"role": "developer", "content": [{"type": "text", "text": "$"}]},
            {
                "role": "assistant",
                "content": "$",
                "refusal": "$",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{$}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "{$}"},
            {"role": "user", "content": [{"type": "hologram", "of": ["$"]}]},
            {"role": "user", "content": "$"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "$",
                    "parameters": {
                        "type": "object",
                        "description": "$",
                        "properties": {"a": {"enum": ["$"]}},
                    },
                },
            }
        ],
        "prediction": {"type": "content", "content": "$"},
        "stop": ["$"],
        "next_year": {"deep": [{"$": "$"}]},
    },
    "/v1/responses": {
        "instructions": "$",
        "input": [
            {"role": "developer", "content": "$"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{$}"},
            {"type": "function_call_output", "call_id": "c1", "output": "{$}"},
            {"role": "user", "content": [{"type": "input_text", "text": "$"}]},
        ],
        "tools": [{"type": "function", "name": "f", "description": "$", "parameters": {}}],
        "next_year": {"deep": ["$"]},
        "store": False,
    },
    "/v1/messages": {
        "max_tokens": 9,
        "system": [{"type": "text", "text": "$"}],
        "messages": [
            {"role": "user", "content": "$"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "$"},
                    {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": ["$"]}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": [{"type": "text", "text": "$"}],
                    },
                    {
                        "type": "document",
                        "title": "$",
                        "source": {"type": "text", "media_type": "text/plain", "data": "$"},
                    },
                    {"type": "text", "text": "$"},
                ],
            },
        ],
        "tools": [{"name": "f", "description": "$", "input_schema": {"type": "object"}}],
        "next_year": {"deep": ["$"]},
    },
    "/v1/completions": {"prompt": ["$"], "suffix": "$", "next_year": ["$"]},
    "/v1/embeddings": {"input": ["$", "$"], "next_year": ["$"]},
}
PROVIDERS = {"/v1/messages": "anthropic"}


def filled(shape: Any, text: str) -> Any:
    """The shape with the text in each of its places; in JSON inside a string where braces say so."""
    if isinstance(shape, dict):
        return {filled(name, text[:60]): filled(value, text) for name, value in shape.items()}
    if isinstance(shape, list):
        return [filled(value, text) for value in shape]
    return (
        {"$": text, "{$}": json.dumps({"of": text})}.get(shape, shape)
        if isinstance(shape, str)
        else shape
    )


def told(body: bytes) -> Iterator[str]:
    """The canaries that stand in what a provider was sent, as people read it."""
    said = said_to(body)
    for entity, (_, value) in canaries().items():
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", said):
            yield f"{entity}: {value}"


def test_there_is_a_canary_of_every_entity(detector: Detector) -> None:
    secrets = {"API_KEY", "PRIVATE_KEY"}
    assert detector.produced - set(canaries()) == SHOWN | WITHOUT_FORM | secrets


@pytest.mark.parametrize("path", PLACES)
def test_without_hiding_each_would_be_seen(path: str) -> None:
    sent = json.dumps(filled(PLACES[path], TEXT)).encode()
    assert len(list(told(sent))) == len(canaries()) > 120


@pytest.fixture
def action() -> str:
    """How values are hidden; `test_no_canary…` also asks for surrogates."""
    return "placeholder"


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, path: str, action: str
) -> AsyncIterator[House]:
    kind, policy = PROVIDERS.get(path, ""), starter_policy()
    if action != "placeholder":
        policy = policy.replace("action: placeholder", f"action: {action}, residual: public")
    async with house(
        tmp_path / "privet", detector, simulator.base_url, cloud_type=kind, policy=policy
    ) as running:
        yield running


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("action", ["placeholder", "pseudonymise"])
async def test_no_canary_gets_out_and_all_come_back(
    path: str, action: str, privet: House, simulator: Simulator
) -> None:
    last: list[str] = []

    def echo(heard: Heard, scene: Scene) -> Any:
        said = heard.json.get("messages") or heard.json.get("input") or heard.json.get("prompt")
        content = said[-1] if isinstance(said[-1], str) else said[-1]["content"]
        last.append(content if isinstance(content, str) else content[-1]["text"])
        reply = Reply(last[-1])
        if heard.target in anthropic_scene.PATHS:
            return anthropic_scene.saying(heard, scene, reply)
        return answering(heard, scene, [reply])

    simulator._otherwise = Scene(echo)
    response = await privet.client._client.post(
        privet.root + path,
        headers={"Authorization": f"Bearer {privet.key}"},
        json={"model": "gpt-4o-mini", **filled(PLACES[path], TEXT)},
    )
    assert response.status_code == 200, response.text
    (heard,) = simulator.journal
    assert list(told(heard.body)) == []
    assert last[0] != TEXT
    if path != "/v1/embeddings":
        assert json.dumps(TEXT)[1:-1] in json.dumps(response.json(), ensure_ascii=True)


@pytest.mark.parametrize("path", PLACES)
async def test_a_key_in_any_place_is_refused(
    path: str, privet: House, simulator: Simulator
) -> None:
    for secret in SECRETS:
        response = await privet.client._client.post(
            privet.root + path,
            headers={"Authorization": f"Bearer {privet.key}"},
            json={"model": "gpt-4o-mini", **filled(PLACES[path], f"Use {secret} now.")},
        )
        assert response.status_code == 403, secret
        assert secret not in response.text
    assert simulator.journal == []


STREAMED = ["/v1/chat/completions", "/v1/responses", "/v1/messages"]


def _stream_of(path: str, text: str) -> bytes:
    """The bytes of a stream that says `text`, in forty fragments."""
    body = json.dumps({"model": "m", "stream": True, "messages": [], "input": "x"}).encode()
    scene = Scene(
        lambda heard, scene: (
            anthropic_scene.saying(heard, scene, Reply(text))
            if path == "/v1/messages"
            else answering(heard, scene, [Reply(text)])
        )
    )
    return scene.in_fragments(40).render(Heard(1, "POST", path, (), body))[1]


def _played(path: str, mapping: Restorable, *pieces: bytes) -> bytes:
    """What the caller gets of a stream that arrives in these pieces."""
    streaming = BY_PATH[path].stream
    assert streaming is not None
    request = [TextPart((), "Who is it?", Author.USER)]
    stream = streaming(Restorer(mapping, request), Asked())
    return b"".join(map(stream.feed, pieces)) + stream.close()


@pytest.mark.parametrize("path", STREAMED)
def test_a_placeholder_split_at_every_offset_comes_back(path: str) -> None:
    """The bytes of a stream in two pieces, cut at every byte of every placeholder in it."""
    mapping = Restorable({"PERSON_1": 'Jané "J" Hollander', "EMAIL_ADDRESS_1": "jane@example.com"})
    sent = _stream_of(path, "Dear <PERSON_1>, &lt;EMAIL_ADDRESS_1&gt; or PERSON_1.")
    whole = _played(path, mapping, sent)
    told = json.dumps(whole.decode(), ensure_ascii=False)
    assert "PERSON_1" not in told
    assert "EMAIL_ADDRESS_1" not in told
    wanted = list(_texts(whole))
    places = [match.span() for match in re.finditer(rb"(?:<|&lt;)?[A-Z]+(?:_[A-Z]+)?_1", sent)]
    assert len(places) >= 3
    for start, end in places:
        for cut in range(start, end + 5):
            got = _texts(_played(path, mapping, sent[:cut], sent[cut:]))
            assert "".join(got) == "".join(wanted), cut


@pytest.mark.parametrize("path", STREAMED)
def test_a_surrogate_in_fragments_comes_back(path: str) -> None:
    """The fragments cut it in several places; then the bytes are cut between any two of them."""
    stands_for = {"Falka Brand": "Jane Doe", "Falka": "Jane", "f.brand@nox.example": "jd@acme.com"}
    issued = {name: Surrogate(text, frozenset()) for name, text in stands_for.items()}
    mapping = Restorable(surrogates=issued)
    sent = _stream_of(path, "Dear Falka Brand, or Falka: Falkas are f.brand@nox.example. Falka")
    wanted = "Dear Jane Doe, or Jane: Falkas are jd@acme.com. Jane"
    assert "".join(_texts(_played(path, mapping, sent))) == wanted
    for cut in range(0, len(sent), 13):
        assert "".join(_texts(_played(path, mapping, sent[:cut], sent[cut:]))) == wanted, cut


def _texts(stream: bytes) -> Iterator[str]:
    """Every text in a stream's deltas, in order."""
    for line in stream.splitlines():
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            delta = event.get("delta")
            for choice in event.get("choices", ()):
                delta = choice.get("delta", {}).get("content")
            text = delta.get("text") if isinstance(delta, dict) else delta
            yield text or ""
