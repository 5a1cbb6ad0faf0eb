"""What every test may use: one detector for the whole session, a provider, a running Privet."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from tests.house import House, house
from tests.simulator import Simulator


@pytest_asyncio.fixture(scope="session")
async def joined() -> AsyncIterator[Callable[[], Nursery]]:
    """Joins the session's one nursery: loading the models takes seconds, so it happens once."""
    nursery = Nursery(DetectSettings())
    await nursery.start()
    yield lambda: Nursery(DetectSettings(), os.dup(nursery.control))
    await nursery.stop()


@pytest_asyncio.fixture(scope="session")
async def detector(joined: Callable[[], Nursery]) -> AsyncIterator[Detector]:
    """A started detector with one process."""
    started = Detector(DetectSettings(), key=bytes(range(32)), nursery=joined())
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """The provider in the cloud."""
    async with Simulator() as running:
        yield running


@pytest_asyncio.fixture
async def cellar() -> AsyncIterator[Simulator]:
    """The provider on the premises."""
    async with Simulator() as running:
        yield running


@pytest_asyncio.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> AsyncIterator[House]:
    """A whole Privet between the official SDK and the two simulated providers."""
    async with house(tmp_path / "privet", detector, simulator.base_url, cellar.base_url) as running:
        yield running
