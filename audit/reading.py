"""Reading a log with a recipient's key: every record in order, with its contents.

For auditors, on a copy or in place; nothing is written. A record's contents may stand in earlier
records, which may point further back; so a first pass, from the end and without any key, finds who
needs whom, and the second opens forward and drops what nobody needs any more. An erased content is
None wherever it was used. Reading doesn't verify the tree: run verify first.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from audit.errors import FormatError
from audit.frame import Frame, Stored, decode, leaf_of, places
from audit.layout import list_segments
from audit.opening import Opened, SegmentOpener
from audit.readers import open_segment
from audit.recipients import PrivateKeys
from audit.record import Kind, Leaf, Reference, Run
from audit.rows import find_row, reading
from audit.segment import read_batches, read_header


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
        self._segments = list_segments(folder)
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
        last_use = self._plan(wanted)
        kept: dict[int, Record] = {}
        for path in self._segments:
            with path.open("rb") as file:
                opener = open_segment(path, file, self._key)
                for batch in read_batches(file):
                    for data in batch.frames:
                        frame = decode(data)
                        if frame.sequence not in last_use:
                            continue
                        leaf = leaf_of(frame, data)
                        kept[frame.sequence] = record = self._record(opener, frame, leaf, kept)
                        if wanted is None or frame.exchange_id in wanted:
                            yield record
                        for used in {frame.sequence, *_referred(frame)}:
                            if last_use[used] == frame.sequence:
                                del kept[used]

    def _plan(self, wanted: Set[str] | None) -> dict[int, int]:
        """Which records are wanted, and the last record that each of them is wanted for."""
        last_use: dict[int, int] = {}
        for path in reversed(self._segments):
            with path.open("rb") as file:
                read_header(file)
                frames = (decode(data) for batch in read_batches(file) for data in batch.frames)
                heads = [(one.sequence, one.exchange_id, _referred(one)) for one in frames]
            for sequence, exchange, referred in reversed(heads):
                if wanted is None or exchange in wanted:
                    last_use.setdefault(sequence, sequence)
                if sequence in last_use:
                    for earlier in referred:
                        last_use.setdefault(earlier, sequence)
        return last_use

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


def _referred(frame: Frame) -> set[int]:
    """The earlier records whose contents a record has. An erasure names rows, and has none."""
    if frame.kind is Kind.ERASURE:
        return set()
    return {entry.sequence for entry in frame.entries if not isinstance(entry, Stored)}
