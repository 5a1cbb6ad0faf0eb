"""What a caller may know when a provider refuses: its class, its words sometimes, us never."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from proxy.errors import ProviderCredentials, ProviderRefused
from proxy.providers import Provider
from tests.providers.sending import failure
from tests.simulator import Simulator


@pytest.mark.parametrize("status", [401, 403])
async def test_our_credentials_are_our_problem(
    simulator: Simulator, provider: Provider, key: str, status: int
) -> None:
    simulator.fails(status, f"Incorrect API key provided: {key}", code="invalid_api_key")
    refused = await failure(provider)
    assert isinstance(refused, ProviderCredentials)
    assert (refused.status, refused.code) == (502, "provider_credentials")
    assert key not in refused.message + refused.hint


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_the_providers_words_pass_where_they_help(
    simulator: Simulator, provider: Provider, status: int
) -> None:
    simulator.fails(status, "max_tokens is too large [here]", code="too_many_tokens")
    refused = await failure(provider)
    assert isinstance(refused, ProviderRefused)
    assert (refused.status, refused.code) == (status, "too_many_tokens")
    assert (refused.kind, refused.message) == ("server_error", "max_tokens is too large [here]")


@pytest.mark.parametrize("status", [402, 408, 409, 418, 429, 500, 503])
async def test_and_nowhere_else(
    simulator: Simulator, opens: Callable[..., Provider], status: int
) -> None:
    simulator.fails(status, "Zarathustra", code="known_code")
    refused = await failure(opens(simulator.base_url, retries=0))
    assert "Zarathustra" not in refused.message
    assert (refused.status, refused.code) == (status, "known_code")


async def test_our_key_and_the_upstreams_address_are_scrubbed(
    simulator: Simulator, provider: Provider, key: str
) -> None:
    host = simulator.base_url.removeprefix("http://").removesuffix("/v1")
    name = host.partition(":")[0]
    simulator.fails(400, f"{key} at {simulator.base_url}/x, {host} and {name}; {key.upper()}")
    refused = await failure(provider)
    assert refused.message == "[provider] at [provider]/x, [provider] and [provider]; [provider]"


async def test_an_ipv6_address_is_scrubbed_and_brackets_are_not(
    simulator: Simulator, opens: Callable[..., Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = opens("http://[::1]:9/v1", retries=0)
    elsewhere = opens(simulator.base_url, retries=0)
    monkeypatch.setattr(provider, "_connection", elsewhere._connection)
    simulator.fails(400, "messages[0] at [::1]:9 is wrong")
    refused = await failure(provider)
    assert refused.message == "messages[0] at [provider] is wrong"


@pytest.mark.parametrize("code", ["two words", "Zoe@example.org", "x" * 65, "Zoë", 17, None, ["a"]])
async def test_codes_and_types_are_words(
    simulator: Simulator, provider: Provider, code: Any
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
    simulator: Simulator, provider: Provider, body: bytes
) -> None:
    simulator.sends(body, status=400, content_type="text/html")
    refused = await failure(provider)
    assert (refused.status, refused.code) == (400, "provider_refused")
    assert refused.message == "The provider refused the request."


async def test_an_error_that_is_a_string_is_a_message(
    simulator: Simulator, provider: Provider
) -> None:
    simulator.sends(b'{"error": "no such model"}', status=404)
    assert (await failure(provider)).message == "no such model"


async def test_a_message_has_an_end(simulator: Simulator, provider: Provider) -> None:
    simulator.fails(400, "m" * 100_000)
    assert len((await failure(provider)).message) == 2_000


async def test_an_error_page_that_breaks_off_is_still_that_error(
    simulator: Simulator, provider: Provider
) -> None:
    simulator.fails(422, "half").cuts(at=12)
    assert (await failure(provider)).status == 422
