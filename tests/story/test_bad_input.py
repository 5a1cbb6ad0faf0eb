"""Bad input: a clear error in the caller's shape, nothing forwarded, a record where understood."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from proxy.detect.detector import Detector
from tests.house import House, house
from tests.simulator import Simulator

GOOD = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def nested(depth: int, opening: str, closing: str) -> bytes:
    return (
        b'{"model":"gpt-4o-mini","x":'
        + opening.encode() * depth
        + b"1"
        + (closing.encode() * depth)
        + b',"messages":[{"role":"user","content":"hi"}]}'
    )


def with_content(raw: bytes) -> bytes:
    return b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":' + raw + b"}]}"


BAD: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"model=gpt", 400),
    "half of it": (b'{"model": "gpt-4o-mini", "messages": [', 400),
    "two documents": (b"{}{}", 400),
    "an array": (b"[]", 400),
    "a duplicate key": (b'{"model":"a","model":"b","messages":[]}', 400),
    "a deep duplicate key": (with_content(b'[{"type":"text","text":"a","text":"b"}]'), 400),
    "NaN": (json.dumps({**GOOD, "temperature": float("nan")}).encode(), 400),
    "infinity": (json.dumps({**GOOD, "temperature": float("inf")}).encode(), 400),
    "half a surrogate pair": (with_content(b'"\\ud83d alone"'), 400),
    "a NUL": (with_content(b'"a\\u0000b"'), 400),
    "a raw NUL": (with_content(b'"a\x00b"'), 400),
    "no UTF-8": (with_content(b'"\xff\xfe"'), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), 400),
    "10,000 arrays": (nested(10_000, "[", "]"), 400),
    "10,000 objects": (nested(10_000, '{"a":', "}"), 400),
    "150 arrays": (nested(150, "[", "]"), 400),
    "10,000 arrays in a string": (
        with_content(json.dumps("[" * 10_000 + "]" * 10_000).encode()),
        400,
    ),
    "no model": (b'{"messages":[{"role":"user","content":"hi"}]}', 400),
    "a model of another type": (json.dumps({**GOOD, "model": 7}).encode(), 400),
    "a model with a line break": (json.dumps({**GOOD, "model": "a\r\nx: y"}).encode(), 400),
    "a model that never ends": (json.dumps({**GOOD, "model": "a" * 1000}).encode(), 400),
    "no messages": (b'{"model":"gpt-4o-mini"}', 400),
    "messages of another type": (b'{"model":"gpt-4o-mini","messages":"hi"}', 400),
    "a message of another type": (b'{"model":"gpt-4o-mini","messages":["hi"]}', 400),
    "content of another type": (with_content(b"7"), 400),
    "a stream of another type": (json.dumps({**GOOD, "stream": "yes"}).encode(), 400),
    "an unknown model": (json.dumps({**GOOD, "model": "gpt-99"}).encode(), 404),
    "a huge integer": (json.dumps({**GOOD, "seed": 10**400}).encode(), 400),
}


@pytest.mark.parametrize("what", BAD)
async def test_a_body(what: str, privet: House, simulator: Simulator) -> None:
    body, status = BAD[what]
    simulator.says("Fine.")
    response = await post(privet, body)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"]
    assert error["message"]
    assert response.headers["x-privet-request-id"] == error["request_id"]
    assert simulator.journal == []
    assert await privet.kinds() == (["refusal"] if status == 404 else [])


async def test_an_unknown_route_is_never_passed_through(
    privet: House, simulator: Simulator
) -> None:
    for path in ("/", "/v1/files", "/v1/chat/completions/", "/v1/audio/speech", "/%2e%2e/admin"):
        response = await privet.client._client.post(privet.root + path, json=GOOD)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"
    response = await privet.client._client.get(f"{privet.root}/v1/chat/completions")
    assert response.status_code == 405
    assert simulator.journal == []


async def test_a_gzip_bomb_is_not_unpacked(privet: House, simulator: Simulator) -> None:
    body = gzip.compress(b" " * 50_000_000)
    response = await post(privet, body, {"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "unsupported_media"
    assert simulator.journal == []


async def test_a_body_of_100_megabytes(privet: House, simulator: Simulator) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * 2**20:
            sent += 2**20
            yield b"x" * 2**20

    for body in (b"x" * (33 * 2**20), endless()):
        try:
            response = await post(privet, body)
        except OSError:  # it hung up on us in the middle, which is as clear
            continue
        assert response.status_code == 413
        assert response.json()["error"]["code"] == "too_large"
    assert simulator.journal == []


async def test_a_body_that_doesnt_come(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    limits = {"# limits:\n": "limits:\n  body_timeout_s: 0.05\n"}
    async with house(tmp_path / "privet", detector, simulator.base_url, settings=limits) as privet:
        address = urlsplit(privet.root)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: privet\r\nContent-Length: 1000\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer "
            + privet.key.encode()
            + b'\r\n\r\n{"model":'
        )
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"body_timeout" in answer
    assert simulator.journal == []


async def post(privet: House, body: Any, headers: dict[str, str] | None = None) -> Any:
    return await privet.client._client.post(
        f"{privet.root}/v1/chat/completions",
        content=body,
        headers={
            "Authorization": f"Bearer {privet.key}",
            "Content-Type": "application/json",
            **(headers or {}),
        },
    )
