"""Writing files so that names and bytes last, and a crash leaves the old file or the new one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path


def write_atomically(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path`: write beside it, sync, rename, sync the folder."""
    descriptor = os.open(_beside(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        write_at(descriptor, data, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _beside(path).replace(path)
    sync_folder(path.parent)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Replace several files as `write_atomically` does one; which of them first is left open.

    They are synced at one time, which file systems answer with few commits of their journal: a
    dozen of them take as long as two or three.
    """
    folders = {path.parent for path in files}
    for folder in folders:
        make_folder(folder)
    with ExitStack() as stack, ThreadPoolExecutor(max(1, len(files))) as threads:
        descriptors = []
        for path, data in files.items():
            descriptors.append(os.open(_beside(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            stack.callback(os.close, descriptors[-1])
            write_at(descriptors[-1], data, 0)
        list(threads.map(os.fsync, descriptors))
        for path in files:
            _beside(path).replace(path)
        list(threads.map(sync_folder, folders))


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`; raises OSError when the disk takes only part of it."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def make_folder(path: Path) -> None:
    """Create a folder (0700) with its parents, and make their names last."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")
