"""The site's manifest: a small log that lists every slot's log, so that a missing one is noticed.

A site is a folder with one folder per slot and one called `manifest`, which is a log of its own:
tiles and checkpoints, whose entries are the lines of `Slot`. It is signed with the site's key under
the name ``<site>/manifest``, where a slot's origin is ``<site>/<slot>``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import AuditError, FormatError
from audit.files import make_folder
from audit.layout import LOCK, MANIFEST
from audit.note import VerifierKey, parse_verifier_key
from audit.publish import load_published, publish
from audit.tiles import read_entries

_HEAD = "privet-slot-1"


@dataclass(frozen=True, slots=True)
class Slot:
    """One log of the site: the name of its folder, and who signs it (named after its origin)."""

    folder: str
    key: VerifierKey

    def encode(self) -> bytes:
        """The manifest entry: three lines."""
        return f"{_HEAD}\n{self.folder}\n{self.key}\n".encode()


def manifest_origin(origin: str) -> str:
    """The origin of the manifest that lists the log called `origin`."""
    return f"{origin.rpartition('/')[0] or origin}/{MANIFEST}"


def decode_slot(entry: bytes) -> Slot:
    """Read one entry; raises FormatError."""
    match entry.decode("utf-8", "replace").split("\n"):
        case [head, folder, key, ""] if head == _HEAD and folder == Path(folder).name:
            return Slot(folder, parse_verifier_key(key))
    raise FormatError("a manifest entry is malformed")


def read_slots(site: Path, size: int) -> list[Slot]:
    """The first `size` entries of a site's manifest; raises FormatError."""
    return [decode_slot(entry) for entry in read_entries(site / MANIFEST, size)]


def register(site: Path, slot: Slot, key: Ed25519PrivateKey) -> None:
    """List a slot's log in the site's manifest, unless it is listed already.

    Raises AuditError when the manifest is damaged or can't be written.
    """
    folder, origin = site / MANIFEST, manifest_origin(slot.key.name)
    try:
        make_folder(folder)
        with _locked(folder / LOCK):
            state = load_published(folder, origin, VerifierKey(origin, key.public_key()))
            if slot not in read_slots(site, state.size):
                state.tiles.add(slot.encode())
                publish(folder, origin, key, state)
    except (OSError, FormatError) as error:
        raise AuditError(f"the site manifest in {folder} can't be used: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
