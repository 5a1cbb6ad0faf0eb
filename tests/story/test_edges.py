"""The edges of HTTP: what isn't a request, or isn't one for Privet, is refused like any other."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from openai import NotFoundError

from tests.house import House
from tests.raw import exchange, split
from tests.simulator import Simulator

SECRET = "Jane.Hollander@example.com"
SPOKEN = SECRET.encode()
GOOD = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]})
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


EDGES: dict[str, tuple[bytes, int, str]] = {
    "no HTTP at all": (SPOKEN + b"\r\n\r\n", 400, "bad_request"),
    "a header without a name": (
        b"GET / HTTP/1.1\r\nHost: a\r\n: " + SPOKEN + b"\r\n\r\n",
        400,
        "bad_request",
    ),
    "a NUL in a header": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Who: " + SPOKEN + b"\x00\r\n\r\n",
        400,
        "bad_request",
    ),
    "a header that never ends": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Who: " + SPOKEN * 1000 + b"\r\n\r\n",
        400,
        "bad_request",
    ),
    "a target that is no URL": (
        b"GET http://" + SPOKEN + b":99999/ HTTP/1.1\r\nHost: a\r\n\r\n",
        400,
        "bad_request",
    ),
    "a tunnel": (
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        501,
        "not_supported",
    ),
    "a WebSocket": (
        b"GET /v1/realtime?who=" + SPOKEN + b" HTTP/1.1\r\nHost: a\r\n" + WEBSOCKET + b"\r\n",
        501,
        "not_supported",
    ),
    "a WebSocket on a route of ours": (
        b"GET /v1/models HTTP/1.1\r\nHost: a\r\n" + WEBSOCKET + b"\r\n",
        501,
        "not_supported",
    ),
    "an unknown expectation": (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
        b"Content-Type: application/json\r\nExpect: " + SPOKEN + b"\r\n\r\n{",
        417,
        "expectation_failed",
    ),
}


@pytest.mark.parametrize("what", EDGES)
async def test_what_is_no_request_for_privet(
    what: str, privet: House, simulator: Simulator
) -> None:
    sent, status, code = EDGES[what]
    answer = await exchange(privet, sent)
    got, headers, body = split(answer)
    assert got == status
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["request_id"] == headers["x-privet-request-id"]
    assert error["request_id"].startswith("pvr-")
    assert headers["content-type"].startswith("application/json")
    assert headers["server"] == "privet"
    assert b"Hollander" not in answer
    assert simulator.journal == []


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/models", "/v1/files"])
async def test_no_answer_names_the_software_beneath(target: str, privet: House) -> None:
    response = await privet.client._client.get(privet.root + target)
    assert response.headers["server"] == "privet"


async def test_a_client_that_offers_http2_is_served(privet: House, simulator: Simulator) -> None:
    simulator.says("Fine.")
    answer = await exchange(privet, post(privet, "Connection: close, Upgrade\r\nUpgrade: h2c\r\n"))
    status, headers, body = split(answer)
    assert (status, headers["server"]) == (200, "privet")
    assert json.loads(body)["choices"][0]["message"]["content"] == "Fine."


async def test_a_client_that_waits_to_be_asked_for_its_body(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Fine.")
    address = urlsplit(privet.root)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head, _, body = post(privet, "Connection: close\r\nExpect: 100-continue\r\n").partition(
        b"\r\n\r\n"
    )
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    status, _, answer = split(await reader.read())
    writer.close()
    assert status == 200
    assert b"Fine." in answer


async def test_the_list_of_models_takes_get(privet: House, simulator: Simulator) -> None:
    for target in ("/v1/models", "/v1/models/gpt-4o-mini"):
        response = await privet.client._client.post(privet.root + target, json={})
        assert response.status_code == 405
        assert response.headers["allow"] == "GET"
        assert response.json()["error"]["code"] == "method_not_allowed"
    response = await privet.client._client.get(f"{privet.root}/v1/chat/completions")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert simulator.journal == []


async def test_one_model(privet: House) -> None:
    model = await privet.client.models.retrieve("gpt-4o-mini")
    assert (model.id, model.object) == ("gpt-4o-mini", "model")
    with pytest.raises(NotFoundError) as missing:
        await privet.client.models.retrieve(SECRET)
    assert missing.value.code == "model_not_found"
    assert "Hollander" not in str(missing.value)
    body: Any = missing.value.body
    assert body["request_id"]


def post(privet: House, fields: str) -> bytes:
    return (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {privet.key}\r\nContent-Length: {len(GOOD)}\r\n{fields}\r\n{GOOD}"
    ).encode()
