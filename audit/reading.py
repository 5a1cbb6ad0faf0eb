"""Reading a log with a recipient's key: every record in order, with its contents.

For auditors, on a copy or in place; nothing is written. References are resolved through the key
rows that they name, so an erased content is None wherever it was used. Reading doesn't verify the
tree: run verify first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit.errors import FormatError
from audit.frame import Frame, decode, places
from audit.layout import list_segments
from audit.opening import Opened, SegmentOpener
from audit.record import Reference, Run
from audit.rows import find_row, reading
from audit.segment import read_batches, read_header

#: How many opened records are kept; they share the bytes of their contents.
_RECENT = 1024


@dataclass(frozen=True, slots=True)
class Record:
    """An opened record; `contents` are (name, bytes or None where the key row was deleted)."""

    opened: Opened
    contents: list[tuple[str, bytes | None]]


class Reader:
    """Opens a log's records. A context manager: it holds keys.db open."""

    def __init__(self, folder: Path, key: X25519PrivateKey) -> None:
        """Raises FormatError for a folder that isn't a log's."""
        self._key = key
        self._segments = list_segments(folder)
        self._folder = folder
        self._stack = ExitStack()
        self._recent: OrderedDict[int, Record] = OrderedDict()

    def __enter__(self) -> Reader:
        self._rows = self._stack.enter_context(reading(self._folder))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def records(self, exchange_id: str | None = None) -> Iterator[Record]:
        """All records, or those of one exchange; raises FormatError where one doesn't open."""
        for path in self._segments:
            for opener, frame in self._frames(path):
                if exchange_id in (None, frame.exchange_id):
                    yield self._record(opener, frame)

    def _frames(self, path: Path) -> Iterator[tuple[SegmentOpener, Frame]]:
        with path.open("rb") as file:
            header, digest = read_header(file)
            opener = SegmentOpener(header, digest, self._key)
            for batch in read_batches(file):
                for data in batch.frames:
                    yield opener, decode(data)

    def _record(self, opener: SegmentOpener, frame: Frame) -> Record:
        """Open a record. A content that an earlier record has is looked up there."""
        opened = opener.open(frame)
        names = iter(opened.names)
        contents: list[tuple[str, bytes | None]] = []
        for place, entry in places(frame.entries):
            if isinstance(entry, Run):
                earlier = self._earlier(frame.sequence, entry.sequence)
                contents += earlier.contents[entry.place : entry.place + entry.count]
            elif isinstance(entry, Reference):
                earlier = self._earlier(frame.sequence, entry.sequence)
                contents.append((next(names), earlier.contents[entry.place][1]))
            else:
                row = find_row(self._rows, frame.sequence, place)
                data = None if row is None else opener.content(frame, place, opened, row)
                contents.append((next(names), data))
        record = Record(opened, contents)
        self._remember(record)
        return record

    def _earlier(self, sequence: int, wanted: int) -> Record:
        """Record `wanted`, which record `sequence` refers to."""
        if wanted in self._recent:
            self._recent.move_to_end(wanted)
            return self._recent[wanted]
        starts = [int(path.stem) for path in self._segments]
        index = bisect_right(starts, wanted) - 1
        if wanted < sequence and index >= 0:
            for opener, frame in self._frames(self._segments[index]):
                if frame.sequence == wanted:
                    return self._record(opener, frame)
        raise FormatError(f"record {sequence} refers to record {wanted}, which isn't there")

    def _remember(self, record: Record) -> None:
        """Keep what was opened last: later turns of a conversation refer to it."""
        self._recent[record.opened.sequence] = record
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
