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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from proxy.vault.clerk import Clerk

#: How long a probe may take to be answered.
PROBE_SECONDS = 3.0
_NONCE_BYTES = 12


class Vault:
    """What principals have stored.

    Args:
        clerk: asks the store that the entries lie in.
        secret: the site's; the vault's keys are derived from it.
        ttl_s: seconds that an entry lives.
        clock: Unix seconds.
        shelf: several vaults with one clerk, each of its own name, know nothing of each other.
    """

    def __init__(
        self,
        clerk: Clerk,
        secret: bytes,
        ttl_s: int,
        clock: Callable[[], int],
        shelf: str = "vault",
    ) -> None:
        self._clerk = clerk
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
        await self._clerk.ask(lambda store: store.put(tag, sealed, now + self._ttl_s, now))

    async def get(self, owner: Sequence[str], entry_id: str) -> bytes | None:
        """A principal's value; None if there is none, or none any more.

        Raises:
            OSError: nobody can say.
        """
        tag = self._tag(owner, entry_id)
        now = self._clock()
        sealed = await self._clerk.ask(lambda store: store.get(tag, now))
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], tag)
        except InvalidTag:
            return None  # under another secret, or tampered with: nobody's

    async def delete(self, owner: Sequence[str], entry_id: str) -> bool:
        """Drop a principal's value; whether there was one. Raises OSError."""
        tag = self._tag(owner, entry_id)
        return await self._clerk.ask(lambda store: store.delete(tag))

    async def probe(self) -> None:
        """See that entries can be read, without waiting for long; raises OSError."""
        async with asyncio.timeout(PROBE_SECONDS):
            await self.get((), "")

    def _tag(self, owner: Sequence[str], entry_id: str) -> bytes:
        message = "\x1f".join((*owner, entry_id)).encode()
        return hmac.digest(self._tags, message, hashlib.sha256)


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDFExpand(SHA256(), 32, purpose.encode()).derive(secret)
