"""A frame: one record's bytes in a segment, clear head first, sealed sections and contents after.

Pure: bytes in, bytes out. Invariants: `decode(encode(f)) == f`; `decode` accepts only what `encode`
can have written; the clear head is the associated data of every section, so a section opens only
under the head that it was sealed with.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from audit.errors import FormatError
from audit.record import Kind, Leaf, Reference, Run, exchange_id_of, kind_of

MAGIC = b"PVF1"
#: Limits of a writer: what one record may hold.
MAX_FRAME = 64 * 2**20
MAX_CONTENTS = 0xFFFF
#: Sections are sealed apart, so that whoever may search needn't be able to read.
CORE = 1
INDEX = 2

_HEAD = struct.Struct(">4sBQQB")
_SEGMENT = struct.Struct(">32sH")
_COUNT = struct.Struct(">H")
_STORED = struct.Struct(">B32sI")
_REFERENCE = struct.Struct(">BQH")
_RUN = struct.Struct(">BQHH")
_SECTION = struct.Struct(">B32sI")
_IS_STORED = 1
_IS_REFERENCE = 2
_IS_RUN = 3


class Stored(NamedTuple):
    """A content whose ciphertext stands in this frame; its wrapped key is a row of keys.db."""

    row_hash: bytes
    length: int


Entry: TypeAlias = Stored | Reference | Run


@dataclass(frozen=True, slots=True)
class Section:
    """One sealed part of a record, for the readers of one compartment."""

    compartment: int
    commitment: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded frame. `clear` is its head exactly as it stands in the file."""

    kind: Kind
    sequence: int
    time: int
    exchange_id: str
    segment: bytes
    entries: tuple[Entry, ...]
    sections: tuple[Section, ...]
    ciphertexts: tuple[bytes, ...]
    clear: bytes


def encode_clear(
    kind: Kind,
    exchange_id: str,
    entries: Sequence[Entry],
    *,
    sequence: int,
    time: int,
    segment: bytes,
) -> bytes:
    """The clear head: what anyone may see of a record, and what its sections are bound to.

    `time` is in nanoseconds since 1970, `segment` the SHA-256 of the segment's header. The exchange
    id and the number of entries are within their limits.
    """
    parts = [
        _HEAD.pack(MAGIC, kind, sequence, time, len(exchange_id)),
        exchange_id.encode("ascii"),
        segment,
        _COUNT.pack(len(entries)),
    ]
    for entry in entries:
        if isinstance(entry, Stored):
            parts.append(_STORED.pack(_IS_STORED, *entry))
        elif isinstance(entry, Run):
            parts.append(_RUN.pack(_IS_RUN, entry.sequence, entry.place, entry.count))
        else:
            parts.append(_REFERENCE.pack(_IS_REFERENCE, entry.sequence, entry.place))
    return b"".join(parts)


def encode(clear: bytes, sections: Sequence[Section], ciphertexts: Sequence[bytes]) -> bytes:
    """A whole frame."""
    parts = [clear, bytes([len(sections)])]
    for section in sections:
        size = len(section.ciphertext)
        parts += [_SECTION.pack(section.compartment, section.commitment, size), section.ciphertext]
    return b"".join([*parts, *ciphertexts])


def decode(data: bytes) -> Frame:
    """Read one frame; raises FormatError unless every byte is accounted for."""
    try:
        return _decode(data)
    except (struct.error, IndexError):
        raise FormatError("a frame ends inside one of its parts") from None


def leaf_of(frame: Frame, data: bytes) -> Leaf:
    """The leaf that stands for a frame whose bytes are `data`."""
    digest = hashlib.sha256(data).digest()
    return Leaf(frame.kind, frame.sequence, frame.time, frame.exchange_id, digest)


def places(entries: Sequence[Entry]) -> Iterator[tuple[int, Entry]]:
    """Each entry with the number of its (first) content: a run counts for as many as it names."""
    place = 0
    for entry in entries:
        yield place, entry
        place += entry.count if isinstance(entry, Run) else 1


def _decode(data: bytes) -> Frame:
    """Part by part, for whoever verifies reads a million; a slice that falls short shows below."""
    magic, number, sequence, time, length = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise FormatError("a frame doesn't begin with PVF1")
    kind, position = kind_of(number), _HEAD.size + length
    exchange_id = exchange_id_of(data[_HEAD.size : position])
    segment, count = _SEGMENT.unpack_from(data, position)
    position += _SEGMENT.size
    entries: list[Entry] = []
    for _ in range(count):
        entry, position = _entry(data, position)
        entries.append(entry)
    clear, count = data[:position], data[position]
    position += 1
    sections = []
    for _ in range(count):
        compartment, commitment, length = _SECTION.unpack_from(data, position)
        begin = position + _SECTION.size
        position = begin + length
        sections.append(Section(compartment, commitment, data[begin:position]))
    ciphertexts = []
    for entry in entries:
        if isinstance(entry, Stored):
            ciphertexts.append(data[position : position + entry.length])
            position += entry.length
    if position != len(data):
        raise FormatError("a frame is longer or shorter than its parts")
    head = (kind, sequence, time, exchange_id, segment)
    return Frame(*head, tuple(entries), tuple(sections), tuple(ciphertexts), clear)


def _entry(data: bytes, position: int) -> tuple[Entry, int]:
    """The entry at `position`, and where it ends."""
    form = data[position]
    if form == _IS_STORED:
        _, row_hash, length = _STORED.unpack_from(data, position)
        return Stored(row_hash, length), position + _STORED.size
    if form == _IS_REFERENCE:
        _, sequence, place = _REFERENCE.unpack_from(data, position)
        return Reference(sequence, place), position + _REFERENCE.size
    if form == _IS_RUN:
        _, sequence, place, count = _RUN.unpack_from(data, position)
        return Run(sequence, place, count), position + _RUN.size
    raise FormatError("a content entry has an unknown form")
