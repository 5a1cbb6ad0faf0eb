"""A service manager's ear: where Privet says how it goes (sd_notify(3))."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def listening_at(path: Path) -> Iterator[socket.socket]:
    """A socket that each state comes to, a datagram each; `recv` waits a minute for one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(60)
        yield told
