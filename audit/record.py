"""What a record is: its kind, its clear leaf, its sealed body, its contents.

A leaf is what the Merkle tree holds: small, clear, and bound to the frame by a hash over
ciphertext. Invariants: the numbers of kinds never change; a leaf never holds a hash of plaintext;
one record has exactly one encoding.
"""

from __future__ import annotations

import enum
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from audit.errors import FormatError

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

VERSION = 1
#: The expiry of a content that no retention rule ever deletes.
NEVER = 2**63 - 1

_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_LEAF = struct.Struct(">BBQQ32sB")
_EXCHANGE_ID = re.compile(r"[A-Za-z0-9._:-]{0,64}", re.ASCII)


class Kind(enum.IntEnum):
    """What a record tells. The numbers are part of the format."""

    INTENT = 1  # about to be forwarded: durable before the first byte leaves
    PART = 2  # a piece of an answer, while it streams
    OUTCOME = 3  # what came back and what was delivered, or that it is unknown
    REFUSAL = 4  # not forwarded, and which rule said so
    POLICY_CHANGE = 5
    ERASURE = 6  # its references name the key rows that were deleted
    RECOVERY = 7  # what a restart found and cut
    ROTATION = 8  # keys or recipients changed
    ACCESS = 9  # someone read the log, or did something with what a caller had stored


_KINDS = {kind.value: kind for kind in Kind}


class Content(NamedTuple):
    """Text that a record is about, kept under a key of its own so that it can be erased alone.

    Attributes:
        name: where it stood, e.g. ``masked/messages.3``; sealed with the body.
        data: the bytes, UTF-8 where they are text.
        retain_key: the scope in which the same bytes are stored once (the principal). Contents of
            different scopes never share a key row.
        expires: when retention may delete it, in nanoseconds since 1970; NEVER by default.
    """

    name: str
    data: bytes
    retain_key: str
    expires: int = NEVER


class Reference(NamedTuple):
    """Content number `place` of an earlier record, under another name."""

    sequence: int
    place: int


@dataclass(frozen=True, slots=True)
class Run:
    """Contents `place` to `place + count - 1` of an earlier record, under their names there.

    What they are there may be a reference or a run again: a conversation's turn names the turn
    before, so its size doesn't grow with the conversation.
    """

    sequence: int
    place: int
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """All contents of a durable record, for a later record of this process to name as one run.

    Attributes:
        table: what knew their key rows then: an erasure begins a new one.
    """

    table: object
    run: Run


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record is durable: its place in the log of `origin`, and its time in nanoseconds."""

    origin: str
    sequence: int
    time: int
    kept: Kept


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the Merkle tree (FORMAT.md, "Leaf")."""

    kind: Kind
    sequence: int
    time: int
    exchange_id: str
    frame_hash: bytes

    def encode(self) -> bytes:
        """The leaf as the tree hashes it."""
        name = self.exchange_id.encode("ascii")
        head = _LEAF.pack(VERSION, self.kind, self.sequence, self.time, self.frame_hash, len(name))
        return head + name


def decode_leaf(data: bytes) -> Leaf:
    """Read one leaf; raises FormatError unless every byte is accounted for."""
    if len(data) < _LEAF.size:
        raise FormatError("a leaf is too short")
    version, kind, sequence, time, frame_hash, length = _LEAF.unpack_from(data)
    if version != VERSION or len(data) != _LEAF.size + length:
        raise FormatError("a leaf has another version or length")
    return Leaf(kind_of(kind), sequence, time, exchange_id_of(data[_LEAF.size :]), frame_hash)


def kind_of(number: int) -> Kind:
    """The kind with this number; raises FormatError for one that isn't assigned."""
    kind = _KINDS.get(number)
    if kind is None:
        raise FormatError(f"{number} is not a kind of record")
    return kind


def exchange_id_of(data: bytes) -> str:
    """An exchange id from its bytes; raises FormatError outside its grammar."""
    text = data.decode("latin-1")
    check_exchange_id(text)
    return text


def check_exchange_id(text: str) -> None:
    """Raise FormatError unless `text` is 0 to 64 letters, digits, dots, colons, dashes, lines."""
    if not _EXCHANGE_ID.fullmatch(text):
        raise FormatError("an exchange id has up to 64 of A-Z a-z 0-9 . _ : -")


def encode_body(body: Mapping[str, JSON], names: Sequence[str]) -> bytes:
    """The plaintext of a record's core section: canonical JSON of the body and the content names.

    Keys are sorted, there is no space, text is UTF-8 and unescaped, NaN is not allowed.
    Raises FormatError for anything that JSON or UTF-8 can't hold.
    """
    return canonical_json({"body": body, "contents": names})


def canonical_json(document: Mapping[str, JSON]) -> bytes:
    """The plaintext of a section; raises FormatError for what JSON or UTF-8 can't hold."""
    try:
        return _CANONICAL.encode(document).encode()
    except (TypeError, ValueError, RecursionError):
        raise FormatError("the body of a record isn't plain JSON") from None


def decode_body(data: bytes) -> tuple[dict[str, JSON], list[str]]:
    """Body and content names from a core section's plaintext; raises FormatError."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError("a sealed body isn't JSON") from None
    if not isinstance(document, dict) or set(document) != {"body", "contents"}:
        raise FormatError("a sealed body has other members than body and contents")
    body, names = document["body"], document["contents"]
    if not isinstance(body, dict) or not isinstance(names, list):
        raise FormatError("a sealed body's members have other types")
    return body, [str(name) for name in names]
