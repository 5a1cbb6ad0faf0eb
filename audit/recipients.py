"""Who may open records: their keys, and how a segment's seed is sealed to them.

HPKE in base mode (RFC 9180); it has no associated data here, so the context goes through `info`.
Two kinds of keys: X25519, and the hybrid of ML-KEM-768 and X25519, which stays closed even if one
of the two is broken one day. Whichever it is, a recipient has one name and one key id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from audit.errors import FormatError
from audit.frame import CORE, INDEX
from audit.record import JSON

#: KEM, KDF, AEAD as HPKE numbers them: DHKEM(X25519, HKDF-SHA256) of RFC 9180, and MLKEM768-X25519
#: of draft-ietf-hpke-pq; HKDF-SHA256, AES-256-GCM.
X25519_SUITE = bytes.fromhex("002000010002")
HYBRID_SUITE = bytes.fromhex("647a00010002")
SUITES = {
    X25519_SUITE: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    HYBRID_SUITE: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}
_KEY_ID = b"privet audit v1 recipient\n"
_LABEL_SEED = b"privet audit v1 seed\n"


@dataclass(frozen=True, slots=True)
class HybridPublic:
    """Both halves of a hybrid public key."""

    mlkem: MLKEM768PublicKey
    x25519: X25519PublicKey

    def public_bytes_raw(self) -> bytes:
        """ML-KEM's 1184 bytes, then X25519's 32."""
        return self.mlkem.public_bytes_raw() + self.x25519.public_bytes_raw()


@dataclass(frozen=True, slots=True)
class HybridPrivate:
    """Both halves of a hybrid private key."""

    mlkem: MLKEM768PrivateKey
    x25519: X25519PrivateKey

    def public_key(self) -> HybridPublic:
        """The public key."""
        return HybridPublic(self.mlkem.public_key(), self.x25519.public_key())


PublicKey: TypeAlias = X25519PublicKey | HybridPublic
PrivateKey: TypeAlias = X25519PrivateKey | HybridPrivate
#: One recipient's key, or those of several people who can read together only.
PrivateKeys: TypeAlias = PrivateKey | Sequence[PrivateKey]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone who may open records: an auditor, the offline recovery key; or an indexer.

    Attributes:
        compartment: what of each record: CORE for all of it, INDEX for the index section alone.
    """

    name: str
    public: PublicKey
    compartment: int = CORE

    @property
    def key_id(self) -> bytes:
        """Names the key in segment headers."""
        return key_id_of(self.public)


@dataclass(frozen=True, slots=True)
class Pair:
    """Several people who can open records together only: each gets a share of the seed."""

    members: tuple[Recipient, ...]


def key_id_of(public: PublicKey) -> bytes:
    """A recipient key's id: 16 bytes, whatever the recipient is called."""
    return hashlib.sha256(_KEY_ID + public.public_bytes_raw()).digest()[:16]


def members_of(recipients: Sequence[Recipient | Pair]) -> Iterator[bytes]:
    """The key ids of all of them."""
    for one in recipients:
        for member in one.members if isinstance(one, Pair) else (one,):
            yield member.key_id


def describe(recipients: Sequence[Recipient | Pair]) -> list[JSON]:
    """Who may open records, for a rotation record: names with key ids, several where together."""
    return [
        [
            {"name": member.name, "key_id": member.key_id.hex()}
            | ({"compartment": "index"} if member.compartment == INDEX else {})
            for member in members
        ]
        for one in recipients
        for members in [one.members if isinstance(one, Pair) else (one,)]
    ]


def suite_of(public: PublicKey) -> bytes:
    """The suite that a seed is sealed to this key with."""
    return HYBRID_SUITE if isinstance(public, HybridPublic) else X25519_SUITE


def seal_seed(seed: bytes, to: PublicKey, context: bytes) -> bytes:
    """HPKE base mode: the encapsulated key followed by the ciphertext (48 bytes)."""
    key = MLKEM768X25519PublicKey(to.mlkem, to.x25519) if isinstance(to, HybridPublic) else to
    return SUITES[suite_of(to)].encrypt(seed, key, info=_LABEL_SEED + context)


def open_seed(sealed: bytes, key: PrivateKey, context: bytes) -> bytes:
    """The seed; raises FormatError when it wasn't sealed to this key in this context."""
    suite = SUITES[suite_of(key.public_key())]
    opener = (
        MLKEM768X25519PrivateKey(key.mlkem, key.x25519) if isinstance(key, HybridPrivate) else key
    )
    try:
        return suite.decrypt(sealed, opener, info=_LABEL_SEED + context)
    except (InvalidTag, ValueError):
        raise FormatError("the seed doesn't open with this key") from None
