"""What the audit commands share: whose key opens, and where it is put on record that it did."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from audit.checkpoint import each_note, notes_in
from audit.desk import Desk, open_desk
from audit.errors import AuditError, FormatError
from audit.keys import load_recipient_key
from audit.recipients import PrivateKeys
from audit.record import JSON


def add_reader(parser: ArgumentParser) -> None:
    """Whose key opens records, and where it is put on record that it did."""
    parser.add_argument(
        "--open",
        type=Path,
        metavar="PRIVATE",
        action="append",
        required=True,
        help="an auditor's private key; twice where two people read together",
    )
    add_desk(parser)


def add_desk(parser: ArgumentParser) -> None:
    """The officer's desk, or the word that there is none."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--desk", type=Path, help="your desk: what you ask for is recorded there")
    which.add_argument(
        "--unrecorded", action="store_true", help="without a desk: nobody learns that you read this"
    )


def private_keys(arguments: Namespace) -> PrivateKeys:
    """The keys that --open names."""
    return [load_recipient_key(path) for path in arguments.open]


def on_record(
    arguments: Namespace, verb: str, facts: dict[str, JSON], subject: str | None = None
) -> Desk | None:
    """Put on record what is about to be read; raises AuditError: then nothing may be shown."""
    if arguments.desk is None:
        return None
    desk = open_desk(arguments.desk)
    desk.record(verb, facts, subject)
    return desk


def folder_of(path: Path) -> Path:
    """`path`, which must be a folder; raises AuditError."""
    if not path.is_dir():
        raise AuditError(f"{path} is not a folder")
    return path


def held_checkpoints(paths: list[Path]) -> list[str]:
    """The checkpoints in files that `privet audit checkpoint` printed, or in a collector's logs.

    Raises FormatError for a file without any, and where it ends inside one.
    """
    notes: dict[str, None] = {}
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as file:
            found = list(notes_in(file))
            if not found:
                file.seek(0)
                found = _printed(file.readlines(), path)
        notes |= dict.fromkeys(found)
    return list(notes)


def _printed(lines: list[str], path: Path) -> list[str]:
    notes = list(each_note([*lines, "\n"]))
    if not notes:
        raise FormatError(f"{path} holds no checkpoint")
    if " ".join(notes).split() != "".join(lines).split():
        raise FormatError(f"{path} ends inside a checkpoint, or holds something else, too")
    return notes
