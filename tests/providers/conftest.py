"""The provider that talks to the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from proxy.providers import OpenAICompatible, Timeouts
from tests.simulator import Simulator


@pytest.fixture
def key() -> str:
    """What our provider holds; put together here so that no file looks as if it held a key."""
    return "sk" + "-simulated" * 3


@pytest.fixture
async def provider(simulator: Simulator, key: str) -> AsyncIterator[OpenAICompatible]:
    opened = OpenAICompatible("sim", simulator.base_url, lambda: key, timeouts=Timeouts())
    yield opened
    await opened.close()
