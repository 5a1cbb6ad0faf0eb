"""Programs and libraries from Debian's packages that tests run with."""

from __future__ import annotations

import os
import shutil
import subprocess
from ctypes.util import find_library

import pytest

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def program(name: str, packages: str) -> str:
    """The path of a program; continuous integration installs its packages, others are told to."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        _install(name, packages)
        found = shutil.which(name, path=_PLACES)
    assert found, f"{packages} brought no {name}"
    return found


def library(name: str, packages: str) -> None:
    """See that a shared library is here, as `program` does."""
    if find_library(name) is None:
        _install(name, packages)


def _install(name: str, packages: str) -> None:
    if os.environ.get("CI") != "true":
        pytest.skip(f"{name} isn't here: apt-get install --no-install-recommends {packages}")
    for arguments in (
        ["update"],
        ["install", "--yes", "--no-install-recommends", *packages.split()],
    ):
        subprocess.run(
            ["apt-get", "--quiet=2", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            check=True,
        )
