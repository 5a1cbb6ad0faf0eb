"""aiohttp's client defaults that leak: each is off here, and each leak is shown with the default.

Every test tells its story twice: our connection keeps the promise, a plain `ClientSession` in the
same place breaks it. If aiohttp changes a default, the second half goes red and the switch that it
made necessary can be looked at again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from proxy.errors import ProviderFailed
from proxy.providers import Provider
from tests.simulator import ELSEWHERE, Simulator

DIALECT = "openai.chat"
PATH = "/chat/completions"
BODY = b'{"model": "m", "messages": []}'


@pytest.fixture
async def plain() -> AsyncIterator[aiohttp.ClientSession]:
    # Cookies of addresses are kept here, as those of names are by default.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def ask(provider: Provider) -> bytes:
    reply = await provider.send(DIALECT, BODY)
    try:
        return await reply.read()
    finally:
        reply.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    simulator: Simulator, provider: Provider, plain: aiohttp.ClientSession, status: int
) -> None:
    simulator.redirects(status)
    with pytest.raises(ProviderFailed, match="redirect"):
        await ask(provider)
    assert len(simulator.journal) == 1
    assert not simulator.followed

    simulator.redirects(status)
    async with plain.post(simulator.base_url + PATH, data=BODY, headers={"x-api-key": "k"}):
        assert simulator.followed
    if status in (307, 308):
        followed = simulator.journal[-1]
        assert (followed.target, followed.body) == (ELSEWHERE, BODY)
        assert followed.header("x-api-key") == "k"


async def test_cookies_are_not_kept(
    simulator: Simulator, provider: Provider, plain: aiohttp.ClientSession
) -> None:
    for _ in range(4):
        simulator.says("x").with_header("set-cookie", "who=acme; Path=/")
    await ask(provider)
    await ask(provider)
    assert [heard.header("cookie") for heard in simulator.journal] == [None, None]

    for _ in range(2):
        async with plain.post(simulator.base_url + PATH, data=BODY) as response:
            await response.read()
    assert simulator.journal[-1].header("cookie") == "who=acme"


async def test_compressed_answers_are_refused(
    simulator: Simulator, provider: Provider, plain: aiohttp.ClientSession
) -> None:
    simulator.bombs(megabytes=1)
    simulator.says("x").gzipped()
    for _ in range(2):
        with pytest.raises(ProviderFailed, match="compressed"):
            await ask(provider)
    assert [heard.header("accept-encoding") for heard in simulator.journal] == ["identity"] * 2
    # Nor would it be unpacked if it were read.
    assert not provider._connection._session.auto_decompress

    simulator.bombs(megabytes=1)
    async with plain.post(simulator.base_url + PATH, data=BODY) as response:
        assert len(await response.read()) > 2**20
    assert "gzip" in str(simulator.journal[-1].header("accept-encoding"))


async def test_proxies_of_the_environment_are_not_used(
    simulator: Simulator, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Simulator() as snoop:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, snoop.base_url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        simulator.says("x")
        await ask(provider)
        assert (len(simulator.journal), snoop.journal) == (1, [])

        # aiohttp's own default is off as well; this is what switching it on would do.
        async with (
            aiohttp.ClientSession(trust_env=True) as trusting,
            trusting.post(simulator.base_url + PATH, data=BODY),
        ):
            assert len(snoop.journal) == 1


async def test_the_client_doesnt_say_what_it_is_built_with(
    simulator: Simulator, provider: Provider, plain: aiohttp.ClientSession
) -> None:
    simulator.says("x")
    await ask(provider)
    assert simulator.journal[-1].header("user-agent") == "privet"

    async with plain.post(simulator.base_url + PATH, data=BODY):
        assert "aiohttp" in str(simulator.journal[-1].header("user-agent"))
