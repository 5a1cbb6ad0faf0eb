"""One configured provider: a kind with a base URL and a key.

Retries, errors and the headers that leave are the same for all kinds.

Sources: RFC 9110 section 10.2.3 (Retry-After); the API references' pages on errors, which agree on
an `error` object with `message`, `type` and, at some, `code`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from proxy.errors import (
    NotFound,
    PrivetError,
    ProviderCredentials,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
)
from proxy.providers.http import Connection, Reply, Timeouts, Unreachable, Way
from proxy.providers.kind import Kind

_RETRIED = frozenset({429, 500, 502, 503, 504, 529})
_EXPLAINED = frozenset({400, 404, 413, 422})
_MAX_RETRY_AFTER_S = 20.0
_MAX_MESSAGE_CHARS = 2_000


class Provider:
    """One configured provider.

    Args:
        kind: what sort of upstream it is.
        name: as privet.yaml and policy call it.
        base_url: up to and including the version, e.g. ``https://api.openai.com/v1``.
        key: gives the current key, or None where the server asks for none.
        way: how it is reached.
        renew: reads the key anew after it was refused; False if it is still the same.
        api_version: of a kind that has `versioned` routes.
        only: the upstreams that a kind with `preferences` may pass requests on to.
        retries: how often the same bytes may be sent again before the first byte of an answer.
    """

    def __init__(
        self,
        kind: Kind,
        name: str,
        base_url: str,
        key: Callable[[], str | None],
        *,
        timeouts: Timeouts,
        way: Way | None = None,
        retries: int = 2,
        renew: Callable[[str], Awaitable[bool]] | None = None,
        api_version: str | None = None,
        only: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.name = name
        self._key = key
        self._retries = retries
        self._renew = renew
        self._api_version = api_version
        self._only = only
        self._base_url = base_url
        self._connection = Connection(base_url, timeouts, way or Way())

    def speaks(self, dialect: str) -> bool:
        """Whether bodies of this dialect can be sent here."""
        return dialect in self._routes

    def preferences(self, retention: str, *, trains: bool) -> dict[str, Any]:
        """Members of the body that hold the provider to what policy says of it."""
        told = self.kind.preferences
        return told(retention, trains=trains, only=self._only) if told else {}

    async def send(
        self,
        dialect: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        model: str = "",
    ) -> Reply:
        """Send one body and wait for a reply that isn't an error.

        Args:
            dialect: what the body is written in; one that the provider `speaks`.
            headers: what the dialect passes on from the caller, names in lower case; of these the
                kind's `passes` leave, and nothing else.
            model: as this provider calls it, where the route names it.

        A retry sends the same bytes to the same endpoint, so the intent on record covers it.

        Raises:
            ProviderFailed, ProviderTimeout: no reply.
            ProviderCredentials: our key was refused.
            ProviderRefused: any other error status, with what may be said of it.
            NotFound: it doesn't speak this dialect.
        """
        if not self.speaks(dialect):
            raise NotFound(
                "This model can't be asked on this route.", hint="Its provider doesn't have it."
            )
        path = self._routes[dialect].format(model=quote(model, safe=""), version=self._api_version)
        for left in range(self._retries, -1, -1):
            try:
                reply = await self._attempt(path, headers or {}, body)
            except Unreachable:
                if not left:
                    raise
                await asyncio.sleep(_backoff(self._retries - left))
                continue
            if reply.status < 300:
                return reply
            wait = _retry_after(reply, self._retries - left)
            if not left or reply.status not in _RETRIED or wait > _MAX_RETRY_AFTER_S:
                raise await self._refusal(reply)
            reply.close()
            await asyncio.sleep(wait)
        raise Unreachable

    @property
    def _routes(self) -> Mapping[str, str]:
        return self.kind.versioned if self._api_version else self.kind.paths

    async def _attempt(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One request; another one if the key was refused and its operator has changed it."""
        key = self._key() or ""
        reply = await self._connection.request("POST", path, self._headers(headers), body)
        if reply.status != 401 or self._renew is None or not await self._renew(key):
            return reply
        reply.close()
        return await self._connection.request("POST", path, self._headers(headers), body)

    async def models(self) -> list[str]:
        """The names of the models that this provider offers (GET /models).

        Raises:
            ProviderFailed, ProviderTimeout, ProviderCredentials, ProviderRefused: as `send` does.
        """
        reply = await self._connection.request("GET", "/models", self._headers({}))
        if reply.status >= 300:
            raise await self._refusal(reply)
        try:
            listed = _object_of(await reply.read()).get("data")
        finally:
            reply.close()
        entries = listed if isinstance(listed, list) else []
        names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
        return [name for name in names if isinstance(name, str)]

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    def _headers(self, passed: Mapping[str, str]) -> dict[str, str]:
        key = self._key()
        return {
            **self.kind.headers,
            **{name: passed[name] for name in self.kind.passes & passed.keys()},
            **(self.kind.authorise(key) if key else {}),
        }

    async def _refusal(self, reply: Reply) -> PrivetError:
        """What a caller may know of an upstream error: class, type, code, sometimes the message."""
        try:
            detail = _error_of(await reply.read())
        except (ProviderFailed, ProviderTimeout):
            detail = {}
        finally:
            reply.close()
        if reply.status in (401, 403):
            return ProviderCredentials(
                "The provider refused Privet's credentials.",
                hint="Its operator has to check the key of this provider.",
            )
        message = "The provider refused the request."
        if reply.status in _EXPLAINED and isinstance(detail.get("message"), str):
            message = self._scrub(detail["message"])
        elif reply.status == 429:
            message = "The provider's rate limit is reached."
        elif reply.status >= 500:
            message = "The provider failed."
        kind, code = detail.get("type"), detail.get("code")
        refused = ProviderRefused(
            reply.status if 400 <= reply.status < 600 else 502,
            message,
            kind=kind if _is_word(kind) else None,
            code=str(code) if _is_word(code) else "provider_refused",
        )
        refused.headers = reply.headers
        return refused

    def _scrub(self, message: str) -> str:
        """Without our key and without the upstream's address, whatever an error page repeats."""
        url = urlsplit(self._base_url)
        for secret in (self._key(), self._base_url, url.netloc, url.hostname):
            if secret:
                message = re.sub(re.escape(secret), "[provider]", message, flags=re.IGNORECASE)
        return message[:_MAX_MESSAGE_CHARS]


def _error_of(body: bytes) -> dict[str, Any]:
    detail = _object_of(body).get("error")
    if isinstance(detail, str):
        return {"message": detail}
    return detail if isinstance(detail, dict) else {}


def _object_of(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_word(value: object) -> bool:
    """Types and codes are identifiers; anything else could carry text."""
    return isinstance(value, str) and value.isascii() and value.isidentifier() and len(value) <= 64


def _backoff(attempt: int) -> float:
    return 0.25 * 2.0**attempt


def _retry_after(reply: Reply, attempt: int) -> float:
    """Seconds to wait (RFC 9110 section 10.2.3; only the delay form is used by these APIs)."""
    try:
        if "retry-after-ms" in reply.headers:
            return max(0.0, float(reply.headers["retry-after-ms"]) / 1000)
        return max(0.0, float(reply.headers["retry-after"]))
    except (KeyError, ValueError):
        return _backoff(attempt)
