"""The serving listener: bytes in within limits, the pipeline's answer out.

aiohttp.web's defaults that leak or lose are off (tests go red with each): no access log (it prints
the query string), handlers are cancelled when their client leaves, request bodies are never
decompressed (a bomb needs that), and error pages never show an exception.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from proxy.config import LimitsSection
from proxy.errors import (
    BadRequest,
    BodyTimeout,
    MethodNotAllowed,
    NotFound,
    PrivetError,
    TooLarge,
    UnsupportedMedia,
)
from proxy.journey import Answer, Call, Services, as_failure
from proxy.pipeline import models, serve
from proxy.wire import BY_PATH, DIALECTS, Dialect

MODELS_PATH = "/v1/models"

log = structlog.get_logger(__name__)


@asynccontextmanager
async def listening(
    services: Services, limits: LimitsSection, host: str, port: int
) -> AsyncIterator[str]:
    """Serve on host and port (0 for any free one); gives the base URL while it does."""
    server = Server(services, limits)
    application = web.Application(client_max_size=limits.body_bytes)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,
        auto_decompress=False,
        keepalive_timeout=75,
        shutdown_timeout=30,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_host, bound_port = runner.addresses[0][:2]
        shown = f"[{bound_host}]" if ":" in bound_host else bound_host
        yield f"http://{shown}:{bound_port}"
    finally:
        await runner.cleanup()


class Server:
    """Answers every request of the serving listener."""

    def __init__(self, services: Services, limits: LimitsSection) -> None:
        self._services = services
        self._limits = limits

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any path, any method."""
        request_id = f"pvr-{secrets.token_hex(12)}"
        dialect = BY_PATH.get(request.path)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if request.path == MODELS_PATH and request.method == "GET":
                    answer = await models(request.headers, self._services)
                elif dialect is None:
                    raise NotFound(
                        "Privet doesn't serve this route.",
                        hint=f"It serves {', '.join(sorted([*BY_PATH, MODELS_PATH]))}.",
                    )
                elif request.method != "POST":
                    raise MethodNotAllowed("This route takes POST.")
                else:
                    body = await self._receive(request)
                    call = Call(request_id, request.headers, body)
                    answer = await serve(call, dialect, self._services)
                return await _respond(request, request_id, answer)
            except asyncio.CancelledError:
                log.info("client left")
                raise
            except Exception as error:  # noqa: BLE001 — the last line: fail closed, say nothing
                failure = as_failure(error)
                log.info("refused", code=failure.code, status=failure.status, rule=failure.rule)
                return _refuse(failure, dialect, request_id)

    async def _receive(self, request: web.Request) -> bytes:
        """Step 1: the body, within the limits of size and time."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMedia("Send the body uncompressed.")
        if request.content_type not in ("application/json", "application/octet-stream"):
            raise UnsupportedMedia("Send the body as application/json.")
        if (request.content_length or 0) > self._limits.body_bytes:
            raise self._too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_timeout_s):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > self._limits.body_bytes:
                        raise self._too_large()
        except TimeoutError:
            raise BodyTimeout("The body didn't arrive in time.") from None
        except (web.HTTPException, web.RequestPayloadError, ValueError, OSError):
            raise BadRequest("The body can't be read.") from None
        return bytes(body)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is over {self._limits.body_bytes} bytes.")


async def _respond(request: web.Request, request_id: str, answer: Answer) -> web.StreamResponse:
    headers = {**answer.headers, "x-privet-request-id": request_id}
    if isinstance(answer.body, bytes):
        return web.Response(body=answer.body, content_type="application/json", headers=headers)
    response = web.StreamResponse(
        headers={**headers, "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    chunks = answer.body
    try:
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        log.info("client left")
    finally:
        # Closing the generator ends the upstream and writes the outcome, whatever happened here.
        await chunks.aclose()
    return response


def _refuse(failure: PrivetError, dialect: Dialect | None, request_id: str) -> web.Response:
    """A failure in the caller's dialect; on unknown routes, in the most widely understood one."""
    response = web.Response(
        status=failure.status,
        body=(dialect or DIALECTS[0]).error(failure, request_id),
        content_type="application/json",
        headers={**failure.headers, "x-privet-request-id": request_id},
    )
    if failure.status in (408, 413, 415):
        response.force_close()  # the rest of the body was never read
    return response
