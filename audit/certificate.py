"""The certificate of an erasure: what went, where it is on record, until when backups may hold it.

Made from the logs as they are, by anyone with the verifier keys: it looks for the erasure records,
checks that the tree holds them and that the key rows are gone. Nothing about the person is in it.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import FormatError
from audit.frame import Frame, decode, leaf_of
from audit.layout import list_segments
from audit.merkle import leaf_hash, root_from_inclusion
from audit.note import VerifierKey
from audit.order import Order
from audit.proof import inclusion, sequences_of
from audit.record import Kind, Reference
from audit.rows import find_row, reading
from audit.segment import read_batches, read_header
from audit.slot import origin_of

_FORM = "privet-erasure-certificate"


@dataclass(frozen=True, slots=True)
class Part:
    """What one log says.

    Attributes:
        erased: how many of the order's rows are gone and explained by the record.
        problem: why this part isn't done; empty when it is.
        record, time: of the erasure record.
        checkpoint, frame, path: the proof of it, the latter two in base64.
    """

    origin: str
    ordered: int
    erased: int = 0
    problem: str = ""
    record: int | None = None
    time: str = ""
    checkpoint: str = ""
    frame: str = ""
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
        return {_FORM: 1, "complete": self.complete, **asdict(self)}

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
    explained = _named(data, path, checkpoint, origin)
    with reading(folder) as database:
        gone = [row for row in rows if find_row(database, row.sequence, row.place) is None]
    erased = sum(row in explained for row in gone)
    return Part(
        origin,
        len(rows),
        erased,
        "" if erased == len(rows) else f"{len(rows) - erased} key rows are still there",
        sequence,
        _moment(frame),
        note,
        base64.b64encode(data).decode(),
        tuple(base64.b64encode(one).decode() for one in path),
    )


def _named(
    data: bytes, path: Sequence[bytes], checkpoint: Checkpoint, origin: str
) -> set[Reference]:
    """The rows that an erasure record names; raises FormatError unless the tree has it."""
    frame = decode(data)
    leaf = leaf_hash(leaf_of(frame, data).encode())
    root = root_from_inclusion(leaf, frame.sequence, checkpoint.size, path)
    if checkpoint.origin != origin or root != checkpoint.root:
        raise FormatError("the erasure record isn't in the signed tree")
    if frame.kind is not Kind.ERASURE:
        raise FormatError("the record is no erasure's")
    return {entry for entry in frame.entries if isinstance(entry, Reference)}


def is_certificate(text: str) -> bool:
    """Whether a file is one, by its first member."""
    return f'"{_FORM}"' in text[:100]


def check_certificate(text: str, keys: Sequence[VerifierKey]) -> Certificate:
    """A certificate whose records the signed trees have; raises FormatError for any other.

    What a record names is counted, its order, moment and place compared. Ground, approvers and
    backups are the word of who made the certificate: they stand sealed in the record.
    """
    try:
        members = json.loads(text)
        if members.pop(_FORM) != 1:
            raise FormatError("this certificate is of another version")
        said = bool(members.pop("complete"))
        parts = [Part(**{**part, "path": tuple(part["path"])}) for part in members.pop("parts")]
        approved_by = tuple(map(str, members.pop("approved_by")))
        certificate = Certificate(parts=tuple(parts), approved_by=approved_by, **members)
        for part in parts:
            _check(part, certificate.order, keys)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise (
            error if isinstance(error, FormatError) else FormatError("this is not a certificate")
        ) from None
    if certificate.complete is not said or not parts:
        raise FormatError("the certificate says something else than its parts")
    return certificate


def _check(part: Part, order: str, keys: Sequence[VerifierKey]) -> None:
    if part.record is None:
        if not part.problem or part.erased:
            raise FormatError(f"of {part.origin} there is no record")
        return
    data = base64.b64decode(part.frame, validate=True)
    path = [base64.b64decode(one, validate=True) for one in part.path]
    named = _named(data, path, open_checkpoint(part.checkpoint, keys), part.origin)
    frame = decode(data)
    same = (frame.sequence, frame.exchange_id, _moment(frame)) == (part.record, order, part.time)
    if not same or not part.erased <= part.ordered <= len(named):
        raise FormatError(f"the record of {part.origin} says something else than the certificate")
    if (part.erased == part.ordered) is bool(part.problem):
        raise FormatError(f"of {part.origin} it says something else than its figures")


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


def _moment(frame: Frame) -> str:
    return _iso(datetime.fromtimestamp(frame.time / 1e9, UTC))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
