"""A segment file: one header with the sealed seed, then batches of frames.

Pure but for the file object that the readers are given. Invariants: a batch is written and synced
as a whole, so a file ends after a batch or (nothing acknowledged) inside one; the header's hash
stands in every frame, so the tree protects it too.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from audit.errors import FormatError, ShortBatchError
from audit.frame import MAX_FRAME
from audit.recipients import SUITES, X25519_SUITE

HEADER_MAGIC = b"PVS1"
BATCH_MAGIC = b"PVB1"
MAX_BATCH = 2 * MAX_FRAME
_MAX_HEADER = 2**20

_PREFIX = struct.Struct(">4sI")
_HEADER = struct.Struct(">16sQQQB")
_RECIPIENT = struct.Struct(">BBB16s6sH")
_BATCH = struct.Struct(">4sIIQ")
_LENGTH = struct.Struct(">I")
_BATCH_SIZE = _BATCH.size + 32


@dataclass(frozen=True, slots=True)
class SealedSeed:
    """One recipient's way in: a share of a compartment's seed, sealed to the key `key_id`.

    Share 1 of 1 is the whole seed. A seed in several shares is the exclusive-or of them all.
    """

    compartment: int
    share: int
    shares: int
    key_id: bytes
    sealed: bytes
    suite: bytes = X25519_SUITE


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment begins with.

    Attributes:
        origin: the log's name.
        segment_id: 16 random bytes.
        first: sequence of the first record.
        open_from: sequence of the oldest intent that had no outcome yet when this segment began
            (`first`, if there was none): a restart needn't look further back.
        time: nanoseconds since 1970.
        seeds: the sealed seed, once per recipient.
    """

    origin: str
    segment_id: bytes
    first: int
    open_from: int
    time: int
    seeds: tuple[SealedSeed, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames that became durable together.

    `offset` and `end` are its bytes in the file; `intact` says whether its digest is right.
    """

    first: int
    frames: tuple[bytes, ...]
    offset: int
    end: int
    intact: bool


def seed_context(origin: str, segment_id: bytes, first: int, place: bytes) -> bytes:
    """What a sealed seed is bound to (HPKE `info`, after its label).

    `place` is compartment, share, shares (a byte each) and the recipient's key id.
    """
    return _origin(origin) + segment_id + first.to_bytes(8) + place


def encode_header(header: Header) -> bytes:
    """The header's bytes, from PVS1 on."""
    parts = [
        _origin(header.origin),
        _HEADER.pack(
            header.segment_id, header.first, header.open_from, header.time, len(header.seeds)
        ),
    ]
    parts += map(encode_seed, header.seeds)
    rest = b"".join(parts)
    return _PREFIX.pack(HEADER_MAGIC, len(rest)) + rest


def read_header(file: BinaryIO) -> tuple[Header, bytes]:
    """Header and its SHA-256; raises ShortBatchError where the file ends in it, or FormatError."""
    prefix = _exactly(file, _PREFIX.size, 0)
    magic, length = _PREFIX.unpack(prefix)
    if magic != HEADER_MAGIC or length > _MAX_HEADER:
        raise FormatError("a segment doesn't begin with PVS1")
    rest = _exactly(file, length, 0)
    try:
        return _decode_header(rest), hashlib.sha256(prefix + rest).digest()
    except (struct.error, IndexError, UnicodeDecodeError):
        raise FormatError("a segment header ends inside one of its parts") from None


def encode_batch(first: int, frames: Sequence[bytes]) -> bytes:
    """Frames with their lengths, behind a head that holds total length, count and digest."""
    payload = b"".join(piece for frame in frames for piece in (_LENGTH.pack(len(frame)), frame))
    head = _BATCH.pack(BATCH_MAGIC, len(payload), len(frames), first)
    return head + hashlib.sha256(head + payload).digest() + payload


def read_batches(file: BinaryIO, end: int | None = None) -> Iterator[Batch]:
    """The batches from the file's position on, or those of them that begin before `end`.

    Raises ShortBatchError where the file ends inside one, FormatError (naming the offset) where
    bytes are not a batch. A wrong digest is the caller's to judge.
    """
    while True:
        offset = file.tell()
        if end is not None and offset >= end:
            return
        if not file.read(1):
            return
        file.seek(offset)
        head = _exactly(file, _BATCH_SIZE, offset)
        magic, length, count, first = _BATCH.unpack_from(head)
        if magic != BATCH_MAGIC or length > MAX_BATCH + 4 * count:
            raise FormatError(f"no batch begins at byte {offset}")
        payload = _exactly(file, length, offset)
        frames = _split(payload)
        if len(frames) != count or not frames:
            raise FormatError(f"the batch at byte {offset} has another number of frames")
        digest = hashlib.sha256(head[: _BATCH.size] + payload).digest()
        yield Batch(first, frames, offset, file.tell(), digest == head[_BATCH.size :])


def _origin(origin: str) -> bytes:
    data = origin.encode()
    return bytes([len(data)]) + data


def encode_seed(seed: SealedSeed) -> bytes:
    """One sealed seed, as it stands in a header."""
    place = (seed.compartment, seed.share, seed.shares, seed.key_id)
    return _RECIPIENT.pack(*place, seed.suite, len(seed.sealed)) + seed.sealed


def decode_seed(data: bytes, position: int) -> tuple[SealedSeed, int]:
    """The sealed seed at `position`, and where it ends; raises FormatError or struct.error."""
    compartment, share, shares, key_id, suite, size = _RECIPIENT.unpack_from(data, position)
    begin = position + _RECIPIENT.size
    if suite not in SUITES:
        raise FormatError("a seed is sealed with an unknown suite")
    sealed = data[begin : begin + size]
    return SealedSeed(compartment, share, shares, key_id, sealed, suite), begin + size


def _decode_header(rest: bytes) -> Header:
    length = rest[0]
    origin = rest[1 : 1 + length].decode()
    position = 1 + length
    segment_id, first, open_from, time, count = _HEADER.unpack_from(rest, position)
    position += _HEADER.size
    seeds = []
    for _ in range(count):
        seed, position = decode_seed(rest, position)
        seeds.append(seed)
    if position != len(rest):
        raise FormatError("a segment header has another length than its parts")
    return Header(origin, segment_id, first, open_from, time, tuple(seeds))


def _split(payload: bytes) -> tuple[bytes, ...]:
    frames, position = [], 0
    while position < len(payload):
        if position + _LENGTH.size > len(payload):
            raise FormatError("a batch ends inside a length")
        (size,) = _LENGTH.unpack_from(payload, position)
        position += _LENGTH.size
        frames.append(payload[position : position + size])
        position += size
    if position != len(payload):
        raise FormatError("a batch ends inside a frame")
    return tuple(frames)


def _exactly(file: BinaryIO, length: int, offset: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise ShortBatchError(offset)
    return data
