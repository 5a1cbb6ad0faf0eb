"""What a caller may slip in beside the text: hosts, header fields, keys in the URL, slow bytes."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog

from proxy import connection, logs
from proxy.assistant import Reply
from proxy.detect.detector import Detector
from proxy.identity.keys import KeyStore, create_key
from tests.house import House, house, said_to
from tests.raw import exchange, split
from tests.simulator import Simulator

HELLO: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "I am Jane Doe."}]}


@pytest.fixture
async def bait() -> AsyncIterator[tuple[str, list[str]]]:
    """A host that nobody has business with: its address, and who came."""
    visits: list[str] = []

    async def visited(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append("somebody")
        writer.close()

    listener = await asyncio.start_server(visited, "127.0.0.1", 0)
    yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}", visits
    listener.close()
    await listener.wait_closed()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged in this process, as it would be written."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("debug", "json")
    yield stream
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def request(privet: House, body: Any, *, path: str = "/v1/chat/completions", **more: str) -> bytes:
    """A request whose further fields are `more`, an underscore being a hyphen."""
    said = json.dumps(body).encode()
    fields = {
        "Host": "privet",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {privet.key}",
        "Content-Length": str(len(said)),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + said


async def test_no_caller_chooses_where_privet_connects_to(
    privet: House, simulator: Simulator, bait: tuple[str, list[str]]
) -> None:
    """Server-side request forgery through everything that looks like a base URL."""
    host, visits = bait
    url = f"http://{host}/v1"
    ways: list[bytes] = [
        request(privet, HELLO, path=f"http://{host}/v1/chat/completions"),
        request(privet, HELLO, Host=host),
        request(privet, HELLO, X_Forwarded_Host=host, Forwarded=f"host={host}"),
        request(privet, HELLO, X_Base_URL=url, X_Upstream=url, X_Original_URL=url),
        request(privet, {**HELLO, "base_url": url, "api_base": url, "endpoint": url}),
        request(privet, {**HELLO, "proxy": url, "webhook": url, "callback_url": url}),
        request(privet, {**HELLO, "model": url}),
        request(privet, {**HELLO, "model": f"@{host}"}),
        request(privet, {**HELLO, "model": "../../../gpt-4o-mini"}),
    ]
    simulator.otherwise(lambda _asked: Reply("Fine."))
    answers = [split(await exchange(privet, way)) for way in ways]
    assert [status for status, _, _ in answers] == [200] * 6 + [404] * 3
    assert visits == []
    assert {heard.target for heard in simulator.journal} == {"/v1/chat/completions"}
    for heard in simulator.journal:
        assert host not in json.dumps(dict(heard.headers))


async def test_what_a_url_points_to_is_never_fetched(
    privet: House, simulator: Simulator, cellar: Simulator, bait: tuple[str, list[str]]
) -> None:
    """An image by URL is what it is: unreadable, and at most passed on to where that may go."""
    host, visits = bait
    picture = {"type": "image_url", "image_url": {"url": f"http://{host}/x.png"}}
    metadata = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}
    file = {"type": "input_image", "image_url": f"http://{host}/x.png"}
    chat = {"messages": [{"role": "user", "content": [picture, metadata]}]}
    refused = split(await exchange(privet, request(privet, {"model": "gpt-4o-mini", **chat})))
    assert (refused[0], simulator.journal) == (403, [])
    cellar.says("A picture.")
    passed = split(await exchange(privet, request(privet, {"model": "house-model", **chat})))
    assert passed[0] == 200
    asked = {"model": "gpt-4o-mini", "input": [{"role": "user", "content": [file]}]}
    answered = await exchange(privet, request(privet, asked, path="/v1/responses"))
    assert split(answered)[0] == 403
    assert visits == []


async def test_a_line_break_in_what_a_caller_or_a_provider_says_is_no_header(
    privet: House, simulator: Simulator
) -> None:
    """Response splitting: neither a name nor a label becomes a header field of its own."""
    for name in (
        "gpt-4o-mini\r\nx-forged: 1",
        "gpt-4o-mini\nx-forged: 1",
        "\u010a\u010dx-forged: 1",
    ):
        answer = await exchange(privet, request(privet, {**HELLO, "model": name}))
        status, headers, _ = split(answer)
        assert status in (400, 404)
        assert "x-forged" not in headers
        assert b"x-forged" not in answer
    simulator.sends(b'{"choices": []}').with_header("x-ratelimit-a", "1").with_header(
        "set-cookie", "session=1"
    ).with_header("x-privet-policy", "forged").with_header("location", "http://evil.example/")
    _, headers, _ = split(await exchange(privet, request(privet, HELLO)))
    assert headers["x-ratelimit-a"] == "1"
    assert headers["x-privet-policy"] != "forged"
    assert not {"set-cookie", "location"} & set(headers)


async def test_a_caller_cannot_choose_the_exchange_id(privet: House, simulator: Simulator) -> None:
    simulator.says("Fine.")
    sent = request(privet, HELLO, X_Privet_Request_Id="pvr-forged", X_Request_Id="pvr-forged")
    _, headers, _ = split(await exchange(privet, sent))
    assert headers["x-privet-request-id"] != "pvr-forged"
    assert await privet.kinds(headers["x-privet-request-id"]) == ["intent", "outcome"]
    assert "pvr-forged" not in json.dumps(dict(simulator.journal[0].headers))


async def test_a_key_in_the_query_is_written_nowhere(
    privet: House, simulator: Simulator, written: io.StringIO
) -> None:
    for name in ("key", "api_key", "api-key", "access_token"):
        path = f"/v1/chat/completions?{name}={privet.key}"
        simulator.says("Fine.")
        answer = await exchange(privet, request(privet, HELLO, path=path))
        assert privet.key.encode() not in answer
        await exchange(privet, request(privet, HELLO, path=path, Authorization=""))
    secret = privet.key.removeprefix("pv-")
    assert "refused" in written.getvalue()
    assert secret not in written.getvalue()
    for heard in simulator.journal:
        assert secret not in heard.target + json.dumps(dict(heard.headers)) + said_to(heard.body)
    for file in privet.log_folder.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()


async def test_a_head_that_drips_in_is_cut_off(
    privet: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slowloris: each byte in time, the head never. The time runs from the connection's start."""
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.2)
    address = urlsplit(privet.root)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    hung_up = asyncio.create_task(reader.read())
    for byte in b"POST /v1/chat/completions HTTP/1.1\r\nX-Slow: " + b"x" * 8000:
        writer.write(bytes([byte]))
        if (await asyncio.wait({hung_up}, timeout=0.01))[0]:
            break
    assert hung_up.done()
    assert hung_up.exception() or hung_up.result() == b"", "it had something to say"
    writer.close()


async def test_a_stream_that_nobody_takes_is_ended(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    """A caller that asks and never reads doesn't hold a provider's connection for long."""
    settings = {"# limits:\n": "limits:\n  take_timeout_s: 0.2\n"}
    async with house(tmp_path, detector, simulator.base_url, settings=settings) as privet:
        scene = simulator.never_ends("again and again " * 1_000)
        address = urlsplit(privet.root)
        held = socket.create_connection((address.hostname, address.port))
        with held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            held.sendall(request(privet, {**HELLO, "stream": True}))
            await scene.abandoned.wait()
            while (await privet.kinds())[-1] != "outcome":
                await asyncio.sleep(0.01)
        ended: Any = (await privet.records())[-1].opened.body
        assert ended["status"] == "client_left"


def test_no_comparison_depends_on_how_much_of_a_key_is_right(privet_keys: KeyStore) -> None:
    """Keys are looked up by digest, so a guess that is nearly right is as wrong as any other."""
    store, asked = privet_keys, []

    class Watched(dict[bytes, Any]):
        def get(self, key: bytes, default: Any = None) -> Any:
            asked.append(key)
            return super().get(key, default)

    store._principals = Watched(store._principals)
    guesses = ["pv-" + "a" * 32, "pv-" + "a" * 31 + "b", "pv-" + "b" * 32]
    for guess in guesses:
        with pytest.raises(Exception, match="not known"):
            store.identify({"Authorization": f"Bearer {guess}"})
    assert all(isinstance(key, bytes) and len(key) == 32 for key in asked)
    shared = [sum(a == b for a, b in zip(asked[0], other, strict=True)) for other in asked[1:]]
    assert max(shared) < 8, "digests of similar keys have nothing in common"


@pytest.fixture
def privet_keys(tmp_path: Any) -> KeyStore:
    create_key(tmp_path / "keys.yaml", "support", "desk")
    return KeyStore(tmp_path / "keys.yaml")
