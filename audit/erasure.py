"""Carrying out an erasure in one log: the journal, and the record that comes of it.

Steps: the rows to go are written to the journal; they are deleted from keys.db, whose write-ahead
log is truncated; the erasure record, whose references name them, becomes durable; the journal goes.
A crash anywhere in between is made good at the next start, so a loss is never left unexplained.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.errors import FormatError
from audit.files import sync_folder, write_atomically
from audit.layout import JOURNAL
from audit.record import JSON, Reference
from audit.sealer import Named

RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Rows of one log that go together.

    Attributes:
        id: the order's id, or ``retention``: the exchange id of the record.
        basis: the ground.
        approved_by: who signed the order; nobody for retention.
        rows: the rows; those that are gone already are named again.
    """

    id: str
    basis: str
    approved_by: tuple[str, ...]
    rows: tuple[Reference, ...]

    def body(self) -> dict[str, JSON]:
        """What the record says, sealed."""
        return {"basis": self.basis, "approved_by": list(self.approved_by), "rows": len(self.rows)}

    def names(self) -> list[Named]:
        """What it says in the clear: the rows, as references."""
        return [Named("erased", row) for row in self.rows]


def write_journal(folder: Path, erasure: Erasure) -> None:
    """Say durably what is about to be deleted; raises OSError."""
    members = {
        "id": erasure.id,
        "basis": erasure.basis,
        "approved_by": list(erasure.approved_by),
        "rows": [[row.sequence, row.place] for row in erasure.rows],
    }
    write_atomically(folder / JOURNAL, json.dumps(members).encode())


def read_journal(folder: Path) -> Iterator[Erasure]:
    """The erasure that a crash interrupted, if there is one; raises FormatError, OSError."""
    try:
        members = json.loads((folder / JOURNAL).read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        raise FormatError("the journal of an erasure is damaged") from None
    match members:
        case {"id": str(name), "basis": str(basis), "approved_by": list(by), "rows": list(rows)}:
            references = tuple(Reference(int(row[0]), int(row[1])) for row in rows)
            yield Erasure(name, basis, tuple(map(str, by)), references)
        case _:
            raise FormatError("the journal of an erasure is damaged")


def drop_journal(folder: Path) -> None:
    """The record is durable: nothing has to be made good any more."""
    (folder / JOURNAL).unlink(missing_ok=True)
    sync_folder(folder)
