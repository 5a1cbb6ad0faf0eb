"""The other half of verifying: is every key row there that a record lists, or its loss explained?

A merge of two ordered streams, records and rows, so memory stays flat. A missing row is explained
by an erasure record, wherever it stands, whose references name the row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from audit.frame import Frame, Stored, places
from audit.record import Kind, Reference
from audit.report import Report
from audit.rows import FILE_NAME, Row, each_row, find_row, reading
from audit.seal import row_hash

#: Missing rows -> those that a later erasure explains, those that one names which nobody signed.
Explain: TypeAlias = Callable[[Set[Reference]], tuple[Set[Reference], Set[Reference]]]


class RowChecker:
    """Follows keys.db beside the records. A context manager: it holds the database open."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._stack = ExitStack()
        self._rows: Iterator[Row] = iter(())
        self._ahead: Row | None = None
        self._missing: set[Reference] = set()
        self._erased: set[Reference] = set()
        self._unsigned: set[Reference] = set()
        self._readable = True

    def __enter__(self) -> RowChecker:
        try:
            if not (self._folder / FILE_NAME).is_file():
                raise sqlite3.OperationalError("the file is missing")
            connection = self._stack.enter_context(reading(self._folder))
            if connection.execute("PRAGMA integrity_check").fetchall() != [(b"ok",)]:
                raise sqlite3.DatabaseError("its integrity check fails")
            self._database = connection
            self._rows = each_row(connection)
        except sqlite3.Error as error:
            self._give_up(error)
        self._advance()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def check(self, frame: Frame, *, signed: bool) -> dict[int, Row]:
        """Compare one record's rows with its frame; returns the good ones by place.

        `signed`: a checkpoint counts the record. Anyone can write an erasure that none counts.
        Records must come in order. Rows of records that were skipped are left out.
        """
        if frame.kind is Kind.ERASURE:
            self._note_erasure(frame, self._erased if signed else self._unsigned)
        found: dict[int, Row] = {}
        while self._ahead is not None and self._ahead.sequence <= frame.sequence:
            if self._ahead.sequence == frame.sequence:
                found[self._ahead.place] = self._ahead
            self._advance()
        good = {}
        for place, entry in places(frame.entries):
            where = f"record {frame.sequence}, content {place}"
            if not isinstance(entry, Stored):
                if entry.sequence >= frame.sequence:
                    self._report.find("bad-reference", where)
            elif (row := found.pop(place, None)) is None:
                self._missing.add(Reference(frame.sequence, place))
            elif row_hash(row.sequence, place, row.expires, row.wrapped) != entry.row_hash:
                self._report.find("changed-row", where)
            else:
                good[place] = row
        for place in found:
            self._report.find("unknown-row", f"record {frame.sequence}, content {place}")
        return good

    def _note_erasure(self, frame: Frame, erased: set[Reference]) -> None:
        """What an erasure explains must be gone: otherwise a backup was put back."""
        for entry in frame.entries:
            if not isinstance(entry, Reference) or entry in erased:
                continue
            erased.add(entry)
            if self._readable and self._present(entry):
                where = f"record {entry.sequence}, content {entry.place}"
                self._report.find("restored-row", where)

    def _present(self, row: Reference) -> bool:
        try:
            return find_row(self._database, row.sequence, row.place) is not None
        except sqlite3.Error as error:
            self._give_up(error)
            return False

    def end(self, explain: Explain | None) -> None:
        """Every record was seen: which losses remain unexplained?

        `explain` says what an erasure explains that landed meanwhile; None where nothing can.
        """
        missing = self._missing - self._erased
        if not (self._readable and missing):
            return
        if explain is not None:
            explained, unsigned = explain(missing)
            missing -= explained
            self._unsigned |= unsigned
        for row in sorted(missing, key=lambda row: (row.sequence, row.place)):
            code = "unsigned-erasure" if row in self._unsigned else "missing-row"
            self._report.find(code, f"record {row.sequence}, content {row.place}")

    def _advance(self) -> None:
        try:
            self._ahead = next(self._rows, None)
        except sqlite3.Error as error:
            self._ahead = None
            self._give_up(error)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Without a readable database there is one finding, not one per row."""
        self._readable = False
        self._report.find("damaged-keys", FILE_NAME, f"keys.db can't be read: {error}")
