"""The checker: reads a log like a stranger, from a copy, and says everything that isn't right.

Shares only format modules with the writer, writes nothing, and keeps its memory flat: one batch,
256 leaves, a cursor over keys.db. Each record has up to three witnesses: its frame, its entry in a
bundle and its hash in a level-0 tile. Where they disagree the majority stands, so that one fault is
one finding; in the end only the roots in signed checkpoints count.

A log that is being written is checked as it stood at first: checkpoints are read, then where the
segments end, then the key rows. Whatever is demanded of one was written after the next; what was
erased in between is explained by records that came later (verify_later.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit.errors import FormatError, ShortBatchError
from audit.frame import Frame, decode, leaf_of
from audit.layout import CHECKPOINT, SEGMENTS, segment_name
from audit.note import VerifierKey
from audit.opening import SegmentOpener
from audit.readers import with_readers
from audit.recipients import PrivateKeys
from audit.record import Kind, Leaf, decode_leaf
from audit.report import Report
from audit.rows import Row, RowsChangedError
from audit.segment import Batch, Header, read_batches, read_header
from audit.verify_later import explain
from audit.verify_rows import Explain, RowChecker
from audit.verify_tree import TreeChecker

#: Where keys.db is read in place, a writer may begin to write it; then it is read from a copy.
_PASSES = 3


def verify(
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    recipient: PrivateKeys | None = None,
    since: Sequence[str] = (),
) -> Report:
    """Check one log.

    Args:
        folder: the slot's folder, or a copy of it. Nothing in it is changed.
        keys: who may sign checkpoints; the one named after this log counts.
        recipient: an auditor's private key, to check as well that every record opens.
        since: the texts of checkpoints that were held elsewhere; each has to fit.

    Raises OSError when the folder can't be read, sqlite3.Error when keys.db changes all the time;
    everything else is a finding.
    """
    for _ in range(_PASSES - 1):
        try:
            return _pass(folder, keys, recipient, since)
        except RowsChangedError:
            continue
    return _pass(folder, keys, recipient, since)


def _pass(
    folder: Path,
    keys: Sequence[VerifierKey],
    recipient: PrivateKeys | None,
    since: Sequence[str],
) -> Report:
    """Check one log once; raises RowsChangedError when a writer began to write meanwhile."""
    report = Report(origin=_origin(folder, keys))
    tree = TreeChecker(folder, keys, since, report)
    ends = {path: path.stat().st_size for path in sorted((folder / SEGMENTS).glob("*"))}
    with RowChecker(folder, report) as rows:
        check = _RecordChecker(report, tree, rows, recipient)
        for path, end in ends.items():
            check.segment(path, end)
        check.end(partial(explain, folder, keys, tree.sure) if tree.sure else None)
    return report


def _origin(folder: Path, keys: Sequence[VerifierKey]) -> str:
    """Which of the given keys' logs this is."""
    path = folder / CHECKPOINT
    name = path.read_text("utf-8", "replace").partition("\n")[0] if path.is_file() else ""
    return next((key.name for key in keys if key.name == name), keys[0].name)


@dataclass(slots=True)
class _Segment:
    """The file that is being read."""

    name: str
    digest: bytes
    opener: SegmentOpener | None
    foreign: bool = False


class _RecordChecker:
    """Follows the records through the segments, in the order of the files."""

    def __init__(
        self,
        report: Report,
        tree: TreeChecker,
        rows: RowChecker,
        recipient: PrivateKeys | None,
    ) -> None:
        self._report = report
        self._tree = tree
        self._rows = rows
        self._recipient = recipient
        self._next = 0
        self._gaps: dict[int, str] = {}  # sequence -> code, until the record turns up elsewhere
        self._open_intents: dict[str, int] = {}
        self._time = 0
        self._protected_time = 0
        if recipient is not None:
            report.opened = 0

    def segment(self, path: Path, end: int) -> None:
        """Check one file up to `end`. What can't be read is a finding, and its records are missed.

        Unless the file has grown since: then its last batch was being written.
        """
        code = "bad-segment"
        try:
            with path.open("rb") as file:
                header, digest = read_header(file)
                if header.origin != self._report.origin or path.name != segment_name(header.first):
                    self._report.find(code, path.name, "it belongs to another log or place")
                    return
                code = "bad-batch"
                self._expect(header.first, "missing-segment")
                segment = _Segment(path.name, digest, self._opener(path, header, digest))
                for batch in read_batches(file, end):
                    self._batch(segment, batch)
        except ShortBatchError as error:
            if path.stat().st_size > end:
                return
            self._report.find("incomplete-batch", f"{path.name}, byte {error.offset}")
        except FormatError as error:
            self._report.find(code, path.name, str(error))

    def end(self, explain: Explain | None) -> None:
        """Say what is missing in all, and how much nobody vouches for."""
        report, tree = self._report, self._tree
        for code, first, last in _ranges(self._gaps):
            report.find(code, f"record {first}" if first == last else f"records {first} to {last}")
        tree.end(self._next)
        self._rows.end(explain)
        for exchange_id, sequence in self._open_intents.items():
            report.find("intent-without-outcome", f"record {sequence}, exchange {exchange_id}")
        report.held = tree.held.size if tree.held else None
        report.unprotected_records = max(0, self._next - tree.protected)
        if report.unprotected_records:
            report.unprotected_seconds = max(0, self._time - self._protected_time) / 1e9

    def _batch(self, segment: _Segment, batch: Batch) -> None:
        where = f"{segment.name}, byte {batch.offset}"
        if not batch.intact:
            self._report.find("bad-batch", where)
        for number, data in enumerate(batch.frames):
            try:
                frame = decode(data)
            except FormatError as error:
                self._report.find("edited-frame", f"{where}, frame {number}", str(error))
                self._follow(self._tree.settle(self._next, None))
                continue
            self._frame(segment, batch, frame, leaf_of(frame, data))

    def _frame(self, segment: _Segment, batch: Batch, frame: Frame, leaf: Leaf) -> None:
        """One record: is it the next one, is it the one that was written, does it open?"""
        sequence, entry = frame.sequence, leaf.encode()
        where = f"record {sequence} in {segment.name}"
        if sequence < self._next:
            moved = self._gaps.pop(sequence, None) is not None
            self._report.find("reordered" if moved else "duplicate", where)
            if self._tree.entry(sequence) not in (None, entry):
                self._report.find("edited-frame", where)
            return
        in_batch = batch.first <= sequence < batch.first + len(batch.frames)
        if sequence > self._next and not in_batch and self._tree.entry(sequence) != entry:
            self._report.find("edited-frame", f"{where}, byte {batch.offset}", "a foreign sequence")
            return
        self._expect(sequence, "missing-frame")
        self._report.records += 1
        taken = self._tree.settle(sequence, entry)
        if taken != entry:
            self._follow(taken)
            return
        self._follow_leaf(leaf)
        if frame.segment != segment.digest and not segment.foreign:
            segment.foreign, segment.opener = True, None
            self._report.find("changed-header", segment.name)
        rows = self._rows.check(frame, signed=sequence < self._tree.signed)
        if segment.opener is not None:
            self._open(segment.opener, frame, rows)

    def _expect(self, sequence: int, code: str) -> None:
        """Note that the records up to `sequence` aren't where they should be."""
        for missing in range(self._next, min(sequence, self._tree.signed)):
            self._gaps[missing] = code
            self._follow(self._tree.settle(missing, None))
        if self._next < sequence:  # nobody signed these: one finding for all of them
            self._report.find(code, f"records {self._next} to {sequence - 1}")
            self._tree.settle(self._next, None)
            self._next = sequence

    def _follow(self, entry: bytes | None) -> None:
        """Count a record, as the tree took it, and watch the clock and the open intents."""
        try:
            self._follow_leaf(decode_leaf(entry or b""))
        except FormatError:  # lost, or a damaged bundle: its comparison with the frames says so
            self._next += 1

    def _follow_leaf(self, leaf: Leaf) -> None:
        self._next += 1
        if leaf.time < self._time:
            seconds = (self._time - leaf.time) / 1e9
            self._report.find("clock-backwards", f"record {leaf.sequence}", f"by {seconds:.6f} s")
        self._time = leaf.time
        if leaf.sequence < max(1, self._tree.protected):
            self._protected_time = leaf.time
        if leaf.kind is Kind.INTENT:
            self._open_intents[leaf.exchange_id] = leaf.sequence
        elif leaf.kind in (Kind.OUTCOME, Kind.REFUSAL):
            self._open_intents.pop(leaf.exchange_id, None)

    def _opener(self, path: Path, header: Header, digest: bytes) -> SegmentOpener | None:
        if self._recipient is None:
            return None
        try:
            return SegmentOpener(with_readers(path, header), digest, self._recipient)
        except FormatError as error:
            self._report.find("does-not-open", path.name, str(error))
            return None

    def _open(self, opener: SegmentOpener, frame: Frame, rows: dict[int, Row]) -> None:
        """Open a record and those of its contents whose keys are still there."""
        try:
            opened = opener.open(frame)
            for place, row in rows.items():
                opener.content(frame, place, opened, row)
        except FormatError as error:
            self._report.find("does-not-open", f"record {frame.sequence}", str(error))
            return
        self._report.opened = (self._report.opened or 0) + 1


def _ranges(gaps: dict[int, str]) -> list[tuple[str, int, int]]:
    """Consecutive sequences with one code, as (code, first, last)."""
    ranges: list[tuple[str, int, int]] = []
    for sequence, code in sorted(gaps.items()):
        if ranges and ranges[-1][0] == code and ranges[-1][2] == sequence - 1:
            ranges[-1] = (code, ranges[-1][1], sequence)
        else:
            ranges.append((code, sequence, sequence))
    return ranges
