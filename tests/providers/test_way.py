"""The way to a provider: through a corporate proxy, and only to one whose CA is named."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from proxy.errors import ProviderFailed
from proxy.providers import KINDS, Provider, Timeouts, Way
from proxy.tls import trusting
from proxy.wire.openai_chat import NAME
from tests.authority import Authority
from tests.simulator import Simulator

BODY = b'{"model": "m", "messages": [{"role": "user", "content": "SECRET"}]}'
KEY = "sk-" + "upstream" * 3


class Tunnel:
    """An HTTP proxy: CONNECT (RFC 9110 section 9.3.6) and requests in absolute form."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.refuses = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n")[0].split(b" ")
        if self.refuses:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        authority = target.removeprefix(b"http://").partition(b"/")[0].decode()
        host, _, port = authority.rpartition(":")
        upstream_reader, upstream = await asyncio.open_connection(host, int(port))
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            path = b"/" + target.removeprefix(b"http://").partition(b"/")[2]
            upstream.write(head.replace(target, path, 1))
        await asyncio.gather(_pump(reader, upstream), _pump(upstream_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        return
    finally:
        writer.close()


def provider(url: str, way: Way) -> Provider:
    kind = KINDS["openai-compatible"]
    return Provider(kind, "up", url, lambda: KEY, timeouts=Timeouts(10, 10), way=way, retries=0)


async def ask(provider: Provider) -> bytes:
    try:
        reply = await provider.send(NAME, BODY)
        body = await reply.read()
        reply.close()
        return body
    finally:
        await provider.close()


async def test_a_proxy_sees_where_to_and_nothing_else(tmp_path: Path) -> None:
    authority, tunnel = Authority(tmp_path), Tunnel()
    async with Simulator(authority.server()) as upstream, tunnel.running() as proxy:
        upstream.says("Fine.")
        way = Way(proxy, trusting(authority.file))
        assert b"Fine." in await ask(provider(upstream.base_url, way))
    (head,) = tunnel.heads
    target = upstream.base_url.removeprefix("https://").removesuffix("/v1")
    assert head.startswith(f"CONNECT {target} HTTP/1.1\r\n".encode())
    assert KEY.encode() not in head
    assert b"aiohttp" not in head
    assert b"Python" not in head
    (heard,) = upstream.journal
    assert heard.body == BODY
    assert heard.header("authorization") == f"Bearer {KEY}"


async def test_a_provider_that_speaks_in_clear_is_reached_through_it_too() -> None:
    tunnel = Tunnel()
    async with Simulator() as upstream, tunnel.running() as proxy:
        upstream.says("Fine.")
        assert b"Fine." in await ask(provider(upstream.base_url, Way(proxy)))
    assert tunnel.heads[0].startswith(f"POST {upstream.base_url}/chat/completions".encode())


async def test_a_proxy_that_refuses_is_never_gone_around(tmp_path: Path) -> None:
    authority, tunnel = Authority(tmp_path), Tunnel()
    tunnel.refuses = True
    async with Simulator(authority.server()) as upstream, tunnel.running() as proxy:
        way = Way(proxy, trusting(authority.file))
        with pytest.raises(ProviderFailed):
            await ask(provider(upstream.base_url, way))
    assert (upstream.connections, len(tunnel.heads)) == (0, 1)


async def test_only_the_named_ca_counts(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "other")
    async with Simulator(ours.server()) as upstream:
        for way in (Way(), Way(ca=trusting(other.file))):
            with pytest.raises(ProviderFailed):
                await ask(provider(upstream.base_url, way))
        assert upstream.journal == [], "no body and no key went to whom nobody vouches for"
        upstream.says("Fine.")
        assert b"Fine." in await ask(provider(upstream.base_url, Way(ca=trusting(ours.file))))
