"""Key files: the log's signing key, the verifier key that anyone may hold, the recipients' keys.

Private keys are PKCS #8 PEM in files of their own, mode 0600, never overwritten. A recipient's
public key is one line of text: ``privet-recipient-1 <name> <key id> <public key>``, the last two in
hex; a hybrid key's begins with ``privet-recipient-2``, and its private file holds both halves.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.errors import AuditError, FormatError
from audit.files import write_atomically
from audit.frame import CORE
from audit.note import VerifierKey, parse_verifier_key
from audit.recipients import HybridPrivate, HybridPublic, PrivateKey, PublicKey, Recipient

_RECIPIENT = "privet-recipient-1"
_HYBRID = "privet-recipient-2"
_MLKEM_SIZE = 1184
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----\n?", re.DOTALL)
PrivateKeyHalf: TypeAlias = MLKEM768PrivateKey | X25519PrivateKey
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)


def generate_signing_key(path: Path) -> Ed25519PrivateKey:
    """Make the key that signs checkpoints; raises FileExistsError rather than overwrite one."""
    key = Ed25519PrivateKey.generate()
    _write_private(path, key)
    return key


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read it back; raises AuditError for another kind of key, or one that others may read."""
    return _signing_key(_read_private(path), str(path))


def parse_signing_key(text: str, where: str) -> Ed25519PrivateKey:
    """The same from the text of a PEM, which came from `where`; raises AuditError."""
    return _signing_key(_keys_in(text.encode(), where), where)


def write_verifier_key(path: Path, origin: str, key: Ed25519PrivateKey) -> VerifierKey:
    """Write the public half in C2SP's form, for everyone who is to verify the log of `origin`."""
    verifier = VerifierKey(origin, key.public_key())
    path.write_text(f"{verifier}\n", encoding="utf-8")
    return verifier


def load_verifier_keys(path: Path) -> list[VerifierKey]:
    """One verifier key per line; raises FormatError."""
    lines = path.read_text("utf-8", "replace").splitlines()
    try:
        keys = [parse_verifier_key(line) for line in lines if line.strip()]
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    if not keys:
        raise FormatError(f"{path} holds no verifier key")
    return keys


def generate_recipient(
    name: str, private_path: Path, public_path: Path, *, hybrid: bool = False
) -> Recipient:
    """Make a recipient's pair of files; raises FileExistsError rather than overwrite a key."""
    if not _NAME.fullmatch(name):
        raise AuditError("a recipient's name has up to 64 of A-Z a-z 0-9 . _ @ -")
    x25519 = X25519PrivateKey.generate()
    if hybrid:
        mlkem = MLKEM768PrivateKey.generate()
        _write_private(private_path, mlkem, x25519)
        recipient = Recipient(name, HybridPublic(mlkem.public_key(), x25519.public_key()))
    else:
        _write_private(private_path, x25519)
        recipient = Recipient(name, x25519.public_key())
    write_recipient(public_path, recipient)
    return recipient


def write_recipient(path: Path, recipient: Recipient) -> None:
    """Write a recipient's public file."""
    form = _HYBRID if isinstance(recipient.public, HybridPublic) else _RECIPIENT
    key = recipient.public.public_bytes_raw().hex()
    line = f"{form} {recipient.name} {recipient.key_id.hex()} {key}\n"
    write_atomically(path, line.encode(), mode=0o644)


def load_recipient(path: Path, compartment: int = CORE) -> Recipient:
    """A recipient from its public file; raises FormatError when its parts don't fit each other.

    Whether somebody is to read all of a record or the index section alone isn't said there.
    """
    try:
        form, name, key_id, text = path.read_text(encoding="utf-8").split()
        recipient = Recipient(name, _public(form, bytes.fromhex(text)), compartment)
    except ValueError:
        raise FormatError(f"{path} is not a recipient file") from None
    if recipient.key_id.hex() != key_id or not _NAME.fullmatch(name):
        raise FormatError(f"{path} is damaged: its key id doesn't fit its key")
    return recipient


def load_recipient_key(path: Path) -> PrivateKey:
    """A recipient's private key; raises AuditError like `load_signing_key`."""
    match _read_private(path):
        case [X25519PrivateKey() as key]:
            return key
        case [MLKEM768PrivateKey() as mlkem, X25519PrivateKey() as x25519]:
            return HybridPrivate(mlkem, x25519)
    raise AuditError(f"{path} holds no X25519 private key, nor a hybrid one")


def _public(form: str, data: bytes) -> PublicKey:
    """A public key from its bytes; raises ValueError."""
    if form == _RECIPIENT:
        return X25519PublicKey.from_public_bytes(data)
    if form == _HYBRID:
        mlkem, x25519 = data[:_MLKEM_SIZE], data[_MLKEM_SIZE:]
        return HybridPublic(
            MLKEM768PublicKey.from_public_bytes(mlkem), X25519PublicKey.from_public_bytes(x25519)
        )
    raise ValueError(form)


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


def _write_private(path: Path, *keys: Ed25519PrivateKey | PrivateKeyHalf) -> None:
    blocks = (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(blocks))
        os.fsync(file.fileno())


def _read_private(path: Path) -> list[object]:
    """The keys in a file: one, or the two halves of a hybrid one."""
    if path.stat().st_mode & 0o077:
        raise AuditError(f"{path} is readable by others: run chmod 600 on it")
    return _keys_in(path.read_bytes(), str(path))


def _keys_in(data: bytes, where: str) -> list[object]:
    blocks = _PEM.findall(data)
    try:
        keys: list[object] = [load_pem_private_key(block, password=None) for block in blocks]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        keys = []
    if not keys:
        raise AuditError(f"{where} is not an unencrypted PEM private key")
    return keys


def _signing_key(keys: list[object], where: str) -> Ed25519PrivateKey:
    match keys:
        case [Ed25519PrivateKey() as key]:
            return key
    raise AuditError(f"{where} holds no Ed25519 private key")
