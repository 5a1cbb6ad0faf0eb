"""What npm installs, once; the independently written upstream, started once and always empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import node
from tests.e2e.aimock import Aimock


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
