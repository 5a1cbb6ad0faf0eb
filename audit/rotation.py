"""A new signing key for a site, so that the old one can be retired.

Every log must have stopped. Each appends a rotation record that names the new key, and its newest
checkpoint is signed by both: who knows the old key learns the new one from a record it vouches
for, and who knows the new one can go on from there. Both are needed to verify the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import signed_last
from audit.layout import MANIFEST, newest_note
from audit.log import AuditLog
from audit.manifest import Slot, manifest_origin, register
from audit.note import VerifierKey
from audit.publish import countersign
from audit.recipients import Pair, Recipient
from audit.record import Kind
from audit.slot import origin_of


def rotate_signing_key(
    site: Path,
    old: Ed25519PrivateKey,
    new: Ed25519PrivateKey,
    recipients: Sequence[Recipient | Pair],
    clock: Callable[[], int],
) -> list[VerifierKey]:
    """Hand every log of a site over to another key; returns the new verifier keys.

    What an earlier attempt that was interrupted has done is left as it is. Raises AuditError when a
    log is being written, or can't be opened with the old key.
    """
    keys = []
    slots = sorted(path for path in site.iterdir() if (path / "segments").is_dir())
    for slot in slots:
        origin = origin_of(slot)
        key = VerifierKey(origin, new.public_key())
        keys.append(key)
        if _has(slot, key):
            continue
        log = AuditLog.open(
            slot, origin=origin, signing_key=old, recipients=recipients, clock=clock
        )
        asyncio.run(_announce(log, key))
        countersign(slot, origin, old, new)
    for origin in {manifest_origin(key.name) for key in keys}:
        if not _has(site / MANIFEST, VerifierKey(origin, new.public_key())):
            countersign(site / MANIFEST, origin, old, new)
    for slot, key in zip(slots, keys, strict=True):
        register(site, Slot(slot.name, key), new)
    return keys


def _has(folder: Path, key: VerifierKey) -> bool:
    """Whether a log was handed over to a key by an earlier attempt."""
    return signed_last(newest_note(folder)[0], key)


async def _announce(log: AuditLog, key: VerifierKey) -> None:
    try:
        await log.append(Kind.ROTATION, "", {"signing_key": str(key)})
    finally:
        await log.close()
