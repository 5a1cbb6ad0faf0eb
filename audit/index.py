"""Building the index from opened records, and keeping up with the log, erasures included.

Only index sections are opened, by an indexer's key or an auditor's, and the values that they name;
where a segment has none it takes an auditor's key, and texts stay closed even so. If a record
refers to an earlier one's contents, the index itself says which values those are, so each record is
opened once, whatever came before it. Reading doesn't verify the tree: run verify first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from audit.canonical import canonical, tag
from audit.errors import FormatError, ShortBatchError
from audit.frame import Frame, Stored, decode, places
from audit.index_file import open_index
from audit.index_section import VALUE
from audit.layout import segment_ends
from audit.opening import Viewed, ViewOpener
from audit.readers import open_views
from audit.recipients import PrivateKeys
from audit.record import JSON, Kind, Reference, Run
from audit.rows import find_row, reading
from audit.segment import read_batches
from audit.slot import origin_of


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an update did: records added, values that were forgotten."""

    records: int
    forgotten: int


def update(path: Path, site: Path, key: bytes, keys: PrivateKeys) -> Indexed:
    """Bring the index at `path` up to date with every log of a site.

    Args:
        key: of the keyed hashes: 32 bytes that only the compliance side has.
        keys: an indexer's private key, or an auditor's.

    Raises FormatError where a record doesn't open, sqlite3.Error, OSError.
    """
    records = forgotten = 0
    with closing(open_index(path)) as index:
        for slot in slots_of(site):
            ends = segment_ends(slot)
            with reading(slot) as rows:
                builder = _Builder(index, rows, slot, key)
                index.execute("BEGIN IMMEDIATE")
                for frame, opener in _frames(ends, builder.next, keys):
                    builder.add(frame, opener)
                builder.end()
            index.execute("COMMIT")
            records += builder.added
            forgotten += builder.forgotten
        if forgotten:
            index.execute("VACUUM")
    return Indexed(records, forgotten)


def slots_of(site: Path) -> list[Path]:
    """The folders of a site that hold a log of records; a slot's folder is taken alone."""
    if (site / "segments").is_dir():
        return [site]
    return sorted(path for path in site.iterdir() if (path / "segments").is_dir())


def _frames(
    ends: Mapping[Path, int], first: int, keys: PrivateKeys
) -> Iterator[tuple[Frame, ViewOpener]]:
    """The frames from `first` on; an unfinished batch at the very end is left for the next time."""
    segments = list(ends)
    skipped = sum(int(path.stem) <= first for path in segments[1:])
    for path in segments[skipped:]:
        with path.open("rb") as file:
            try:
                opener = open_views(path, file, keys)
                for batch in read_batches(file, ends[path]):
                    for frame in map(decode, batch.frames):
                        if frame.sequence >= first:
                            yield frame, opener
            except ShortBatchError:
                if path != segments[-1]:
                    raise


class _Builder:
    """Adds the records of one log, in order, inside one transaction."""

    def __init__(
        self, index: sqlite3.Connection, rows: sqlite3.Connection, slot: Path, key: bytes
    ) -> None:
        self._index = index
        self._rows = rows
        self._slot = slot
        self._key = key
        self._log, self.next = self._known()
        self.added = 0
        self.forgotten = 0

    def _known(self) -> tuple[int, int]:
        origin = origin_of(self._slot)
        statement = (
            "INSERT INTO logs (origin, folder, next) VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
        )
        self._index.execute(statement, (origin, self._slot.name))
        query = "SELECT id, next FROM logs WHERE origin = ?"
        log, following = self._index.execute(query, (origin,)).fetchone()
        return log, following

    def add(self, frame: Frame, opener: ViewOpener) -> None:
        """Add one record."""
        if frame.sequence != self.next:
            raise FormatError(f"record {self.next} is missing: run verify")
        self.next += 1
        self.added += 1
        viewed = opener.view(frame)
        self._add_record(frame, viewed.view.body)
        if frame.kind is Kind.ERASURE:
            for entry in frame.entries:
                if isinstance(entry, Reference):
                    self._forget(entry)
        elif frame.entries:
            self._add_values(frame, viewed)

    def end(self) -> None:
        """Note how far the index goes."""
        self._index.execute("UPDATE logs SET next = ? WHERE id = ?", (self.next, self._log))

    def _add_record(self, frame: Frame, body: Mapping[str, JSON]) -> None:
        here = (self._log, frame.sequence)
        who, where = _mapping(body.get("principal")), _mapping(body.get("endpoint"))
        status = body.get("code") if frame.kind is Kind.REFUSAL else body.get("status")
        self._index.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *here,
                frame.kind,
                frame.time,
                frame.exchange_id,
                *(_text(who.get(name)) for name in ("team", "app")),
                *(_text(where.get(name)) for name in ("provider", "model")),
                _text(body.get("class")),
                _text(status),
                body.get("indexed") is True if frame.kind is Kind.INTENT else None,
            ),
        )
        rules = [*_list(body.get("rules")), body.get("rule")]
        self._index.executemany(
            "INSERT OR IGNORE INTO rules VALUES (?, ?, ?)",
            [(rule, *here) for rule in rules if isinstance(rule, str) and rule],
        )
        if frame.kind in {Kind.INTENT, Kind.REFUSAL}:
            found = _mapping(body.get("found")).items()
            self._index.executemany(
                "INSERT INTO found VALUES (?, ?, ?, ?)",
                [(entity, *here, count) for entity, count in found if isinstance(count, int)],
            )
        if frame.kind is Kind.POLICY_CHANGE:
            self._add_waivers(body, frame.time)

    def _add_waivers(self, body: Mapping[str, JSON], seen: int) -> None:
        for waiver in map(_mapping, _list(body.get("waivers"))):
            approved = ", ".join(str(name) for name in _list(waiver.get("approved_by")))
            scope = json.dumps(waiver.get("scope"), sort_keys=True)
            words = [str(waiver.get(name, "")) for name in ("id", "lifts", "until")]
            self._index.execute(
                "INSERT OR IGNORE INTO waivers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*words, approved, scope, str(waiver.get("why", "")), seen),
            )

    def _add_values(self, frame: Frame, viewed: Viewed) -> None:
        uses: list[tuple[int, Reference]] = []
        for place, entry in places(frame.entries):
            if not isinstance(entry, Stored):
                uses += self._referred(entry, place)
            elif name := viewed.view.values.get(place):
                self._store(frame, place, name, viewed)
                uses.append((place, Reference(frame.sequence, place)))
        self._index.executemany(
            "INSERT INTO uses VALUES (?, ?, ?, ?, ?)",
            [(self._log, frame.sequence, at, of.sequence, of.place) for at, of in uses],
        )

    def _store(self, frame: Frame, place: int, name: str, viewed: Viewed) -> None:
        """Keep a value's keyed hash. One whose key row is gone is forgotten by its erasure."""
        row = find_row(self._rows, frame.sequence, place)
        if row is None:
            return
        value = viewed.value(frame, place, row).decode("utf-8", "surrogatepass")
        entity = name.removeprefix(VALUE).rpartition("_")[0]
        hashed = tag(self._key, canonical(entity, value))
        statement = "INSERT INTO stored VALUES (?, ?, ?, ?)"
        self._index.execute(statement, (self._log, frame.sequence, place, hashed))

    def _referred(self, entry: Reference | Run, place: int) -> list[tuple[int, Reference]]:
        """Which values an entry names, and at which places of this record."""
        count = entry.count if isinstance(entry, Run) else 1
        query = (
            "SELECT place, of_sequence, of_place FROM uses"
            " WHERE log = ? AND sequence = ? AND place >= ? AND place < ?"
        )
        span = (self._log, entry.sequence, entry.place, entry.place + count)
        found = self._index.execute(query, span).fetchall()
        return [(place + at - entry.place, Reference(*of)) for at, *of in found]

    def _forget(self, row: Reference) -> None:
        where = (self._log, row.sequence, row.place)
        self._index.execute(  # from now on the index knows less of these than there was
            "UPDATE records SET indexed = 0 WHERE log = ?1 AND indexed = 1 AND sequence IN"
            " (SELECT sequence FROM uses WHERE log = ?1 AND of_sequence = ?2 AND of_place = ?3)",
            where,
        )
        self._index.execute(
            "DELETE FROM uses WHERE log = ? AND of_sequence = ? AND of_place = ?", where
        )
        gone = self._index.execute(
            "DELETE FROM stored WHERE log = ? AND sequence = ? AND place = ?", where
        )
        self.forgotten += gone.rowcount


def _mapping(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _list(value: JSON) -> Sequence[JSON]:
    return value if isinstance(value, list) else []


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None
