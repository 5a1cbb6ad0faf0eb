"""What was erased while verify ran: before a key row is called missing, the log's end is read anew.

The key rows are read as they were at one moment. An erasure deletes first, and its record may have
become durable, and a checkpoint may count it, only after the pass had found where the log ends. Its
journal says until then that it is under way. So the journal is looked at, then the records that
came since, again and again while something moves. Invariant: a record explains a loss only if the
tree of a signed checkpoint has it that continues the one with which the pass ended.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.erasure import read_journal
from audit.errors import FormatError
from audit.frame import Frame, decode, leaf_of
from audit.layout import CHECKPOINT, JOURNAL, newest_note, segment_ends
from audit.merkle import (
    consistency_proof,
    inclusion_path,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
)
from audit.note import VerifierKey
from audit.record import Kind, Reference
from audit.rows import ANEW_NAME
from audit.segment import read_batches, read_header
from audit.tiles import TileHashes

#: A log that is being written has a checkpoint within a second of any record.
_STILL_S = 2.0
_MOST_S = 60.0
_LOOK_S = 0.1


def explain(
    folder: Path, keys: Sequence[VerifierKey], last: Checkpoint, missing: Set[Reference]
) -> tuple[Set[Reference], Set[Reference]]:
    """Which of `missing` a later erasure explains, and which one names that no checkpoint counts.

    Args:
        last: the checkpoint with which the pass ended.
    """
    end = time.monotonic() + _MOST_S
    while True:
        before = _state(folder)
        under_way = _under_way(folder)  # first: it ends when its record is there
        readable = True
        try:
            signed, unsigned = _erased_since(folder, keys, last)
        except (FormatError, OSError):  # damaged, or changed while it was read
            signed, unsigned, readable = set(), set(), False
        named = (missing - signed) & (under_way | unsigned)
        if readable and not named:
            return missing & signed, named
        if time.monotonic() > end or not _moves(folder, before):
            return missing & signed, named


def _under_way(folder: Path) -> set[Reference]:
    try:
        return {row for erasure in read_journal(folder) for row in erasure.rows}
    except (FormatError, OSError):
        return set()


def _erased_since(
    folder: Path, keys: Sequence[VerifierKey], last: Checkpoint
) -> tuple[set[Reference], set[Reference]]:
    """The rows that erasure records after `last` name: those that are signed, and the others.

    Raises FormatError when what came since doesn't continue it, OSError.
    """
    newest = open_checkpoint(newest_note(folder)[0], keys)
    hashes = TileHashes(folder, newest.size).range_hash
    if newest.origin != last.origin:
        raise FormatError("the newest checkpoint is of another log")
    if last.size and newest != last:
        proof = consistency_proof(last.size, newest.size, hashes)
        if not is_consistent(last.size, last.root, newest.size, newest.root, proof):
            raise FormatError("the newest checkpoint doesn't continue the one that was read")
    signed: set[Reference] = set()
    unsigned: set[Reference] = set()
    for data, frame in _erasures(folder, last.size):
        rows = {entry for entry in frame.entries if isinstance(entry, Reference)}
        if frame.sequence >= newest.size:
            unsigned |= rows
            continue
        path = inclusion_path(frame.sequence, newest.size, hashes)
        leaf = leaf_hash(leaf_of(frame, data).encode())
        if root_from_inclusion(leaf, frame.sequence, newest.size, path) == newest.root:
            signed |= rows
    return signed, unsigned


def _erasures(folder: Path, first: int) -> Iterator[tuple[bytes, Frame]]:
    """The erasure records from `first` on."""
    ends = segment_ends(folder)
    segments = list(ends)
    skipped = sum(int(path.stem) <= first for path in segments[1:])
    for path in segments[skipped:]:
        with path.open("rb") as file:
            read_header(file)
            for batch in read_batches(file, ends[path]):
                for data in batch.frames:
                    frame = decode(data)
                    if frame.kind is Kind.ERASURE and frame.sequence >= first:
                        yield data, frame


def _moves(folder: Path, before: object) -> bool:
    """Wait until something in the folder changes, or for long enough that nobody writes there."""
    end = time.monotonic() + _STILL_S
    while time.monotonic() < end:
        time.sleep(_LOOK_S)
        if _state(folder) != before:
            return True
    return False


def _state(folder: Path) -> list[tuple[int, int] | None]:
    """What changes while an erasure goes on: its journal, keys.db written anew, checkpoints."""
    found: list[tuple[int, int] | None] = []
    for name in (JOURNAL, ANEW_NAME, CHECKPOINT):
        try:
            seen = (folder / name).stat()
            found.append((seen.st_size, seen.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found
