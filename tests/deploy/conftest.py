"""The distribution as it would be published, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import dist


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and sdist of the commit that is checked out."""
    return dist.build(tmp_path_factory.mktemp("dist"))
