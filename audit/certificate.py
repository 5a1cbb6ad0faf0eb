"""The certificate of an erasure: what went, where it is on record, until when backups may hold it.

Made from the logs as they are, by anyone with the verifier keys: it looks for the erasure records,
checks that the tree holds them and that the key rows are gone. Nothing about the person is in it.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.checkpoint import open_checkpoint
from audit.errors import FormatError
from audit.frame import Frame, decode, leaf_of
from audit.layout import list_segments
from audit.merkle import leaf_hash, root_from_inclusion
from audit.note import VerifierKey
from audit.order import Order
from audit.proof import inclusion, sequences_of
from audit.record import Reference
from audit.rows import find_row, reading
from audit.segment import read_batches, read_header
from audit.slot import origin_of


@dataclass(frozen=True, slots=True)
class Part:
    """What one log says.

    Attributes:
        erased: how many of the order's rows are gone and explained by the record.
        problem: why this part isn't done; empty when it is.
        record, time, checkpoint, leaf, path: the erasure record and its proof of inclusion.
    """

    origin: str
    ordered: int
    erased: int = 0
    problem: str = ""
    record: int | None = None
    time: str = ""
    checkpoint: str = ""
    leaf: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """What can be handed to the person, and to an auditor.

    Attributes:
        backups_until: when the last copy of the keys has to be gone, by the order's backup age.
        in_index: how many of the rows the search index still knows; None if none was looked at.
    """

    order: str
    basis: str
    prepared: str
    approved_by: tuple[str, ...]
    backups_until: str
    parts: tuple[Part, ...]
    in_index: int | None

    @property
    def complete(self) -> bool:
        """Whether everything that was ordered is gone and on record."""
        return not self.in_index and not any(part.problem for part in self.parts)

    def as_json(self) -> dict[str, object]:
        """Plain JSON values."""
        return {"privet-erasure-certificate": 1, "complete": self.complete, **asdict(self)}

    def as_text(self) -> str:
        """For people."""
        lines = [
            f"Certificate of erasure {self.order}",
            f"  ground: {self.basis}; prepared {self.prepared}",
            f"  approved by {' and '.join(self.approved_by)}",
        ]
        for part in self.parts:
            lines.append(f"  {part.origin}: {part.erased} of {part.ordered} contents erased")
            if part.record is not None:
                lines.append(f"    record {part.record}, {part.time}, in the signed tree")
            if part.problem:
                lines.append(f"    NOT DONE: {part.problem}")
        if self.in_index is not None:
            lines.append(f"  search index: {self.in_index} of them left")
        lines.append(f"  backups of keys.db may still open them until {self.backups_until}")
        lines.append("COMPLETE" if self.complete else "NOT COMPLETE")
        return "\n".join(lines)


def certify(
    slots: Sequence[Path],
    order: Order,
    approved_by: Sequence[str],
    keys: Sequence[VerifierKey],
    index: sqlite3.Connection | None = None,
) -> Certificate:
    """Look at the logs in `slots`; what isn't as ordered is a problem of that part."""
    folders = {origin_of(slot): slot for slot in slots}
    parts = tuple(
        _part(folders.get(origin), origin, rows, order.id, keys)
        for origin, rows in order.rows.items()
    )
    prepared = datetime.fromtimestamp(order.time / 1e9, UTC)
    last = max((part.time for part in parts if part.time), default=_iso(prepared))
    until = datetime.fromisoformat(last) + timedelta(days=order.backup_days)
    return Certificate(
        order.id,
        order.basis,
        _iso(prepared),
        tuple(approved_by),
        until.date().isoformat(),
        parts,
        None if index is None else _left(index, order),
    )


def _part(
    folder: Path | None,
    origin: str,
    rows: Sequence[Reference],
    order_id: str,
    keys: Sequence[VerifierKey],
) -> Part:
    if folder is None:
        return Part(origin, len(rows), problem="its log isn't here")
    try:
        sequences = sequences_of(folder, order_id)
        if not sequences:
            return Part(origin, len(rows), problem="no erasure record in the signed tree yet")
        return _proven(folder, origin, rows, sequences[-1], keys)
    except (FormatError, OSError, sqlite3.Error) as error:
        return Part(origin, len(rows), problem=str(error))


def _proven(
    folder: Path, origin: str, rows: Sequence[Reference], sequence: int, keys: Sequence[VerifierKey]
) -> Part:
    data, frame = _frame(folder, sequence)
    note, path = inclusion(folder, sequence)
    checkpoint = open_checkpoint(note, keys)
    leaf = leaf_of(frame, data).encode()
    root = root_from_inclusion(leaf_hash(leaf), sequence, checkpoint.size, path)
    if checkpoint.origin != origin or root != checkpoint.root:
        raise FormatError("the erasure record isn't in the signed tree")
    explained = {entry for entry in frame.entries if isinstance(entry, Reference)}
    with reading(folder) as database:
        gone = [row for row in rows if find_row(database, row.sequence, row.place) is None]
    erased = sum(row in explained for row in gone)
    return Part(
        origin,
        len(rows),
        erased,
        "" if erased == len(rows) else f"{len(rows) - erased} key rows are still there",
        sequence,
        _iso(datetime.fromtimestamp(frame.time / 1e9, UTC)),
        note,
        base64.b64encode(leaf).decode(),
        tuple(base64.b64encode(one).decode() for one in path),
    )


def _frame(folder: Path, sequence: int) -> tuple[bytes, Frame]:
    """One record's bytes; raises FormatError when it isn't there."""
    segments = [path for path in list_segments(folder) if int(path.stem) <= sequence]
    if segments:
        with segments[-1].open("rb") as file:
            read_header(file)
            for batch in read_batches(file):
                for data in batch.frames:
                    if (frame := decode(data)).sequence == sequence:
                        return data, frame
    raise FormatError(f"record {sequence} is missing")


def _left(index: sqlite3.Connection, order: Order) -> int:
    query = (
        "SELECT count(*) FROM stored JOIN logs ON logs.id = stored.log"
        " WHERE origin = ? AND sequence = ? AND place = ?"
    )
    return sum(
        index.execute(query, (origin, row.sequence, row.place)).fetchone()[0]
        for origin, rows in order.rows.items()
        for row in rows
    )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
