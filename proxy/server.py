"""The serving listener: bytes in within limits, the pipeline's answer out.

Invariant: every error has the caller's shape and a request id, and quotes nothing. connection.py
has what happens below a request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import structlog
from aiohttp import web

from proxy.connection import Connection, Listener, new_request_id, refuse, respond
from proxy.errors import (
    BadRequest,
    BodyTimeout,
    ExpectationFailed,
    MethodNotAllowed,
    NotFound,
    NotSupported,
    ShuttingDown,
    TooLarge,
    UnsupportedMedia,
)
from proxy.exchange import Principal
from proxy.metrics import Clock, code_of, count_request
from proxy.pipeline import models, serve
from proxy.records.recorded import Access
from proxy.sections import LimitsSection
from proxy.steps import conversations
from proxy.steps.journey import Answer, Call, Services, as_failure
from proxy.tls import Door
from proxy.wire import BY_NAME, BY_PATH, DIALECTS, Dialect, anthropic_messages, model_lists

MODELS_PATH = "/v1/models"
RESPONSES_PATH = "/v1/responses"

#: How long what is told that it has to end may take for that, in seconds.
_CUT_S = 5.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def listening(
    services: Services,
    limits: LimitsSection,
    host: str,
    port: int,
    door: Door | None = None,
    *,
    shared: bool = False,
) -> AsyncIterator[str]:
    """Serve on host and port (0 for any free one); gives the base URL while it does.

    Args:
        door: what speaks TLS with clients; without it they are spoken to in clear.
        shared: whether other processes listen there too.
    """
    server = Server(services, limits)
    listener = Listener(server.handle, take_timeout_s=limits.take_timeout_s)
    runner = web.ServerRunner(listener, shutdown_timeout=_CUT_S)
    await runner.setup()
    try:
        tls = door.context if door else None
        site = web.TCPSite(runner, host, port, ssl_context=tls, reuse_port=shared or None)
        await site.start()
        bound_host, bound_port = runner.addresses[0][:2]
        shown = f"[{bound_host}]" if ":" in bound_host else bound_host
        yield f"{'https' if door else 'http'}://{shown}:{bound_port}"
    finally:
        services.draining.set()
        for listened in runner.sites:
            await listened.stop()
        for connection in listener.connections:
            if isinstance(connection, Connection):
                connection.close_if_idle()  # others after their answer
        await server.drain()
        await runner.cleanup()


class Server:
    """Answers every request of the serving listener."""

    def __init__(self, services: Services, limits: LimitsSection) -> None:
        self._services = services
        self._limits = limits
        self._busy: set[asyncio.Task[Any]] = set()

    async def drain(self) -> None:
        """Let what is under way end; what takes longer than the grace is told so, and ended."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=self._limits.drain_s)
        self._services.stopping.set()
        for task in self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=_CUT_S)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any path, any method."""
        request_id = new_request_id()
        dialect = BY_PATH.get(request.path)
        name = dialect.name if dialect else None
        clock = Clock(self._services.times)
        status, code = "client_left", ""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._busy.add(task)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                answer = await self._answer(request, dialect, request_id, clock)
                response = await respond(request, request_id, answer)
                status = str(response.status)
            except asyncio.CancelledError:
                if request.writer.output_size or not self._services.stopping.is_set():
                    log.info("client left", stopping=self._services.stopping.is_set())
                    raise
                ended = ShuttingDown()
                status, code = str(ended.status), ended.code
                return refuse(ended, dialect or _unrouted(request), request_id)
            except Exception as error:  # noqa: BLE001 — the last line: fail closed, say nothing
                failure = as_failure(error)
                status, code = str(failure.status), code_of(failure)
                log.info("refused", code=failure.code, status=failure.status, rule=failure.rule)
                return refuse(failure, dialect or _unrouted(request), request_id)
            finally:
                self._busy.discard(task)
                count_request(self._services.counts, name, status, code)
                clock.stop(name)
            return response

    async def _answer(
        self, request: web.BaseRequest, dialect: Dialect | None, request_id: str, clock: Clock
    ) -> Answer:
        _stay_with_http(request)
        if dialect is not None:
            _take_only("POST", request)
            body = await self._receive(request)
            clock.lap("receive")
            call = Call(request_id, request.headers, body, _certificate(request), clock)
            return await serve(call, dialect, self._services)
        if request.path.startswith(RESPONSES_PATH + "/"):
            return await self._stored(request, request_id)
        if request.path == MODELS_PATH:
            _take_only("GET", request)
            names = await models(self._caller(request), self._services)
            return Answer({}, model_lists.listing(names, request.headers))
        if request.path.startswith(MODELS_PATH + "/"):
            _take_only("GET", request)
            names = await models(self._caller(request), self._services)
            name = request.path.removeprefix(MODELS_PATH + "/")
            if name not in names:
                raise _no_such_model()
            return Answer({}, model_lists.one(name, request.headers))
        raise NotFound(
            "Privet doesn't serve this route.",
            hint=f"It serves {', '.join(sorted([*BY_PATH, MODELS_PATH]))}.",
        )

    def _caller(self, request: web.BaseRequest) -> Principal:
        return self._services.identify(request.headers, _certificate(request))

    async def _stored(self, request: web.BaseRequest, request_id: str) -> Answer:
        """The routes of stored responses (OpenAI API reference, "Responses")."""
        services = self._services
        asked = partial(Access, request_id, self._caller(request))
        match request.path.removeprefix(RESPONSES_PATH + "/").split("/"):
            case [response_id] if request.method == "DELETE":
                return await conversations.delete(asked("delete", response_id), services)
            case [response_id]:
                _take_only("GET", request)
                if request.query.get("stream") == "true":
                    raise BadRequest("A stored response is retrieved whole.")
                return await conversations.retrieve(asked("retrieve", response_id), services)
            case [response_id, "input_items"]:
                _take_only("GET", request)
                access = asked("input_items", response_id)
                return await conversations.input_items(access, request.query, services)
            case [response_id, "cancel"]:
                _take_only("POST", request)
                return await conversations.cancel(asked("cancel", response_id), services)
        raise NotFound("Privet doesn't serve this route.")

    async def _receive(self, request: web.BaseRequest) -> bytes:
        """Step 1: the body, within the limits of size and time."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMedia("Send the body uncompressed.")
        if request.content_type not in ("application/json", "application/octet-stream"):
            raise UnsupportedMedia("Send the body as application/json.")
        if (request.content_length or 0) > self._limits.body_bytes:
            raise self._too_large()
        await _invite(request)
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


def _stay_with_http(request: web.BaseRequest) -> None:
    """Refuse what would turn the connection into something that isn't inspected."""
    if request.method == "CONNECT":
        raise NotSupported("Privet is no tunnel.", hint="Use its URL as the base URL instead.")
    # Some clients offer HTTP/2 with every request, and take HTTP/1.1 for an answer (RFC 9110, 7.8).
    if request.headers.get("Upgrade", "h2c").lower() != "h2c":
        raise NotSupported("Privet doesn't take WebSocket connections or other upgrades.")
    # What stands before `chunked` would have to be undone before anybody knows what was sent.
    if request.headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        raise NotSupported("Send the body with its length, or in chunks and nothing else.")


def _certificate(request: web.BaseRequest) -> bytes | None:
    """What TLS has verified of the client, if it was asked for it."""
    tls: ssl.SSLObject | None = request.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if tls is not None else None


def _unrouted(request: web.BaseRequest) -> Dialect:
    """Whose errors a caller understands on a route of no dialect, or of several."""
    spoken = model_lists.is_anthropics(request.headers)
    return BY_NAME[anthropic_messages.NAME] if spoken else DIALECTS[0]


def _take_only(method: str, request: web.BaseRequest) -> None:
    if request.method != method:
        failure = MethodNotAllowed(f"This route takes {method}.")
        failure.headers["Allow"] = method
        raise failure


async def _invite(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send its body (RFC 9110, section 10.1.1)."""
    expectation = request.headers.get("Expect")
    if expectation is None:
        return
    if expectation.lower() != "100-continue":
        raise ExpectationFailed("Privet meets no expectation but 100-continue.")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer itself hasn't begun


def _no_such_model() -> NotFound:
    failure = NotFound("You may use no model of that name.", hint=f"GET {MODELS_PATH} lists them.")
    failure.code = "model_not_found"
    return failure
