"""The independently written upstream, started once; every test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.aimock import Aimock


@pytest.fixture(scope="session")
def running_aimock() -> Iterator[Aimock]:
    server = Aimock.start()
    yield server
    server.stop()


@pytest.fixture
def aimock(running_aimock: Aimock) -> Aimock:
    running_aimock.reset()
    return running_aimock
