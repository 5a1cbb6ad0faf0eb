"""Key files: the log's signing key, the verifier key that anyone may hold, the recipients' keys.

Private keys are PKCS #8 PEM in files of their own, mode 0600, never overwritten. A recipient's
public key is one line of text: ``privet-recipient-1 <name> <key id> <public key>``, the last two in
hex.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.errors import AuditError, FormatError
from audit.note import VerifierKey, parse_verifier_key

_RECIPIENT = "privet-recipient-1"
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone who may open records: an auditor, or the offline recovery key."""

    name: str
    public: X25519PublicKey

    @property
    def key_id(self) -> bytes:
        """Names the key in segment headers."""
        return key_id_of(self.public)

    def __str__(self) -> str:
        """The line of a recipient file."""
        key = self.public.public_bytes_raw().hex()
        return f"{_RECIPIENT} {self.name} {self.key_id.hex()} {key}"


def key_id_of(public: X25519PublicKey) -> bytes:
    """A recipient key's id: 16 bytes, whatever the recipient is called."""
    data = b"privet audit v1 recipient\n" + public.public_bytes_raw()
    return hashlib.sha256(data).digest()[:16]


def generate_signing_key(path: Path) -> Ed25519PrivateKey:
    """Make the key that signs checkpoints; raises FileExistsError rather than overwrite one."""
    key = Ed25519PrivateKey.generate()
    _write_private(path, key)
    return key


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read it back; raises AuditError for another kind of key, or one that others may read."""
    key = _read_private(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditError(f"{path} holds no Ed25519 private key")
    return key


def write_verifier_key(path: Path, origin: str, key: Ed25519PrivateKey) -> VerifierKey:
    """Write the public half in C2SP's form, for everyone who is to verify the log of `origin`."""
    verifier = VerifierKey(origin, key.public_key())
    path.write_text(f"{verifier}\n", encoding="utf-8")
    return verifier


def load_verifier_keys(path: Path) -> list[VerifierKey]:
    """One verifier key per line; raises FormatError."""
    lines = path.read_text("utf-8", "replace").splitlines()
    keys = [parse_verifier_key(line) for line in lines if line.strip()]
    if not keys:
        raise FormatError(f"{path} holds no verifier key")
    return keys


def generate_recipient(name: str, private_path: Path, public_path: Path) -> Recipient:
    """Make a recipient's pair of files; raises FileExistsError rather than overwrite a key."""
    if not _NAME.fullmatch(name):
        raise AuditError("a recipient's name has up to 64 of A-Z a-z 0-9 . _ @ -")
    key = X25519PrivateKey.generate()
    _write_private(private_path, key)
    recipient = Recipient(name, key.public_key())
    public_path.write_text(f"{recipient}\n", encoding="utf-8")
    return recipient


def load_recipient(path: Path) -> Recipient:
    """A recipient from its public file; raises FormatError when its parts don't fit each other."""
    try:
        form, name, key_id, key = path.read_text(encoding="utf-8").split()
        recipient = Recipient(name, X25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    except ValueError:
        raise FormatError(f"{path} is not a recipient file") from None
    if form != _RECIPIENT or recipient.key_id.hex() != key_id or not _NAME.fullmatch(name):
        raise FormatError(f"{path} is damaged: its key id doesn't fit its key")
    return recipient


def load_recipient_key(path: Path) -> X25519PrivateKey:
    """A recipient's private key; raises AuditError like `load_signing_key`."""
    key = _read_private(path)
    if not isinstance(key, X25519PrivateKey):
        raise AuditError(f"{path} holds no X25519 private key")
    return key


def read_secret(path: Path) -> bytes:
    """32 random bytes in hex, in a file that nobody else may read; raises AuditError."""
    if path.stat().st_mode & 0o077:
        raise AuditError(f"{path} is readable by others: run chmod 600 on it")
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise AuditError(f"{path} holds no key of 32 bytes in hex")
    return secret


def _write_private(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        os.fsync(file.fileno())


def _read_private(path: Path) -> object:
    if path.stat().st_mode & 0o077:
        raise AuditError(f"{path} is readable by others: run chmod 600 on it")
    try:
        return load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise AuditError(f"{path} is not an unencrypted PEM private key") from None
