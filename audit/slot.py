"""A slot: the place of one log in its site, held by an exclusive lock while it is written."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from audit.errors import AuditError, FormatError
from audit.layout import LOCK, MANIFEST, list_segments
from audit.segment import read_header


def check_origin(origin: str) -> None:
    """Raise AuditError unless `origin` can name a log and a key (C2SP signed-note)."""
    bad = not origin or len(origin.encode()) > 255 or "+" in origin or origin.split() != [origin]
    if bad or not origin.isprintable() or origin.endswith(f"/{MANIFEST}"):
        raise AuditError("an origin is up to 255 bytes without spaces and plus signs")


def take_slot(directory: Path) -> int:
    """The slot's exclusive lock, held until it is closed; raises AuditError when someone has it."""
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AuditError(f"another process writes the audit log in {directory}") from None
    return lock


def origin_of(slot: Path) -> str:
    """The name of the log in a slot's folder; raises FormatError, OSError."""
    for path in list_segments(slot):
        with path.open("rb") as file:
            return read_header(file)[0].origin
    raise FormatError(f"{slot.name} holds no records: run verify")
