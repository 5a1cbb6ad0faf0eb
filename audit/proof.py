"""A proof file: one record, opened, with everything that convinces a stranger of it.

It holds the frames of the record and of those that it refers to, their inclusion paths, the signed
checkpoint, and the keys of just these contents. Who has it needs a verifier key and no private one;
it opens nothing else in the log. FORMAT.md, "Proof files", specifies it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from audit.errors import FormatError
from audit.frame import Frame, Stored, decode, leaf_of, places
from audit.layout import list_segments, newest_note
from audit.merkle import inclusion_path, leaf_hash, root_from_inclusion
from audit.note import VerifierKey
from audit.opening import SegmentOpener, open_body, open_content
from audit.readers import open_segment
from audit.reading import Record
from audit.recipients import PrivateKeys
from audit.record import JSON, Kind, Run, decode_leaf
from audit.rows import find_row, reading
from audit.segment import read_batches
from audit.tiles import TileHashes, read_entries

_FORM = "privet-proof"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof file shows.

    Attributes:
        checkpoint: the signed state of the log that the record is in.
        contents: (name, bytes; None where it was erased before the proof was made).
    """

    checkpoint: Checkpoint
    kind: Kind
    sequence: int
    time: int
    exchange_id: str
    body: dict[str, JSON]
    contents: list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One frame of a proof, and the keys that open it (of the contents: by place)."""

    data: bytes
    frame: Frame
    path: list[bytes]
    section_key: bytes | None
    content_keys: dict[int, bytes]


def sequences_of(folder: Path, exchange_id: str) -> list[int]:
    """The records of an exchange that the newest checkpoint covers; raises FormatError."""
    size = read_checkpoint(newest_note(folder)[0]).size
    leaves = map(decode_leaf, read_entries(folder, size))
    return [leaf.sequence for leaf in leaves if leaf.exchange_id == exchange_id]


def inclusion(folder: Path, sequence: int) -> tuple[str, list[bytes]]:
    """The newest checkpoint (a signed note) and a record's path in it.

    Raises FormatError when that checkpoint doesn't cover the record, or a tile is missing.
    """
    note, _ = newest_note(folder)
    size = read_checkpoint(note).size
    if sequence >= size:
        raise FormatError(f"no checkpoint covers record {sequence} yet")
    return note, inclusion_path(sequence, size, TileHashes(folder, size).range_hash)


def prove(folder: Path, record: Record, keys: PrivateKeys) -> str:
    """The proof file of an opened record; raises FormatError where something doesn't open."""
    sequence = record.opened.sequence
    note, _ = inclusion(folder, sequence)
    size = read_checkpoint(note).size
    hashes = TileHashes(folder, size)
    pieces = []
    with reading(folder) as rows:
        for data, frame, opener in _with_referred(folder, sequence, keys):
            opened = opener.open(frame)
            content_keys = {}
            for place, entry in places(frame.entries):
                if isinstance(entry, Stored) and (row := find_row(rows, frame.sequence, place)):
                    content_keys[place] = opener.content_key(frame, place, opened, row)
            path = inclusion_path(frame.sequence, size, hashes.range_hash)
            section = opened.keys.section
            pieces.append(_Piece(data, frame, path, section, content_keys))
    wanted = set(_stored({piece.frame.sequence: piece.frame for piece in pieces})[sequence])
    return json.dumps(
        {
            _FORM: 1,
            "checkpoint": note,
            "record": sequence,
            "names": [name for name, _ in record.contents],
            "frames": [_encode(piece, sequence, wanted) for piece in pieces],
        },
        indent=1,
    )


def verify_proof(text: str, keys: Sequence[VerifierKey]) -> Proven:
    """Check a proof file against the log's verifier key; raises FormatError unless it all holds."""
    try:
        document = json.loads(text)
        form, note, sequence = document[_FORM], document["checkpoint"], int(document["record"])
        claimed = [str(name) for name in document["names"]]
        pieces = [_decode(member) for member in document["frames"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise FormatError("this is not a proof file") from None
    if form != 1:
        raise FormatError("this proof file is of another version")
    checkpoint = open_checkpoint(str(note), keys)
    for piece in pieces:
        leaf = leaf_hash(leaf_of(piece.frame, piece.data).encode())
        index = piece.frame.sequence
        if root_from_inclusion(leaf, index, checkpoint.size, piece.path) != checkpoint.root:
            raise FormatError(f"record {index} is not in the tree that the checkpoint signs")
    by_sequence = {piece.frame.sequence: piece for piece in pieces}
    subject = by_sequence.get(sequence)
    if subject is None or subject.section_key is None:
        raise FormatError("the proof lacks the record that it is about, or its key")
    frame = subject.frame
    body, names = open_body(frame, subject.section_key)
    contents = _contents(by_sequence, sequence, names, claimed)
    return Proven(checkpoint, frame.kind, sequence, frame.time, frame.exchange_id, body, contents)


def _with_referred(
    folder: Path, sequence: int, keys: PrivateKeys
) -> Iterator[tuple[bytes, Frame, SegmentOpener]]:
    """A record and, transitively, those whose contents it has; the newest first."""
    wanted = {sequence}
    for path in reversed(list_segments(folder)):
        first = int(path.stem)
        if max(wanted, default=-1) < first:
            continue
        with path.open("rb") as file:
            opener = open_segment(path, file, keys)
            frames = [
                (data, frame)
                for batch in read_batches(file)
                for data in batch.frames
                if (frame := decode(data)).sequence <= max(wanted)
            ]
        for data, frame in reversed(frames):
            if frame.sequence in wanted:
                wanted.remove(frame.sequence)
                if frame.kind is not Kind.ERASURE:  # its references name rows, not contents
                    entries = frame.entries
                    wanted |= {one.sequence for one in entries if not isinstance(one, Stored)}
                yield data, frame, opener
    if wanted:
        raise FormatError(f"record {max(wanted)} is missing: run verify")


def _stored(frames: Mapping[int, Frame]) -> dict[int, list[tuple[int, int] | None]]:
    """Where each content of each record was stored: (sequence, place); None for erased rows' names.

    Raises FormatError for a reference to a record that isn't older, or isn't among `frames`.
    """
    found: dict[int, list[tuple[int, int] | None]] = {}
    for sequence in sorted(frames):
        here = found[sequence] = []
        for place, entry in places(frames[sequence].entries):
            count = entry.count if isinstance(entry, Run) else 1
            if isinstance(entry, Stored):
                here.append((sequence, place))
            elif frames[sequence].kind is Kind.ERASURE:
                here.append(None)
            elif entry.sequence < sequence and entry.sequence in found:
                here += found[entry.sequence][entry.place : entry.place + count]
            else:
                raise FormatError(f"record {sequence} refers to one that the proof lacks")
    return found


def _contents(
    pieces: Mapping[int, _Piece], sequence: int, own_names: Sequence[str], claimed: Sequence[str]
) -> list[tuple[str, bytes | None]]:
    """The contents: by the names in the record, or as the maker of the proof says of runs."""
    where = _stored({number: piece.frame for number, piece in pieces.items()})[sequence]
    own = iter(own_names)
    names: list[str] = []
    for place, entry in places(pieces[sequence].frame.entries):
        if isinstance(entry, Run):
            names += claimed[place : place + entry.count]
        else:
            names.append(next(own))
    if len(names) != len(where):
        raise FormatError("the proof names more or fewer contents than the record has")
    contents: list[tuple[str, bytes | None]] = []
    for name, at in zip(names, where, strict=True):
        key = pieces[at[0]].content_keys.get(at[1]) if at else None
        data = open_content(pieces[at[0]].frame, at[1], key) if at and key else None
        contents.append((name, data))
    return contents


def _encode(piece: _Piece, sequence: int, wanted: set[tuple[int, int] | None]) -> dict[str, object]:
    """One frame, with the record's own section key and the keys of the contents that it has."""
    here = piece.frame.sequence
    keys = piece.content_keys.items()
    members: dict[str, object] = {
        "frame": base64.b64encode(piece.data).decode(),
        "path": [base64.b64encode(one).decode() for one in piece.path],
        "contents": {str(at): key.hex() for at, key in keys if (here, at) in wanted},
    }
    if here == sequence and piece.section_key is not None:
        members["section"] = piece.section_key.hex()
    return members


def _decode(members: Mapping[str, Any]) -> _Piece:
    data = base64.b64decode(members["frame"], validate=True)
    path = [base64.b64decode(one, validate=True) for one in members["path"]]
    contents = {int(at): bytes.fromhex(key) for at, key in members["contents"].items()}
    section = members.get("section")
    return _Piece(data, decode(data), path, bytes.fromhex(section) if section else None, contents)
