"""Readers who were added later: seeds sealed anew beside the segments, which nobody may change.

An auditor opens a segment's seed and seals it to one more key: `readers/<first>.seeds`, sealed
seeds as they stand in a header (FORMAT.md, "Further readers"). The tree doesn't cover these files:
a wrong one opens nothing, because every record commits to its key.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from audit.errors import FormatError
from audit.files import make_folder, write_atomically
from audit.frame import INDEX
from audit.layout import READERS, list_segments
from audit.opening import SegmentOpener, ViewOpener, is_indexed, seed_of, view_opener
from audit.recipients import PrivateKeys, Recipient
from audit.sealer import seal_seeds
from audit.segment import Header, SealedSeed, decode_seed, encode_seed, read_header


def open_segment(path: Path, file: BinaryIO, keys: PrivateKeys) -> SegmentOpener:
    """Read the header of the segment at `path`, and open its seed; raises FormatError."""
    header, digest = read_header(file)
    return SegmentOpener(with_readers(path, header), digest, keys)


def open_views(path: Path, file: BinaryIO, keys: PrivateKeys) -> ViewOpener:
    """The same for what an indexer may read, by an indexer's key or an auditor's."""
    header, digest = read_header(file)
    return view_opener(with_readers(path, header), digest, keys)


def with_readers(path: Path, header: Header) -> Header:
    """A segment's header with the seeds that were added later."""
    return replace(header, seeds=header.seeds + tuple(_added(_beside(path))))


def reseal(folder: Path, keys: PrivateKeys, reader: Recipient) -> int:
    """Let one more recipient read every segment of a log; returns how many that adds.

    An indexer is added where there is something to read: in segments with index sections.

    Raises FormatError where a segment doesn't open with `keys`.
    """
    added = 0
    for path in list_segments(folder):
        with path.open("rb") as file:
            header, _ = read_header(file)
        known_to = with_readers(path, header).seeds
        if reader.compartment == INDEX and not is_indexed(header):
            continue
        header = replace(header, seeds=known_to)
        if any(seed.key_id == reader.key_id and seed.shares == 1 for seed in header.seeds):
            continue
        (sealed,) = seal_seeds(seed_of(header, keys), [reader], header)
        beside = _beside(path)
        make_folder(beside.parent)
        known = beside.read_bytes() if beside.exists() else b""
        write_atomically(beside, known + encode_seed(sealed))
        added += 1
    return added


def _beside(segment: Path) -> Path:
    return segment.parent.parent / READERS / f"{segment.stem}.seeds"


def _added(path: Path) -> Iterator[SealedSeed]:
    if not path.exists():
        return
    data, position = path.read_bytes(), 0
    while position < len(data):
        try:
            seed, position = decode_seed(data, position)
        except (struct.error, FormatError):
            return  # whoever needs it will not find it; nobody else is hindered
        yield seed
