"""The admin listener: `/healthz`, `/readyz` and `/metrics`, apart from where callers are served.

It asks nobody who they are, so it belongs on an address that only operators and their collectors
reach; what it says holds no user text and no secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import orjson
from aiohttp import web

from proxy.exposition import CONTENT_TYPE, expose
from proxy.reporting import Report

#: Gives the report of every serving process, by its name.
Ask = Callable[[], Awaitable[Mapping[str, Report]]]


@asynccontextmanager
async def listening(ask: Ask, host: str, port: int) -> AsyncIterator[str]:
    """Answer on host and port (0 for any free one); gives the base URL while it does."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await _answer(request, ask)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_host, bound_port = runner.addresses[0][:2]
        shown = f"[{bound_host}]" if ":" in bound_host else bound_host
        yield f"http://{shown}:{bound_port}"
    finally:
        await runner.cleanup()


async def _answer(request: web.BaseRequest, ask: Ask) -> web.StreamResponse:
    headers = {"Server": "privet", "Cache-Control": "no-store"}
    if request.method not in ("GET", "HEAD"):
        return web.Response(status=405, headers={**headers, "Allow": "GET, HEAD"})
    match request.path:
        case "/healthz":
            return web.Response(text="ok\n", headers=headers)
        case "/readyz":
            return _readiness(await ask(), headers)
        case "/metrics":
            headers["Content-Type"] = CONTENT_TYPE
            return web.Response(body=expose(await ask()), headers=headers)
    return web.Response(
        status=404, text="/healthz, /readyz and /metrics are here\n", headers=headers
    )


def _readiness(reports: Mapping[str, Report], headers: Mapping[str, str]) -> web.Response:
    """Ready as long as one process is: the kernel gives connections to those that listen."""
    ready = any(report.ready for report in reports.values())
    said = {
        "ready": ready,
        "workers": {
            name: {
                "ready": report.ready,
                "policy": report.policy,
                **({"shadow": report.shadow} if report.shadow else {}),
                "checks": report.checks,
            }
            for name, report in reports.items()
        },
    }
    body = orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return web.Response(
        status=200 if ready else 503, body=body, content_type="application/json", headers=headers
    )
