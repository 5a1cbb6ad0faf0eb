"""Programs from Debian's packages that run what `deploy/` describes."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def program(name: str, packages: str) -> str:
    """The path of a program; continuous integration installs its packages, others are told to."""
    if found := shutil.which(name, path=_PLACES):
        return found
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
    found = shutil.which(name, path=_PLACES)
    assert found, f"{packages} brought no {name}"
    return found
