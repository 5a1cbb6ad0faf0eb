"""The durable side of the writer: segments, keys.db, tiles and checkpoints of one log.

Everything here blocks and runs in the log's one disk thread. Steps of a batch: key rows commit,
frames are written, fdatasync; only then does the tree grow. After any failure nothing is written
until the last acknowledged end is restored.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.erasure import Erasure, drop_journal, write_journal
from audit.errors import AuditError
from audit.files import make_folder, sync_folder, write_at
from audit.layout import SEGMENTS, segment_name
from audit.publish import Publication, Published, next_publication
from audit.record import Reference
from audit.rows import Row, Rows
from audit.sealer import Sealed
from audit.segment import encode_batch

_PROBE_BYTES = 64 * 1024


class Store:
    """Owns a log's open files; the caller holds the slot's lock."""

    def __init__(
        self, folder: Path, origin: str, signing_key: Ed25519PrivateKey, published: Published
    ) -> None:
        """Take over a folder in the state that `recover` left it in."""
        make_folder(folder / SEGMENTS)
        self._folder = folder
        self._origin = origin
        self._signing_key = signing_key
        self._published = published
        self._rows = Rows(folder)
        self._rows.drop_from(self.size)
        sync_folder(folder)  # SQLite syncs its file, not the file's name
        self._segment: Path | None = None
        self._descriptor = -1
        self._end = 0  # of what was acknowledged in the open segment
        self._whole = True  # False from a failure until the acknowledged end is restored
        self._ahead: Sequence[Row] = ()  # key rows of a record that is to come
        self.sync_s = 0.0  # how long the last batch's sync took

    @property
    def size(self) -> int:
        """How many records are durable."""
        return self._published.tiles.size

    @property
    def unprotected(self) -> int:
        """How many of them no checkpoint covers yet."""
        return self.size - self._published.size

    def write(
        self,
        header: bytes,
        first: int,
        batch: Sequence[Sealed],
        counts: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make one batch of the segment that begins at `first` durable.

        `counts` is asked once it is: whether anybody was told otherwise meanwhile. Raises
        AuditError when it isn't durable, or doesn't count; then nothing of it remains, and its
        segment is finished.
        """
        try:
            self._restore()
            self._whole = False
            self._add([row for sealed in batch for row in sealed.rows])
            data = encode_batch(batch[0].leaf.sequence, [sealed.frame for sealed in batch])
            segment = self._folder / SEGMENTS / segment_name(first)
            if segment != self._segment:
                self._begin(segment)
                data = header + data
            write_at(self._descriptor, data, self._end)
            started = time.perf_counter()
            os.fdatasync(self._descriptor)
            self.sync_s = time.perf_counter() - started
            if self._end == 0:
                sync_folder(segment.parent)
            if not counts():
                raise TimeoutError("they came too late")
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(OSError, sqlite3.Error):  # or else before the next batch
                self._restore()
            raise AuditError(f"records could not be made durable: {error}") from error
        self._whole = True
        self._end += len(data)
        for sealed in batch:
            self._published.tiles.add(sealed.leaf.encode())

    def write_ahead(self, rows: Sequence[Row]) -> None:
        """Make the key rows of the next batch's first record durable, while it waits for others.

        Raises AuditError when they aren't; the batch adds them then.
        """
        try:
            self._restore()
            self._rows.add(rows)
        except (OSError, sqlite3.Error) as error:
            raise AuditError(f"key rows could not be made durable: {error}") from error
        self._ahead = rows

    def erase(self, erasure: Erasure) -> None:
        """Delete key rows, with a journal; `erased` is to follow when that is on record.

        Raises AuditError: some may be gone; the journal says which, and a restart goes on.
        """
        with _erasing():
            write_journal(self._folder, erasure)
            self._rows.erase(erasure.rows)

    def write_keys_anew(self) -> None:
        """Write keys.db anew beside itself, so that no copy of a deleted row stays in its pages.

        In another thread than the disk's: records are written meanwhile. Raises AuditError.
        """
        with _erasing():
            self._rows.write_anew()

    def take_keys_over(self, size: int) -> None:
        """Go on with that file, begun when `size` records were durable; raises AuditError."""
        with _erasing():
            self._rows.take_over(size)

    def erased(self) -> None:
        """The erasure is on record; raises OSError."""
        drop_journal(self._folder)

    def expired(self, now: int, limit: int) -> list[Reference]:
        """Rows whose retention has ended; raises sqlite3.Error."""
        return self._rows.expired(now, limit)

    def checkpoint(self) -> None:
        """Write tiles and a signed checkpoint over all that is durable, unless there is one.

        Raises AuditError when that fails; the next call tries again.
        """
        publication = self.next_checkpoint()
        if publication is not None:
            self.write_checkpoint(publication)
            self.checkpointed(publication)

    def next_checkpoint(self) -> Publication | None:
        """A checkpoint over all that is durable, unless there is one; while no batch is written."""
        return next_publication(self._origin, self._signing_key, self._published)

    def write_checkpoint(self, publication: Publication) -> None:
        """Make it durable, in any thread; raises AuditError. `checkpointed` is to follow."""
        try:
            publication.write(self._folder)
        except OSError as error:
            raise AuditError(f"a checkpoint could not be made durable: {error}") from error

    def checkpointed(self, publication: Publication) -> None:
        """That checkpoint is the newest one now."""
        self._published.take(publication)

    def probe(self) -> None:
        """Write and sync what a record may need, in a file without a name; raises OSError."""
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fdatasync(file.fileno())

    def close(self) -> None:
        """Let go of the files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._rows.close()

    def _add(self, rows: list[Row]) -> None:
        """Add a batch's key rows, but for those that are there already."""
        ahead, self._ahead = self._ahead, ()
        if ahead and list(ahead) != rows[: len(ahead)]:  # their record was given up
            self._rows.drop_from(self.size)
            ahead = ()
        if added := rows[len(ahead) :]:
            self._rows.add(added)

    def _begin(self, segment: Path) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._segment, self._end = -1, None, 0
        self._descriptor = os.open(segment, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._segment = segment  # only now: what this batch didn't create, it must not remove

    def _restore(self) -> None:
        """Take back what a failed batch left: its bytes, its file if it began one, its key rows."""
        if self._whole:
            return
        if self._segment is not None:
            if self._end > 0:
                os.ftruncate(self._descriptor, self._end)
                os.fsync(self._descriptor)
            else:
                self._segment.unlink(missing_ok=True)
                sync_folder(self._segment.parent)
                self._segment = None
        self._rows.drop_from(self.size)
        self._whole = True


@contextlib.contextmanager
def _erasing() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise AuditError(f"key rows could not be erased: {error}") from error
