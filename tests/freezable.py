"""A real file system that can be frozen: whoever writes to it waits in the kernel until it is thawed.

It is what a disk is that has stopped answering. Takes root and a loop device: a test that wants one is
skipped without them, and fails in continuous integration, where nothing is skipped.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.debian import program

#: linux/fs.h: _IOWR('X', 119, int) and _IOWR('X', 120, int).
_FREEZE, _THAW = 0xC0045877, 0xC0045878


@dataclass
class Freezable:
    """A mounted file system.

    Attributes:
        path: where it is.
        frozen: whether whoever writes there waits.
    """

    path: Path
    frozen: bool = False

    def freeze(self) -> None:
        self._tell(_FREEZE)
        self.frozen = True

    def thaw(self) -> None:
        if self.frozen:
            self._tell(_THAW)
            self.frozen = False

    def _tell(self, request: int) -> None:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, request, 0)
        finally:
            os.close(descriptor)


def can_be_made() -> bool:
    return os.geteuid() == 0 and Path("/dev/loop-control").exists()


@contextmanager
def freezable(folder: Path, megabytes: int) -> Iterator[Freezable]:
    """Mount one below `folder`; it is gone afterwards."""
    if not can_be_made():
        lacking = "a file system that can be frozen takes root and loop devices (/dev/loop-control)"
        if os.environ.get("CI") == "true":
            pytest.fail(lacking)
        pytest.skip(lacking)
    image, place = folder / "disk.image", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run([program("mkfs.ext4", "e2fsprogs"), "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    disk = Freezable(place)
    try:
        yield disk
    finally:
        disk.thaw()
        subprocess.run(["umount", "--lazy", place], check=True)
