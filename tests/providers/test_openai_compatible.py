"""What a provider is sent, what is retried, and how long anything may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from proxy.errors import ProviderFailed, ProviderTimeout
from proxy.providers import KINDS, Provider, Timeouts, http
from tests.providers.sending import BODY, DIALECT, STREAMED, answer, failure
from tests.simulator import Simulator


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds; none of them is waited for."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("proxy.providers.provider.asyncio", _Asyncio(note))
    return waited


class _Asyncio:
    """asyncio as the provider uses it, with a sleep that only notes."""

    def __init__(self, sleep: Callable[[float], Any]) -> None:
        self.sleep = sleep


# What is sent.


async def test_the_body_goes_out_as_it_is_and_the_answer_comes_back(
    simulator: Simulator, provider: Provider
) -> None:
    simulator.sends(b'{"a": 1.0}')
    assert await answer(provider) == b'{"a": 1.0}'
    (heard,) = simulator.journal
    assert (heard.method, heard.target, heard.body) == ("POST", "/v1/chat/completions", BODY)


async def test_of_the_callers_headers_only_those_leave_that_the_kind_lists(
    simulator: Simulator,
) -> None:
    kind = replace(
        KINDS["openai-compatible"],
        headers={"x-version": "1", "x-mode": "plain"},
        passes=frozenset({"x-mode"}),
    )
    simulator.says("x")
    provider = Provider(kind, "sim", simulator.base_url, lambda: None, timeouts=Timeouts())
    reply = await provider.send(
        DIALECT, BODY, {"x-mode": "fast", "x-other": "no", "x-version": "2"}
    )
    reply.close()
    await provider.close()
    (heard,) = simulator.journal
    assert heard.header("x-mode") == "fast"
    assert heard.header("x-version") == "1"
    assert heard.header("x-other") is None


async def test_the_header_is_ours_to_the_last_line(
    simulator: Simulator, provider: Provider, key: str
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
    simulator: Simulator, opens: Callable[..., Provider]
) -> None:
    simulator.says("x")
    await answer(opens(simulator.base_url + "/"))
    assert simulator.journal[0].header("authorization") is None
    assert simulator.journal[0].target == "/v1/chat/completions"


async def test_a_stream_comes_as_it_is_sent(simulator: Simulator, provider: Provider) -> None:
    rest = asyncio.Event()
    simulator.says("Hello there").waits(rest, at=40)
    reply = await provider.send(DIALECT, STREAMED)
    assert reply.is_event_stream
    chunks = reply.chunks()
    first = await anext(chunks)
    assert first.startswith(b"data: ")
    assert len(first) <= 40
    rest.set()
    assert b"".join([chunk async for chunk in chunks]).endswith(b"data: [DONE]\n\n")
    reply.close()


async def test_callers_see_a_few_headers_only(simulator: Simulator, provider: Provider) -> None:
    scene = simulator.says("x")
    scene.with_header("X-RateLimit-Remaining-Tokens", "7").with_header("retry-after", "3")
    scene.with_header("anthropic-ratelimit-tokens-remaining", "9").with_header(
        "x-should-retry", "true"
    )
    scene.with_header("set-cookie", "a=b").with_header("openai-organization", "acme")
    scene.with_header("server", "gateway-7").with_header("x-request-id", "r-1")
    reply = await provider.send(DIALECT, BODY)
    assert reply.headers == {
        "x-ratelimit-remaining-tokens": "7",
        "retry-after": "3",
        "anthropic-ratelimit-tokens-remaining": "9",
        "x-should-retry": "true",
    }
    reply.close()


# Retries: the same bytes to the same endpoint, before the first byte of an answer.


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_passing_failures_are_retried(
    simulator: Simulator, provider: Provider, waits: list[float], status: int
) -> None:
    simulator.fails(status, retry_after=3)
    simulator.fails(status)
    simulator.says("there")
    assert b"there" in await answer(provider)
    assert [heard.body for heard in simulator.journal] == [BODY] * 3
    assert waits == [3.0, 0.5]


async def test_retries_come_to_an_end(
    simulator: Simulator, provider: Provider, waits: list[float]
) -> None:
    for _ in range(4):
        simulator.fails(503)
    refused = await failure(provider)
    assert (refused.status, refused.message) == (503, "The provider failed.")
    assert (len(simulator.journal), waits) == (3, [0.25, 0.5])


@pytest.mark.parametrize("retries", [0, 1])
async def test_the_operator_says_how_often(
    simulator: Simulator,
    opens: Callable[..., Provider],
    waits: list[float],
    retries: int,
) -> None:
    await failure(opens(simulator.base_url, retries=retries))
    assert (len(simulator.journal), len(waits)) == (retries + 1, retries)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422])
async def test_what_would_fail_again_is_not_retried(
    simulator: Simulator, provider: Provider, waits: list[float], status: int
) -> None:
    simulator.fails(status, retry_after=1)
    await failure(provider)
    assert (len(simulator.journal), waits) == (1, [])


async def test_a_wait_that_nobody_would_wait_is_the_callers_to_decide(
    simulator: Simulator, provider: Provider, waits: list[float]
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
    provider: Provider,
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
    simulator: Simulator, provider: Provider, waits: list[float]
) -> None:
    simulator.drops()
    simulator.says("there")
    assert b"there" in await answer(provider)
    assert (len(simulator.journal), len(waits)) == (2, 1)


async def test_an_answer_that_breaks_is_not_asked_for_again(
    simulator: Simulator, provider: Provider, waits: list[float]
) -> None:
    simulator.says("there").cuts(at=20)
    assert isinstance(await failure(provider), ProviderFailed)
    assert (len(simulator.journal), waits) == (1, [])


async def test_nobody_listens(opens: Callable[..., Provider], waits: list[float]) -> None:
    async with Simulator() as gone:
        url = gone.base_url
    refused = await failure(opens(url))
    assert (refused.status, refused.code) == (502, "provider_failed")
    assert refused.message == "The provider can't be reached."
    assert len(waits) == 2


# Limits.


async def test_an_endless_body_has_an_end(
    simulator: Simulator, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 10_000)
    scene = simulator.never_ends()
    refused = await failure(provider)
    assert refused.message == "The provider's answer is too large."
    await scene.abandoned.wait()


async def test_a_provider_that_says_nothing_times_out(
    simulator: Simulator, opens: Callable[..., Provider], waits: list[float]
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
    simulator: Simulator, opens: Callable[..., Provider]
) -> None:
    never = asyncio.Event()
    simulator.says("x").waits(never, at=10)
    refused = await failure(opens(simulator.base_url, timeouts=Timeouts(answer=0.05)))
    assert isinstance(refused, ProviderTimeout)


async def test_a_reply_that_is_closed_early_ends_the_upstream(
    simulator: Simulator, provider: Provider
) -> None:
    scene = simulator.never_ends()
    reply = await provider.send(DIALECT, STREAMED)
    await anext(reply.chunks())
    reply.close()
    await scene.abandoned.wait()


async def test_a_reply_that_was_read_gives_its_connection_back(
    simulator: Simulator, provider: Provider
) -> None:
    simulator.says("one")
    simulator.fails(400)
    simulator.says("two")
    await answer(provider)
    await failure(provider)
    await answer(provider)
    assert [heard.connection for heard in simulator.journal] == [1, 1, 1]


async def test_an_answer_shorter_than_it_claims_is_broken(
    simulator: Simulator, provider: Provider
) -> None:
    simulator.sends(b'{"choices": []}').claims_length(10_000)
    assert isinstance(await failure(provider), ProviderFailed)
