"""Reading a log with a recipient's key: every record in order, with its contents.

For auditors, on a copy or in place; nothing is written. A record's contents may stand in earlier
records, which may point further back; so a first pass, from the end and without any key, finds who
needs whom, and the second opens forward and drops what nobody needs any more. What the first finds
is eight bytes per record in a temporary file, so memory doesn't grow with the log. An erased
content is None wherever it was used. Reading doesn't verify the tree: run verify first.
"""

from __future__ import annotations

import mmap
import struct
import tempfile
from collections.abc import Iterator, Set
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from audit.errors import FormatError
from audit.frame import Frame, Stored, decode, leaf_of, places
from audit.layout import segment_ends
from audit.opening import Opened, SegmentOpener
from audit.readers import open_segment
from audit.recipients import PrivateKeys
from audit.record import Kind, Leaf, Reference, Run
from audit.rows import find_row, reading
from audit.segment import read_batches, read_header

_NUMBER = struct.Struct("=Q")


@dataclass(frozen=True, slots=True)
class Record:
    """An opened record.

    Attributes:
        contents: (name, bytes or None where the key row was deleted).
        leaf: what the tree holds of it.
        stored: for each content, the record and place that stored it: its key row.
    """

    opened: Opened
    leaf: Leaf
    contents: list[tuple[str, bytes | None]]
    stored: list[Reference]


class Reader:
    """Opens a log's records. A context manager: it holds keys.db open."""

    def __init__(self, folder: Path, key: PrivateKeys) -> None:
        """Raises FormatError for a folder that isn't a log's."""
        self._folder = folder
        self._key = key
        self._ends = segment_ends(folder)
        self._stack = ExitStack()

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

    def records(self, exchanges: str | Set[str] | None = None) -> Iterator[Record]:
        """All records, or those of one exchange or some; FormatError where one doesn't open."""
        wanted = frozenset([exchanges]) if isinstance(exchanges, str) else exchanges
        with closing(_LastUses(self._count())) as last_use:
            self._plan(wanted, last_use)
            yield from self._planned(wanted, last_use)

    def _planned(self, wanted: Set[str] | None, last_use: _LastUses) -> Iterator[Record]:
        kept: dict[int, Record] = {}
        for path, end in self._ends.items():
            opener: SegmentOpener | None = None
            with path.open("rb") as file:
                read_header(file)
                for batch in read_batches(file, end):
                    for data in batch.frames:
                        frame = decode(data)
                        if last_use[frame.sequence] is None:
                            continue
                        if opener is None:  # one who may read later segments only reads those
                            opener = self._opener(path)
                        leaf = leaf_of(frame, data)
                        kept[frame.sequence] = record = self._record(opener, frame, leaf, kept)
                        if wanted is None or frame.exchange_id in wanted:
                            yield record
                        for used in {frame.sequence, *_referred(frame)}:
                            if last_use[used] == frame.sequence:
                                del kept[used]

    def _opener(self, path: Path) -> SegmentOpener:
        try:
            with path.open("rb") as file:
                return open_segment(path, file, self._key)
        except FormatError as error:
            raise FormatError(f"{path.name}: {error}") from None

    def _count(self) -> int:
        """How many records there are, if none is missing."""
        for path, end in list(self._ends.items())[-1:]:
            with path.open("rb") as file:
                first = read_header(file)[0].first
                return first + sum(len(batch.frames) for batch in read_batches(file, end))
        return 0

    def _plan(self, wanted: Set[str] | None, last_use: _LastUses) -> None:
        """Note which records are wanted, and the last record that each of them is wanted for."""
        for path, end in reversed(self._ends.items()):
            with path.open("rb") as file:
                read_header(file)
                frames = (
                    decode(data) for batch in read_batches(file, end) for data in batch.frames
                )
                heads = [
                    (one.sequence, wanted is None or one.exchange_id in wanted, _referred(one))
                    for one in frames
                ]
            for sequence, asked_for, referred in reversed(heads):
                if asked_for:
                    last_use.note(sequence, sequence)
                if last_use[sequence] is not None:
                    for earlier in referred:
                        last_use.note(earlier, sequence)

    def _record(
        self, opener: SegmentOpener, frame: Frame, leaf: Leaf, earlier: dict[int, Record]
    ) -> Record:
        """Open a record, with contents that stand in `earlier` ones."""
        opened = opener.open(frame)
        names = iter(opened.names)
        contents: list[tuple[str, bytes | None]] = []
        stored: list[Reference] = []
        for place, entry in places(frame.entries):
            if isinstance(entry, Stored):
                row = find_row(self._rows, frame.sequence, place)
                data = None if row is None else opener.content(frame, place, opened, row)
                contents.append((next(names), data))
                stored.append(Reference(frame.sequence, place))
                continue
            if frame.kind is Kind.ERASURE and not isinstance(entry, Run):
                contents.append((next(names), None))
                stored.append(entry)
                continue
            count = entry.count if isinstance(entry, Run) else 1
            there = earlier.get(entry.sequence)
            span = slice(entry.place, entry.place + count)
            found = there.contents[span] if there else []
            if there is None or len(found) != count:
                raise FormatError(f"record {frame.sequence} refers to contents that aren't there")
            contents += found if isinstance(entry, Run) else [(next(names), found[0][1])]
            stored += there.stored[span]
        return Record(opened, leaf, contents, stored)


class _LastUses:
    """For each record, the last one that it is wanted for."""

    def __init__(self, records: int) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(max(1, records) * _NUMBER.size)
            self._memory = mmap.mmap(file.fileno(), 0)

    def __getitem__(self, sequence: int) -> int | None:
        (known,) = _NUMBER.unpack_from(self._memory, self._place(sequence))
        return known - 1 if known else None

    def note(self, sequence: int, use: int) -> None:
        """Note a use, unless a later one is known; they come from the last one back."""
        if self[sequence] is None:
            _NUMBER.pack_into(self._memory, self._place(sequence), use + 1)

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()

    def _place(self, sequence: int) -> int:
        place = sequence * _NUMBER.size
        if place >= len(self._memory):
            raise FormatError(f"record {sequence} is not of this log: run verify")
        return place


def _referred(frame: Frame) -> tuple[int, ...]:
    """The earlier records whose contents a record has. An erasure names rows, and has none."""
    if frame.kind is Kind.ERASURE:
        return ()
    return tuple({entry.sequence for entry in frame.entries if not isinstance(entry, Stored)})
