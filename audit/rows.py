"""keys.db: the wrapped content keys, and the only thing in a log that may be deleted.

Whoever deletes a row erases that content for every record that refers to it; the tree stays whole.
SQLite with a write-ahead log, full sync and secure deletion. Invariant: rows commit before the
frame that lists them is synced, so a crash can leave a row too many, never one too few.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from audit.files import sync_folder
from audit.record import Reference

FILE_NAME = "keys.db"
#: While it is written anew.
ANEW_NAME = "keys.db.new"
_APPLICATION_ID = 0x50564B31  # "PVK1"
_COPIES = 20
_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    sequence INTEGER NOT NULL,
    place INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (sequence, place)
) WITHOUT ROWID, STRICT
"""


class RowsChangedError(sqlite3.OperationalError):
    """What was read of keys.db isn't of one moment."""


class Row(NamedTuple):
    """The key of content `place` of record `sequence`, wrapped under the record's row key."""

    sequence: int
    place: int
    expires: int
    wrapped: bytes


class Rows:
    """The writer's hold on keys.db, for one thread at a time. Methods may raise sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        """Open or create the file in `folder`."""
        self._path = folder / FILE_NAME
        self._anew = folder / ANEW_NAME
        self._anew.unlink(missing_ok=True)
        self._path.touch(mode=0o600)
        self._db = _connect(self._path)

    def add(self, rows: Iterable[Row]) -> None:
        """Insert rows; durable when this returns."""
        with self._whole_or_not():
            self._db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows)

    def drop_from(self, sequence: int) -> None:
        """Delete the rows of records that never became durable."""
        self._db.execute("DELETE FROM rows WHERE sequence >= ?", (sequence,))

    def expired(self, now: int, limit: int) -> list[Reference]:
        """Up to `limit` rows whose retention has ended at `now` (nanoseconds since 1970)."""
        query = "SELECT sequence, place FROM rows WHERE expires <= ? LIMIT ?"
        return [Reference(*found) for found in self._db.execute(query, (now, limit))]

    def erase(self, rows: Iterable[Reference]) -> None:
        """Delete rows; whoever reads the file doesn't find them any more.

        Copies of them may stay in its pages until it is written anew: `write_anew`, `take_over`.
        Raises sqlite3.Error, also while a reader keeps the write-ahead log from being truncated.
        """
        values = [(row.sequence, row.place) for row in rows]
        with self._whole_or_not():
            self._db.executemany("DELETE FROM rows WHERE sequence = ? AND place = ?", values)
        (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("keys.db is being read, so its log can't be truncated")

    def write_anew(self) -> None:
        """Write all rows to a file beside this one, while others may add further ones here.

        Secure deletion alone isn't enough: when pages split, SQLite leaves copies of the rows that
        moved in the gaps of the page where they were. May be called from any thread; raises
        sqlite3.Error, OSError.
        """
        self._anew.unlink(missing_ok=True)
        self._anew.touch(mode=0o600)
        try:
            with closing(sqlite3.connect(self._path)) as source:
                source.execute("VACUUM INTO ?", (str(self._anew),))
        except sqlite3.Error:
            self._anew.unlink(missing_ok=True)  # a full disk needs the room
            raise

    def take_over(self, size: int) -> None:
        """Go on in the file that `write_anew` wrote when the log had `size` records.

        Rows from there on are copied again, for some may have been taken back since. The old file
        is overwritten, then gone. Raises sqlite3.Error, OSError; the old file is in use even so.
        """
        self._db.execute("ATTACH ? AS anew", (str(self._anew),))
        try:
            self._db.execute("PRAGMA anew.synchronous = FULL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM anew.rows WHERE sequence >= ?", (size,))
            self._db.execute(
                "INSERT INTO anew.rows SELECT * FROM main.rows WHERE sequence >= ?", (size,)
            )
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute("DETACH anew")
        (mode,) = self._db.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":  # it has a log as long as anybody else has it open
            raise sqlite3.OperationalError("keys.db is being read, so it can't be written anew")
        self._db.close()
        try:
            with self._path.open("r+b") as old, self._anew.open("rb") as anew:
                os.fsync(anew.fileno())
                self._anew.replace(self._path)
                sync_folder(self._path.parent)
                _overwrite(old)
        finally:
            self._db = _connect(self._path)

    def close(self) -> None:
        """Fold the write-ahead log back into the file and let go of it."""
        self._db.close()

    @contextmanager
    def _whole_or_not(self) -> Iterator[None]:
        """What is done within is durable as a whole afterwards, or nothing of it is."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    # The log's one disk thread uses the connection; opening and closing happen outside of it.
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA secure_delete = ON")
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute("PRAGMA user_version = 1")
    database.execute(_SCHEMA)
    return database


def _overwrite(file: BinaryIO) -> None:
    """Nothing of it stays on the disk, as far as the disk writes where it wrote before."""
    left = file.seek(0, os.SEEK_END)
    file.seek(0)
    while left > 0:
        left -= file.write(bytes(min(left, 2**20)))
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a log's keys.db that changes nothing in `folder`.

    With a write-ahead log beside it, the database is being written, or a crash left that behind:
    then it is read from a private temporary copy. Raises sqlite3.Error, in the end also
    RowsChangedError: a writer has begun to write what was read in place.
    """
    path = folder / FILE_NAME
    with tempfile.TemporaryDirectory() as scratch:
        before = _version(path)
        read, mode = path, "immutable=1"
        if _copy_written(folder, Path(scratch)):
            read, mode = Path(scratch) / FILE_NAME, "mode=rw"
        uri = f"{read.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True)
        connection.text_factory = bytes  # a damaged file may hold anything, its error messages too
        try:
            yield connection
        finally:
            connection.close()
            if read == path and _version(path) != before:
                raise RowsChangedError("keys.db was written while it was read: do it again")


def _copy_written(folder: Path, to: Path) -> bool:
    """Copy keys.db with its write-ahead log, if it has one, as they are at one moment.

    The log first: it grows, and the database is changed only when the log is folded into it. When
    that happened meanwhile, the copy is made once more. Raises sqlite3.Error.
    """
    path, pending = folder / FILE_NAME, folder / f"{FILE_NAME}-wal"
    for _ in range(_COPIES):
        try:
            before = _version(path)
            if before is None:
                break
            if not pending.exists():
                return False
            shutil.copy(pending, to)
            shutil.copy(path, to)
            if _version(path) == before:
                return True
        except FileNotFoundError:
            continue  # the change of files at an erasure
    raise sqlite3.OperationalError("keys.db is missing, or changes all the time: read a copy")


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None while it isn't there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def each_row(connection: sqlite3.Connection) -> Iterator[Row]:
    """All rows in the order of the records that made them; raises sqlite3.Error."""
    query = "SELECT sequence, place, expires, wrapped FROM rows ORDER BY sequence, place"
    return map(_row, connection.execute(query))


def find_row(connection: sqlite3.Connection, sequence: int, place: int) -> Row | None:
    """One row, or None when it was erased (or never was); raises sqlite3.Error."""
    query = "SELECT * FROM rows WHERE sequence = ? AND place = ?"
    found = connection.execute(query, (sequence, place)).fetchone()
    return None if found is None else _row(found)


def _row(values: tuple[object, ...]) -> Row:
    """A row that is what the schema says, which SQLite doesn't check in a damaged file."""
    row = Row(*cast("tuple[int, int, int, bytes]", values))
    numbers = (row.sequence, row.place, row.expires)
    sound = type(row.wrapped) is bytes and all(type(number) is int for number in numbers)
    if sound and min(numbers) >= 0 and row.place < 2**16:
        return row
    raise sqlite3.DatabaseError("a row isn't what the schema says")
