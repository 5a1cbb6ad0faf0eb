"""Files of callers, which change while Privet serves."""

from __future__ import annotations

from pathlib import Path


def version_of(path: Path) -> tuple[int, ...] | None:
    """What changes whenever the file does; None while there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
