"""The baseline: the least that a proxy on the same libraries can do.

aiohttp.web on uvloop in front of aiohttp's client; every JSON document is parsed and written again,
both ways, events of a stream one by one. It checks, hides and records nothing.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import orjson
import uvloop
from aiohttp import web

_MAX_BODY = 64 * 1024 * 1024


class _Passthrough:
    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = orjson.dumps(orjson.loads(await request.read()))
        headers = {"Content-Type": "application/json"}
        async with self._session.post(self._upstream, data=body, headers=headers) as reply:
            if reply.content_type != "text/event-stream":
                answer = orjson.dumps(orjson.loads(await reply.read()))
                return web.Response(body=answer, content_type="application/json")
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            held = b""
            async for chunk in reply.content.iter_any():
                *events, held = (held + chunk).split(b"\n\n")
                await response.write(b"".join(map(_again, events)))
            await response.write_eof()
            return response


def _again(event: bytes) -> bytes:
    data = event.removeprefix(b"data: ")
    if data != b"[DONE]":
        data = orjson.dumps(orjson.loads(data))
    return b"data: " + data + b"\n\n"


async def _serve(upstream: str) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=jar, auto_decompress=False
    ) as session:
        application = web.Application(client_max_size=_MAX_BODY)
        application.router.add_post("/{path:.*}", _Passthrough(session, upstream).handle)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
