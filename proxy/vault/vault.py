"""Entries by (principal, id), encrypted before any store sees them.

Invariants: a store holds a keyed tag, a ciphertext and a time of expiry, and nothing that tells
whose they are or what they are about; an entry of another principal can't be told from one that
doesn't exist; what has expired is gone for every reader at once, and from the disk with the next
write.

The value is sealed with AES-256-GCM (NIST SP 800-38D) under a key derived by HKDF (RFC 5869), its
tag as associated data, so entries can't be swapped either.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_NONCE_BYTES = 12


class Store(Protocol):
    """Where entries lie. Calls may block; the vault makes them in a thread."""

    def put(self, tag: bytes, sealed: bytes, expires: int, now: int) -> None:
        """Keep an entry until `expires` (Unix seconds), and drop those that have expired."""

    def get(self, tag: bytes, now: int) -> bytes | None:
        """An entry that hasn't expired."""

    def delete(self, tag: bytes) -> bool:
        """Drop an entry; whether there was one."""

    def close(self) -> None:
        """No more calls follow."""


class Vault:
    """What principals have stored.

    Args:
        secret: the site's; the vault's keys are derived from it.
        ttl_s: seconds that an entry lives.
        clock: Unix seconds.
        shelf: several vaults in one store, each of its own name, know nothing of each other.
    """

    def __init__(
        self,
        store: Store,
        secret: bytes,
        ttl_s: int,
        clock: Callable[[], int],
        shelf: str = "vault",
    ) -> None:
        self._store = store
        self._ttl_s = ttl_s
        self._clock = clock
        self._tags = _derived(secret, f"privet {shelf} tags")
        self._cipher = AESGCM(_derived(secret, f"privet {shelf} values"))

    async def put(self, owner: Sequence[str], entry_id: str, value: bytes) -> None:
        """Keep a value; one of the same principal and id is replaced.

        Raises:
            OSError: it can't be kept.
        """
        tag, now = self._tag(owner, entry_id), self._clock()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, value, tag)
        await asyncio.to_thread(self._store.put, tag, sealed, now + self._ttl_s, now)

    async def get(self, owner: Sequence[str], entry_id: str) -> bytes | None:
        """A principal's value; None if there is none, or none any more.

        Raises:
            OSError: nobody can say.
        """
        tag = self._tag(owner, entry_id)
        sealed = await asyncio.to_thread(self._store.get, tag, self._clock())
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], tag)
        except InvalidTag:
            return None  # under another secret, or tampered with: nobody's

    async def delete(self, owner: Sequence[str], entry_id: str) -> bool:
        """Drop a principal's value; whether there was one. Raises OSError."""
        return await asyncio.to_thread(self._store.delete, self._tag(owner, entry_id))

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _tag(self, owner: Sequence[str], entry_id: str) -> bytes:
        message = "\x1f".join((*owner, entry_id)).encode()
        return hmac.digest(self._tags, message, hashlib.sha256)


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDFExpand(SHA256(), 32, purpose.encode()).derive(secret)
