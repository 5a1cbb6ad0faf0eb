"""Entries in a SQLite file, which outlives restarts and is shared by the processes of one machine.

Deleted rows are overwritten (`secure_delete`); closing truncates the write-ahead log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proxy.vault.clerk import LIMIT_S

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    tag BLOB PRIMARY KEY, sealed BLOB NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS expiring ON entries (expires);
"""


class SQLiteStore:
    """A `clerk.Store`.

    Args:
        busy_s: how long to wait while another process writes.

    Raises:
        OSError: the file can't be used.
    """

    def __init__(self, path: Path, busy_s: float = LIMIT_S) -> None:
        with _as_os_error():
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, check_same_thread=False, timeout=busy_s)
            for pragma in ("journal_mode = WAL", "secure_delete = ON", "synchronous = NORMAL"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(_SCHEMA)

    def put(self, tag: bytes, sealed: bytes, expires: int, now: int) -> None:
        """Keep an entry, and drop what has expired."""
        with _as_os_error(), self._database:
            self._database.execute("DELETE FROM entries WHERE expires <= ?", (now,))
            self._database.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (tag, sealed, expires)
            )

    def get(self, tag: bytes, now: int) -> bytes | None:
        """An entry that hasn't expired."""
        with _as_os_error():
            row = self._database.execute(
                "SELECT sealed FROM entries WHERE tag = ? AND expires > ?", (tag, now)
            ).fetchone()
        return bytes(row[0]) if row else None

    def delete(self, tag: bytes) -> bool:
        """Drop an entry."""
        with _as_os_error(), self._database:
            dropped = self._database.execute("DELETE FROM entries WHERE tag = ?", (tag,))
        return dropped.rowcount > 0

    def close(self) -> None:
        """Close the file."""
        with _as_os_error():
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What SQLite says names no text, but its class is its own."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"the vault can't be used ({type(error).__name__})") from None
