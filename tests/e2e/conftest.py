"""What npm installs, once; the independently written upstream, started once and always empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from proxy.detect.detector import Detector
from tests.e2e import node
from tests.e2e.aimock import Aimock
from tests.house import House, house


@pytest.fixture(scope="session")
def installed() -> None:
    """The packages of package.json are there."""
    node.install()


@pytest.fixture(scope="session")
def running_aimock(installed: None) -> Iterator[Aimock]:
    server = Aimock.start()
    yield server
    server.stop()


@pytest.fixture
def aimock(running_aimock: Aimock) -> Aimock:
    running_aimock.reset()
    return running_aimock


@pytest_asyncio.fixture
async def privet(tmp_path: Path, detector: Detector, aimock: Aimock) -> AsyncIterator[House]:
    """In front of aimock as one that speaks OpenAI's protocol."""
    async with house(tmp_path / "privet", detector, aimock.base_url) as running:
        yield running
