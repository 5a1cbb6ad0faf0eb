"""The cryptography of a record: a seed sealed once per segment, then a ratchet that only goes on.

* The seed of a segment is sealed to each recipient by HPKE (RFC 9180, base mode). HPKE here has no
  associated data, so the context goes through `info`.
* Each record takes four keys from the current link by HKDF-Expand (RFC 5869), the first of which
  replaces that link: whoever holds a later link can't go back.
* Every key seals one plaintext (the row key: one per nonce), so nonces are fixed. AES-GCM alone
  does not commit to its key; the commitment, a fifth output of the same link, does.

Invariant: nothing in this module is kept but the current link inside a `Ratchet`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from audit.errors import FormatError

#: RFC 9180 code points: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
SUITE_ID = bytes.fromhex("002000010002")
SEED_SIZE = 32
#: What a wrapped content key measures: 32 bytes and the tag.
WRAPPED_SIZE = 48

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LABEL_SEED = b"privet audit v1 seed\n"
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


def seal_seed(seed: bytes, to: X25519PublicKey, context: bytes) -> bytes:
    """HPKE: the encapsulated key (32 bytes) followed by the ciphertext (48 bytes)."""
    return _SUITE.encrypt(seed, to, info=_LABEL_SEED + context)


def open_seed(sealed: bytes, key: X25519PrivateKey, context: bytes) -> bytes:
    """The seed; raises FormatError when it wasn't sealed to this key in this context."""
    try:
        return _SUITE.decrypt(sealed, key, info=_LABEL_SEED + context)
    except (InvalidTag, ValueError):
        raise FormatError("the seed doesn't open with this key") from None


def encrypt(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """AES-256-GCM under a key that is used this once, tag at the end."""
    return AESGCM(key).encrypt(_NONCE, plaintext, associated)


def decrypt(key: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """The plaintext; raises FormatError when anything was changed."""
    return _open(key, _NONCE, ciphertext, associated)


def wrap(rows: bytes, place: int, content_key: bytes, associated: bytes) -> bytes:
    """A content key under the record's row key; `place` is its nonce, so it is used once."""
    return AESGCM(rows).encrypt(place.to_bytes(12), content_key, associated)


def unwrap(rows: bytes, place: int, wrapped: bytes, associated: bytes) -> bytes:
    """The content key; raises FormatError when the row isn't the one that was written."""
    return _open(rows, place.to_bytes(12), wrapped, associated)


def row_hash(sequence: int, place: int, expires: int, wrapped: bytes) -> bytes:
    """What a frame lists for each of its key rows."""
    place_bytes = sequence.to_bytes(8) + place.to_bytes(2) + expires.to_bytes(8)
    return hashlib.sha256(_LABEL_ROW + place_bytes + wrapped).digest()


def _open(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError):
        raise FormatError("a ciphertext, or what it is bound to, was changed") from None
