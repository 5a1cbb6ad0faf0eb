"""The cryptography of a record: a seed sealed once per segment, then a ratchet that only goes on.

* The seed of a segment is sealed to each recipient by HPKE (recipients.py).
* Each record takes four keys from the current link by HKDF-Expand (RFC 5869), the first of which
  replaces that link: whoever holds a later link can't go back.
* Every key seals one plaintext (the row key: one per nonce), so nonces are fixed. AES-GCM alone
  does not commit to its key; the commitment, a fifth output of the same link, does.

Invariant: nothing in this module is kept but the current link inside a `Ratchet`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from audit.errors import FormatError
from audit.rows import Row

SEED_SIZE = 32
#: Of every key.
KEY_SIZE = 32

_LABEL_INDEX = b"privet audit v1 index\n"
_LABEL_LINK = b"privet audit v1 link\n"
_LABEL_STEP = b"privet audit v1 step\n"
_LABEL_ROW = b"privet audit v1 row\n"
_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """The keys of one record: for its core section, its key rows, and the commitment to both."""

    section: bytes
    rows: bytes
    commitment: bytes


class Ratchet:
    """The one-way chain of a segment. Holds the current link and nothing else."""

    __slots__ = ("_link",)

    def __init__(self, seed: bytes, segment: bytes) -> None:
        """Begin at the first record of the segment whose header has the SHA-256 `segment`."""
        self._link = HKDF(SHA256(), 32, salt=segment, info=_LABEL_LINK).derive(seed)

    def step(self) -> RecordKeys:
        """The next record's keys. The link they came from is gone afterwards."""
        out = HKDFExpand(SHA256(), 128, _LABEL_STEP).derive(self._link)
        self._link = out[:32]
        return RecordKeys(section=out[32:64], rows=out[64:96], commitment=out[96:])


def index_seed(seed: bytes, segment_id: bytes) -> bytes:
    """The index compartment's seed: whoever has the segment's gets it, and not the other way."""
    return HKDF(SHA256(), SEED_SIZE, salt=segment_id, info=_LABEL_INDEX).derive(seed)


def xor(one: bytes, other: bytes) -> bytes:
    """Two byte strings of one length, combined: shares of a seed."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def encrypt(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """AES-256-GCM under a key that is used this once, tag at the end."""
    return AESGCM(key).encrypt(_NONCE, plaintext, associated)


def decrypt(key: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """The plaintext; raises FormatError when anything was changed."""
    return _open(key, _NONCE, ciphertext, associated)


class ContentSealer:
    """Seals the contents of one record, each under a fresh key, wrapped under the row key.

    Keys are drawn together and one cipher wraps them all, with the place as nonce: what is left per
    content is little more than two encryptions and a hash.
    """

    __slots__ = ("_keys", "_record", "_row", "_sequence", "_wrap")

    def __init__(self, row_key: bytes, segment: bytes, sequence: int, count: int) -> None:
        """For `count` contents of record `sequence`."""
        drawn = os.urandom(KEY_SIZE * count)
        self._keys = iter([drawn[at : at + KEY_SIZE] for at in range(0, len(drawn), KEY_SIZE)])
        self._record, self._row = _of_record(segment, sequence), _of_row(sequence)
        self._sequence = sequence
        self._wrap = AESGCM(row_key).encrypt

    def seal(self, place: int, expires: int, data: bytes) -> tuple[Row, bytes, bytes]:
        """The key row of content number `place`, the row's hash, and the content's ciphertext."""
        key, where = next(self._keys), place.to_bytes(2)
        bound = self._record + where
        wrapped = self._wrap(place.to_bytes(12), key, bound)
        ciphertext = AESGCM(key).encrypt(_NONCE, data, bound)
        digest = sha256(self._row + where + expires.to_bytes(8) + wrapped).digest()
        return Row(self._sequence, place, expires, wrapped), digest, ciphertext


def place_data(segment: bytes, sequence: int, place: int) -> bytes:
    """What a content and its wrapped key are bound to: where in the log they belong."""
    return _of_record(segment, sequence) + place.to_bytes(2)


def unwrap(rows: bytes, place: int, wrapped: bytes, associated: bytes) -> bytes:
    """The content key; raises FormatError when the row isn't the one that was written."""
    return _open(rows, place.to_bytes(12), wrapped, associated)


def row_hash(sequence: int, place: int, expires: int, wrapped: bytes) -> bytes:
    """What a frame lists for each of its key rows."""
    where = place.to_bytes(2) + expires.to_bytes(8)
    return sha256(_of_row(sequence) + where + wrapped).digest()


def _of_record(segment: bytes, sequence: int) -> bytes:
    return segment + sequence.to_bytes(8)


def _of_row(sequence: int) -> bytes:
    return _LABEL_ROW + sequence.to_bytes(8)


def _open(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError):
        raise FormatError("a ciphertext, or what it is bound to, was changed") from None
