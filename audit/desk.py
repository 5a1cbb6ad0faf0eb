"""The compliance officer's desk: a folder with the search index, its key, and the access log.

    desk.json     who works here
    index.key     key of the index's hashes: whoever has it and the index can test guesses
    index.db      the index
    access.key    signs the access log; access.pub is its verifier key
    recipient-*   who may read the access log
    access/       the access log: a site of its own, with one slot

Invariant: what an officer asks for is on record there before the answer is given.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError, FormatError
from audit.files import make_folder, write_atomically
from audit.index_file import open_index
from audit.keys import (
    generate_signing_key,
    load_recipient,
    load_signing_key,
    read_secret,
    write_recipient,
    write_verifier_key,
)
from audit.log import AuditLog
from audit.record import JSON, Content, Kind, Receipt

_SLOT = "0"


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer's desk; `officer` stands in every access record."""

    folder: Path
    officer: str

    @property
    def index_path(self) -> Path:
        """The search index."""
        return self.folder / "index.db"

    def index_key(self) -> bytes:
        """The key of its hashes; raises AuditError when others may read it."""
        return read_secret(self.folder / "index.key")

    def index(self) -> sqlite3.Connection:
        """The index, open; raises AuditError when there is none yet."""
        if not self.index_path.exists():
            raise AuditError("there is no index yet: run `privet audit index` first")
        return open_index(self.index_path)

    def record(self, verb: str, facts: Mapping[str, JSON], subject: str | None = None) -> Receipt:
        """Put on record what is being asked for, before it is answered.

        `subject` is a value that was searched for: a content of its own, so it can be erased.
        Raises AuditError: then nothing may be answered.
        """
        return asyncio.run(self._record(verb, facts, subject))

    async def _record(self, verb: str, facts: Mapping[str, JSON], subject: str | None) -> Receipt:
        log = AuditLog.open(
            self.folder / "access" / _SLOT,
            origin=f"{self.officer}/access/{_SLOT}",
            signing_key=load_signing_key(self.folder / "access.key"),
            recipients=[load_recipient(path) for path in sorted(self.folder.glob("recipient-*"))],
            clock=time.time_ns,
        )
        try:
            body: dict[str, JSON] = {"officer": self.officer, "verb": verb, **facts}
            contents = [] if subject is None else [Content("subject", subject.encode(), verb)]
            return await log.append(Kind.ACCESS, "", body, contents)
        finally:
            await log.close()


def make_desk(folder: Path, officer: str, recipients: Sequence[Path]) -> Desk:
    """Set up a desk; raises FileExistsError where there is one, AuditError for a bad name.

    Args:
        officer: a name without spaces, e.g. ``dpo@acme``.
        recipients: public files of who may read the access log; not the officer alone.
    """
    if not officer or officer.split() != [officer] or "+" in officer or "/" in officer:
        raise AuditError("an officer's name has no spaces, slashes and plus signs")
    if not recipients:
        raise AuditError("name at least one recipient: somebody has to read the access log")
    if (folder / "desk.json").exists():
        raise FileExistsError(f"{folder} is a desk already")
    make_folder(folder)
    for number, path in enumerate(recipients):
        write_recipient(folder / f"recipient-{number}.pub", load_recipient(path))
    write_atomically(folder / "index.key", f"{secrets.token_hex(32)}\n".encode())
    signing = generate_signing_key(folder / "access.key")
    write_verifier_key(folder / "access.pub", f"{officer}/access/{_SLOT}", signing)
    write_atomically(folder / "desk.json", json.dumps({"officer": officer}).encode())
    return Desk(folder, officer)


def open_desk(folder: Path) -> Desk:
    """A desk; raises FormatError when the folder isn't one."""
    try:
        members = json.loads((folder / "desk.json").read_text("utf-8"))
        return Desk(folder, str(members["officer"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise FormatError(f"{folder} is not a desk: `privet audit desk` makes one") from None
