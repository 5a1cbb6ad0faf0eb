"""What a provider is sent, what is retried, and what a caller may know when it fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from proxy.errors import (
    PrivetError,
    ProviderCredentials,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
)
from proxy.providers import OpenAICompatible, Timeouts, http
from tests.simulator import Simulator

PATH = "/chat/completions"
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAMED = json.dumps({**json.loads(BODY), "stream": True}).encode()


@pytest.fixture
async def opens() -> AsyncIterator[Callable[..., OpenAICompatible]]:
    """Opens providers with choices of the test's own, and closes them."""
    opened: list[OpenAICompatible] = []

    def open_provider(base_url: str, key: str | None = None, **choices: Any) -> OpenAICompatible:
        choices = {"timeouts": Timeouts(), **choices}
        opened.append(OpenAICompatible("sim", base_url, lambda: key, **choices))
        return opened[-1]

    yield open_provider
    for provider in opened:
        await provider.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds; none of them is waited for."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("proxy.providers.openai_compatible.asyncio", _Asyncio(note))
    return waited


class _Asyncio:
    """asyncio as the provider uses it, with a sleep that only notes."""

    def __init__(self, sleep: Callable[[float], Any]) -> None:
        self.sleep = sleep


async def answer(provider: OpenAICompatible, body: bytes = BODY) -> bytes:
    reply = await provider.send(PATH, body)
    try:
        return await reply.read()
    finally:
        reply.close()


async def failure(provider: OpenAICompatible, body: bytes = BODY) -> PrivetError:
    with pytest.raises(PrivetError) as caught:
        await answer(provider, body)
    return caught.value


# What is sent.


async def test_the_body_goes_out_as_it_is_and_the_answer_comes_back(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    simulator.sends(b'{"a": 1.0}')
    assert await answer(provider) == b'{"a": 1.0}'
    (heard,) = simulator.journal
    assert (heard.method, heard.target, heard.body) == ("POST", "/v1/chat/completions", BODY)


async def test_the_header_is_ours_to_the_last_line(
    simulator: Simulator, provider: OpenAICompatible, key: str
) -> None:
    simulator.says("x")
    await answer(provider)
    (heard,) = simulator.journal
    host = simulator.base_url.removeprefix("http://").removesuffix("/v1")
    assert {name.lower(): value for name, value in heard.headers} == {
        "host": host,
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": f"Bearer {key}",
        "content-length": str(len(BODY)),
        "content-type": "application/json",
        "user-agent": "privet",
    }


async def test_a_server_that_asks_for_no_key_gets_none(
    simulator: Simulator, opens: Callable[..., OpenAICompatible]
) -> None:
    simulator.says("x")
    await answer(opens(simulator.base_url + "/"))
    assert simulator.journal[0].header("authorization") is None
    assert simulator.journal[0].target == "/v1/chat/completions"


async def test_a_stream_comes_as_it_is_sent(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    rest = asyncio.Event()
    simulator.says("Hello there").waits(rest, at=40)
    reply = await provider.send(PATH, STREAMED)
    assert reply.is_event_stream
    chunks = reply.chunks()
    first = await anext(chunks)
    assert first.startswith(b"data: ")
    assert len(first) <= 40
    rest.set()
    assert b"".join([chunk async for chunk in chunks]).endswith(b"data: [DONE]\n\n")
    reply.close()


async def test_callers_see_a_few_headers_only(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    scene = simulator.says("x")
    scene.with_header("X-RateLimit-Remaining-Tokens", "7").with_header("retry-after", "3")
    scene.with_header("set-cookie", "a=b").with_header("openai-organization", "acme")
    scene.with_header("server", "gateway-7").with_header("x-request-id", "r-1")
    reply = await provider.send(PATH, BODY)
    assert reply.headers == {"x-ratelimit-remaining-tokens": "7", "retry-after": "3"}
    reply.close()


# Retries: the same bytes to the same endpoint, before the first byte of an answer.


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_passing_failures_are_retried(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float], status: int
) -> None:
    simulator.fails(status, retry_after=3)
    simulator.fails(status)
    simulator.says("there")
    assert b"there" in await answer(provider)
    assert [heard.body for heard in simulator.journal] == [BODY] * 3
    assert waits == [3.0, 0.5]


async def test_retries_come_to_an_end(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float]
) -> None:
    for _ in range(4):
        simulator.fails(503)
    refused = await failure(provider)
    assert (refused.status, refused.message) == (503, "The provider failed.")
    assert (len(simulator.journal), waits) == (3, [0.25, 0.5])


@pytest.mark.parametrize("retries", [0, 1])
async def test_the_operator_says_how_often(
    simulator: Simulator,
    opens: Callable[..., OpenAICompatible],
    waits: list[float],
    retries: int,
) -> None:
    await failure(opens(simulator.base_url, retries=retries))
    assert (len(simulator.journal), len(waits)) == (retries + 1, retries)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422])
async def test_what_would_fail_again_is_not_retried(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float], status: int
) -> None:
    simulator.fails(status, retry_after=1)
    await failure(provider)
    assert (len(simulator.journal), waits) == (1, [])


async def test_a_wait_that_nobody_would_wait_is_the_callers_to_decide(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float]
) -> None:
    simulator.fails(429, retry_after=3600)
    refused = await failure(provider)
    assert (refused.status, refused.message) == (429, "The provider's rate limit is reached.")
    assert refused.headers == {"retry-after": "3600"}
    assert (len(simulator.journal), waits) == (1, [])


@pytest.mark.parametrize(
    ("name", "value", "waited"),
    [
        *[("retry-after-ms", "1500", 1.5), ("retry-after", "-5", 0.0), ("retry-after", "x", 0.25)],
        *[("retry-after", "nan", 0.0), ("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT", 0.25)],
    ],
)
async def test_how_long_a_provider_asks_to_wait(
    simulator: Simulator,
    provider: OpenAICompatible,
    waits: list[float],
    name: str,
    value: str,
    waited: float,
) -> None:
    simulator.fails(429).with_header(name, value)
    simulator.says("x")
    await answer(provider)
    assert waits == [waited]


async def test_a_connection_that_breaks_before_the_answer_is_tried_again(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float]
) -> None:
    simulator.drops()
    simulator.says("there")
    assert b"there" in await answer(provider)
    assert (len(simulator.journal), len(waits)) == (2, 1)


async def test_an_answer_that_breaks_is_not_asked_for_again(
    simulator: Simulator, provider: OpenAICompatible, waits: list[float]
) -> None:
    simulator.says("there").cuts(at=20)
    assert isinstance(await failure(provider), ProviderFailed)
    assert (len(simulator.journal), waits) == (1, [])


async def test_nobody_listens(opens: Callable[..., OpenAICompatible], waits: list[float]) -> None:
    async with Simulator() as gone:
        url = gone.base_url
    refused = await failure(opens(url))
    assert (refused.status, refused.code) == (502, "provider_failed")
    assert refused.message == "The provider can't be reached."
    assert len(waits) == 2


# What a caller may know of an error.


@pytest.mark.parametrize("status", [401, 403])
async def test_our_credentials_are_our_problem(
    simulator: Simulator, provider: OpenAICompatible, key: str, status: int
) -> None:
    simulator.fails(status, f"Incorrect API key provided: {key}", code="invalid_api_key")
    refused = await failure(provider)
    assert isinstance(refused, ProviderCredentials)
    assert (refused.status, refused.code) == (502, "provider_credentials")
    assert key not in refused.message + refused.hint


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_the_providers_words_pass_where_they_help(
    simulator: Simulator, provider: OpenAICompatible, status: int
) -> None:
    simulator.fails(status, "max_tokens is too large [here]", code="too_many_tokens")
    refused = await failure(provider)
    assert isinstance(refused, ProviderRefused)
    assert (refused.status, refused.code) == (status, "too_many_tokens")
    assert (refused.kind, refused.message) == ("server_error", "max_tokens is too large [here]")


@pytest.mark.parametrize("status", [402, 408, 409, 418, 429, 500, 503])
async def test_and_nowhere_else(
    simulator: Simulator, opens: Callable[..., OpenAICompatible], status: int
) -> None:
    simulator.fails(status, "Zarathustra", code="known_code")
    refused = await failure(opens(simulator.base_url, retries=0))
    assert "Zarathustra" not in refused.message
    assert (refused.status, refused.code) == (status, "known_code")


async def test_our_key_and_the_upstreams_address_are_scrubbed(
    simulator: Simulator, provider: OpenAICompatible, key: str
) -> None:
    host = simulator.base_url.removeprefix("http://").removesuffix("/v1")
    name = host.partition(":")[0]
    simulator.fails(400, f"{key} at {simulator.base_url}/x, {host} and {name}; {key.upper()}")
    refused = await failure(provider)
    assert refused.message == "[provider] at [provider]/x, [provider] and [provider]; [provider]"


async def test_an_ipv6_address_is_scrubbed_and_brackets_are_not(
    simulator: Simulator, opens: Callable[..., OpenAICompatible], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = opens("http://[::1]:9/v1", retries=0)
    elsewhere = opens(simulator.base_url, retries=0)
    monkeypatch.setattr(provider, "_connection", elsewhere._connection)
    simulator.fails(400, "messages[0] at [::1]:9 is wrong")
    refused = await failure(provider)
    assert refused.message == "messages[0] at [provider] is wrong"


@pytest.mark.parametrize("code", ["two words", "Zoe@example.org", "x" * 65, "Zoë", 17, None, ["a"]])
async def test_codes_and_types_are_words(
    simulator: Simulator, provider: OpenAICompatible, code: Any
) -> None:
    error = {"error": {"message": "m", "type": code, "code": code}}
    simulator.sends(json.dumps(error).encode(), status=400)
    refused = await failure(provider)
    assert (refused.kind, refused.code) == (None, "provider_refused")


@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>Zarathustra</html>", b"", b"[1]", b"{", b'{"error": 7}', b"\xff"),
        *(b'{"detail": "Zarathustra"}', b'{"error": {"message": ["Zarathustra"]}}'),
    ],
)
async def test_an_error_page_says_nothing(
    simulator: Simulator, provider: OpenAICompatible, body: bytes
) -> None:
    simulator.sends(body, status=400, content_type="text/html")
    refused = await failure(provider)
    assert (refused.status, refused.code) == (400, "provider_refused")
    assert refused.message == "The provider refused the request."


async def test_an_error_that_is_a_string_is_a_message(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    simulator.sends(b'{"error": "no such model"}', status=404)
    assert (await failure(provider)).message == "no such model"


async def test_a_message_has_an_end(simulator: Simulator, provider: OpenAICompatible) -> None:
    simulator.fails(400, "m" * 100_000)
    assert len((await failure(provider)).message) == 2_000


async def test_an_error_page_that_breaks_off_is_still_that_error(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    simulator.fails(422, "half").cuts(at=12)
    assert (await failure(provider)).status == 422


# Limits.


async def test_an_endless_body_has_an_end(
    simulator: Simulator, provider: OpenAICompatible, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 10_000)
    scene = simulator.never_ends()
    refused = await failure(provider)
    assert refused.message == "The provider's answer is too large."
    await scene.abandoned.wait()


async def test_a_provider_that_says_nothing_times_out(
    simulator: Simulator, opens: Callable[..., OpenAICompatible], waits: list[float]
) -> None:
    never = asyncio.Event()
    scene = simulator.says("x").waits(never)
    provider = opens(simulator.base_url, timeouts=Timeouts(answer=0.05))
    refused = await failure(provider)
    assert isinstance(refused, ProviderTimeout)
    assert refused.status == 504
    assert waits == []
    await scene.abandoned.wait()


async def test_a_provider_that_stops_in_the_middle_times_out(
    simulator: Simulator, opens: Callable[..., OpenAICompatible]
) -> None:
    never = asyncio.Event()
    simulator.says("x").waits(never, at=10)
    refused = await failure(opens(simulator.base_url, timeouts=Timeouts(answer=0.05)))
    assert isinstance(refused, ProviderTimeout)


async def test_a_reply_that_is_closed_early_ends_the_upstream(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    scene = simulator.never_ends()
    reply = await provider.send(PATH, STREAMED)
    await anext(reply.chunks())
    reply.close()
    await scene.abandoned.wait()


async def test_a_reply_that_was_read_gives_its_connection_back(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    simulator.says("one")
    simulator.fails(400)
    simulator.says("two")
    await answer(provider)
    await failure(provider)
    await answer(provider)
    assert [heard.connection for heard in simulator.journal] == [1, 1, 1]


async def test_an_answer_shorter_than_it_claims_is_broken(
    simulator: Simulator, provider: OpenAICompatible
) -> None:
    simulator.sends(b'{"choices": []}').claims_length(10_000)
    assert isinstance(await failure(provider), ProviderFailed)
