"""The provider that talks to the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from proxy.providers import KINDS, Provider, Timeouts
from tests.simulator import Simulator


@pytest.fixture
def key() -> str:
    """What our provider holds; put together here so that no file looks as if it held a key."""
    return "sk" + "-simulated" * 3


@pytest.fixture
async def provider(simulator: Simulator, key: str) -> AsyncIterator[Provider]:
    opened = Provider(
        KINDS["openai-compatible"], "sim", simulator.base_url, lambda: key, timeouts=Timeouts()
    )
    yield opened
    await opened.close()


@pytest.fixture
async def opens() -> AsyncIterator[Callable[..., Provider]]:
    """Opens providers with choices of the test's own, and closes them."""
    opened: list[Provider] = []

    def open_provider(base_url: str, key: str | None = None, **choices: Any) -> Provider:
        choices = {"timeouts": Timeouts(), **choices}
        opened.append(Provider(KINDS["openai-compatible"], "sim", base_url, lambda: key, **choices))
        return opened[-1]

    yield open_provider
    for provider in opened:
        await provider.close()
