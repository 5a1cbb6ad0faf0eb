"""The seam to a provider: one POST out, one reply back, nothing more than was asked for.

aiohttp's client defaults leak, so each is off here (and a test goes red with the default):
redirects are not followed (they would re-send the key and the body elsewhere), cookies are not
kept, proxies and credentials of the environment are not read, compressed answers are refused
(we ask for none; a bomb needs one).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp

from proxy.errors import ProviderFailed, ProviderTimeout

#: An answer that isn't a stream is read whole before it is restored.
MAX_ANSWER_BYTES = 64 * 1024 * 1024

#: What SDKs wait and try again by, and what is left of a quota, as each protocol calls it.
_HEADERS_TO_CLIENT = ("retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms")
_HEADER_PREFIXES_TO_CLIENT = ("x-ratelimit-", "anthropic-ratelimit-")


class Unreachable(ProviderFailed):
    """Nothing came back, so the same bytes may be sent again."""

    def __init__(self) -> None:
        super().__init__("The provider can't be reached.")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `answer` bounds the wait for the next bytes, so a long stream may go on."""

    connect: float = 10.0
    answer: float = 600.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a provider is reached: through which HTTP proxy, and whose signature it has to show."""

    proxy: str | None = None
    ca: ssl.SSLContext | None = None


class Reply:
    """A provider's reply, its body not read yet. Close it, whatever happens."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status

    @property
    def is_event_stream(self) -> bool:
        return self._response.content_type == "text/event-stream"

    @property
    def headers(self) -> dict[str, str]:
        """The few headers that a caller may see, names in lower case."""
        return {
            name.lower(): value
            for name, value in self._response.headers.items()
            if name.lower() in _HEADERS_TO_CLIENT
            or name.lower().startswith(_HEADER_PREFIXES_TO_CLIENT)
        }

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            ProviderFailed: it broke off, or is over `MAX_ANSWER_BYTES`.
            ProviderTimeout: it stopped coming.
        """
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ProviderFailed("The provider's answer is too large.")
        return bytes(body)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; raises as `read` does."""
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except TimeoutError:
            raise ProviderTimeout("The provider stopped answering.") from None
        except (aiohttp.ClientError, OSError):
            raise ProviderFailed("The provider broke off its answer.") from None

    def close(self) -> None:
        """Give the connection back, or drop it when the body wasn't read to its end."""
        self._response.release()


class Connection:
    """The pool of connections to one provider."""

    def __init__(self, base_url: str, timeouts: Timeouts, way: Way) -> None:
        self._way = way
        self._base_url = base_url.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, ssl=way.ca or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=timeouts.connect, sock_read=timeouts.answer
            ),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("User-Agent",),
        )

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send a request; returns once the reply's headers are here.

        Raises:
            Unreachable: no connection, or one that ended without an answer in HTTP.
            ProviderFailed: a redirect, or a compressed answer.
            ProviderTimeout: no connection or no headers in time.
        """
        sent = {"Accept-Encoding": "identity", "User-Agent": "privet", **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            response = await self._session.request(
                method,
                self._base_url + path,
                data=body,
                headers=sent,
                allow_redirects=False,
                proxy=self._way.proxy,
                # Its own request to the proxy would name the software beneath.
                proxy_headers={"User-Agent": "privet"} if self._way.proxy else None,
            )
        except TimeoutError:
            raise ProviderTimeout("The provider didn't answer in time.") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unreachable from None
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise ProviderFailed("The provider compressed its answer, which nobody asked for.")
        if 300 <= response.status < 400:
            response.close()
            raise ProviderFailed("The provider answered with a redirect, which is never followed.")
        return Reply(response)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._session.close()
