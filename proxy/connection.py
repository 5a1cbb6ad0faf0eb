"""A client's connection: HTTP/1.1 as aiohttp speaks it, without its pages, never without an end.

aiohttp.web's defaults that leak or lose are off (tests go red with each): no access log (it prints
the query string), handlers are cancelled when their client leaves, request bodies are never
decompressed (a bomb needs that), no header names the software's versions.

Invariants: what isn't HTTP is answered in the shape of an error, too; a head comes in time, or the
connection ends; so does one whose client takes nothing of what waits for it, whatever that is.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import structlog
from aiohttp import web

from proxy.errors import BadRequest, PrivetError
from proxy.steps.journey import Answer, as_failure
from proxy.wire import DIALECTS, Dialect

#: How long a connection may wait for the whole head of a request, the first or the next one.
IDLE_SECONDS = 75

#: What follows such a refusal on its connection isn't known to be a request.
_HANGS_UP_AFTER = frozenset({408, 413, 415, 417, 501})

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


class Listener(web.Server):
    """Speaks HTTP on every connection, without aiohttp's router."""

    def __init__(self, handle: Handle, *, take_timeout_s: float) -> None:
        """`handle` answers every request; see `Connection` for the other."""
        super().__init__(handle, handler_cancellation=True)
        self._take_timeout_s = take_timeout_s

    def __call__(self) -> web.RequestHandler:
        return Connection(self, self._take_timeout_s)


class Connection(web.RequestHandler):
    """One client's.

    Args:
        take_timeout_s: how long it may take nothing of what waits for it.
    """

    __slots__ = ("_left", "_looking", "_take_timeout_s")

    def __init__(self, listener: Listener, take_timeout_s: float) -> None:
        super().__init__(
            listener,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # documented: None writes none
            auto_decompress=False,
            keepalive_timeout=IDLE_SECONDS,
        )
        self._take_timeout_s = take_timeout_s
        self._looking: asyncio.TimerHandle | None = None
        self._left = 0  # bytes that waited for the client when they were looked at

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Whatever the kernel doesn't take at once is known to wait: it is what a timer needs."""
        # Not 0: TLS has as much waiting when nothing does, and would never go on.
        cast("asyncio.WriteTransport", transport).set_write_buffer_limits(high=1, low=0)
        super().connection_made(transport)

    def pause_writing(self) -> None:
        """The client is behind."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """It has taken everything."""
        self._stop_looking()
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self._stop_looking()
        super().connection_lost(exc)

    def close_if_idle(self) -> None:
        """Close it unless a request is under way: what still comes of its body would be dropped."""
        if not self._request_in_progress:
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What wasn't HTTP (status 400), or what the handler itself failed at."""
        if request.writer.output_size > 0:
            raise ConnectionError  # an answer has begun, so the connection just ends
        if status == 400:
            failure: PrivetError = BadRequest("This isn't a request in valid HTTP/1.1.")
        else:
            failure = as_failure(exc if isinstance(exc, Exception) else TimeoutError())
        request_id = new_request_id()
        log.info(
            "refused", request_id=request_id, code=failure.code, status=failure.status, rule=None
        )
        response = refuse(failure, None, request_id)
        response.force_close()
        return response

    def _look(self) -> None:
        """Look again later, and end it if nothing was taken until then."""
        if self.transport is not None:
            self._left = self.transport.get_write_buffer_size()
            self._looking = self._loop.call_later(self._take_timeout_s, self._look_again)

    def _look_again(self) -> None:
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() < self._left:
            self._look()
        else:
            log.info("client takes nothing")
            self.transport.abort()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None


async def respond(request: web.BaseRequest, request_id: str, answer: Answer) -> web.StreamResponse:
    """Hand an answer on, as fast as the client takes it: until then the request is under way."""
    headers, body = _headers(answer.headers, request_id), answer.body
    if isinstance(body, bytes):
        whole = web.Response(body=body, content_type="application/json", headers=headers)
        with _unless_it_left():
            await whole.prepare(request)
            await whole.write_eof()
        return whole
    response = web.StreamResponse(
        headers={**headers, "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    try:
        with _unless_it_left():
            await response.prepare(request)
            async for chunk in body:
                await response.write(chunk)
            await response.write_eof()
    finally:
        # Closing the generator ends the upstream and writes the outcome, whatever happened here.
        await body.aclose()
    return response


def refuse(failure: PrivetError, dialect: Dialect | None, request_id: str) -> web.Response:
    """A failure in the caller's dialect; in the most widely understood one where none is known."""
    response = web.Response(
        status=failure.status,
        body=(dialect or DIALECTS[0]).error(failure, request_id),
        content_type="application/json",
        headers=_headers(failure.headers, request_id),
    )
    if failure.status in _HANGS_UP_AFTER:
        response.force_close()
    return response


def new_request_id() -> str:
    """One that nobody can guess or choose."""
    return f"pvr-{secrets.token_hex(12)}"


@contextmanager
def _unless_it_left() -> Iterator[None]:
    try:
        yield
    except ConnectionError:
        log.info("client left")


def _headers(others: Mapping[str, str], request_id: str) -> dict[str, str]:
    return {**others, "Server": "privet", "x-privet-request-id": request_id}
