"""An erasure order: which key rows are to go, on what ground, and who approved it.

A C2SP signed note whose text names rows and nothing about the person, so that the machine which
carries it out learns nothing from it. Invariant: `open_order` returns an order only when two
different approvers signed it. FORMAT.md, "Erasure orders", specifies the text.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import FormatError
from audit.frame import MAX_CONTENTS
from audit.note import VerifierKey, open_note, signature_line
from audit.record import Reference

APPROVERS = 2
_HEAD = "privet-erasure-1"
_MAX_NOTE = 64 * 2**20
_BASIS = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_ID = re.compile(r"erase-[0-9a-f]{16}", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be erased.

    Attributes:
        id: ``erase-`` and 16 hex digits; the exchange id of the erasure records that come of it.
        basis: the ground, e.g. ``gdpr-17``.
        time: when it was prepared, nanoseconds since 1970.
        backup_days: the highest age of a backup; until then copies of keys.db may still open it.
        rows: per origin, the rows (sequence, place) to delete, ascending.
    """

    id: str
    basis: str
    time: int
    backup_days: int
    rows: Mapping[str, tuple[Reference, ...]]

    def text(self) -> str:
        """The note's text."""
        lines = [
            _HEAD,
            f"id {self.id}",
            f"basis {self.basis}",
            f"time {self.time}",
            f"backups {self.backup_days}",
        ]
        for origin, rows in self.rows.items():
            lines.append(f"log {origin}")
            lines += [f"row {row.sequence} {row.place}" for row in rows]
        return "\n".join(lines) + "\n"


def new_order(
    basis: str, time: int, backup_days: int, rows: Mapping[str, Sequence[Reference]]
) -> Order:
    """An order nobody has approved yet; raises FormatError when it can't be carried out."""
    if not _BASIS.fullmatch(basis):
        raise FormatError("a basis has up to 64 of A-Z a-z 0-9 . _ : -, like gdpr-17")
    in_order = {
        origin: tuple(sorted(set(some), key=lambda row: (row.sequence, row.place)))
        for origin, some in sorted(rows.items())
        if some
    }
    if any(len(some) > MAX_CONTENTS for some in in_order.values()):
        raise FormatError(f"one order deletes at most {MAX_CONTENTS} rows of a log")
    return Order(f"erase-{secrets.token_hex(8)}", basis, time, backup_days, in_order)


def unsigned(order: Order) -> str:
    """The note that approvers add their signatures to."""
    return order.text() + "\n"


def approve(note: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note with one approver's signature more; raises FormatError when it isn't an order."""
    text, separator, _ = note.rpartition("\n\n")
    if not separator:
        raise FormatError("not an erasure order")
    _parse(text + "\n")
    return note + signature_line(text + "\n", name, key)


def read_order(note: str) -> Order:
    """An order whoever signed it, to be looked at; raises FormatError."""
    text, separator, _ = note.rpartition("\n\n")
    if not separator or len(note) > _MAX_NOTE:
        raise FormatError("not an erasure order")
    return _parse(text + "\n")


def open_order(note: str, approvers: Sequence[VerifierKey]) -> tuple[Order, list[str]]:
    """An order and the names of its approvers.

    Raises FormatError unless two of `approvers`, with different names and keys, signed it.
    """
    text, signers = open_note(note, approvers, _MAX_NOTE)
    names = {signer.name for signer in signers}
    publics = {signer.public.public_bytes_raw() for signer in signers}
    if min(len(names), len(publics)) < APPROVERS:
        raise FormatError(f"an erasure order needs {APPROVERS} approvers, it has {len(names)}")
    return _parse(text), sorted(names)


def _parse(text: str) -> Order:
    match text.split("\n"):
        case [head, name, basis, time, backups, *lines, ""] if head == _HEAD:
            pass
        case _:
            raise FormatError("not an erasure order")
    rows: dict[str, list[Reference]] = {}
    origin = ""
    for line in lines:
        match line.split(" "):
            case ["log", origin] if origin and origin not in rows:
                rows[origin] = []
            case ["row", sequence, place] if origin:
                rows[origin].append(Reference(_number(sequence), _number(place)))
            case _:
                raise FormatError("an erasure order has a malformed line")
    order = Order(
        _member("id", name),
        _member("basis", basis),
        _number(_member("time", time)),
        _number(_member("backups", backups)),
        {origin: tuple(some) for origin, some in rows.items()},
    )
    if not _ID.fullmatch(order.id) or not _BASIS.fullmatch(order.basis) or order.text() != text:
        raise FormatError("an erasure order is malformed")
    return order


def _member(name: str, line: str) -> str:
    word, _, value = line.partition(" ")
    if word != name or not value:
        raise FormatError(f"an erasure order lacks its line {name!r}")
    return value


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise FormatError("a number in an erasure order is malformed")
    return int(text)
