"""Signed notes (C2SP signed-note, Ed25519): a text, and who signed it.

Pure. Checkpoints and erasure orders are notes. Invariant: a text whose signatures were not checked
against known keys is never returned.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import FormatError

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]+")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who may sign: a key name (for checkpoints the log's origin) and the public key."""

    name: str
    public: Ed25519PublicKey

    def __str__(self) -> str:
        """The C2SP verifier key: ``<name>+<key id in hex>+<base64 of type and key>``."""
        material = base64.b64encode(_ED25519 + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        data = self.name.encode() + b"\n" + _ED25519 + self.public.public_bytes_raw()
        return hashlib.sha256(data).digest()[:4]


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a C2SP verifier key; raises FormatError for anything but an Ed25519 one."""
    try:
        name, key_id, material = text.strip().split("+", 2)
        data = unbase64(material)
        key = VerifierKey(name, Ed25519PublicKey.from_public_bytes(data[1:]))
    except ValueError:
        raise FormatError("not a verifier key: <name>+<key id>+<base64>") from None
    if data[:1] != _ED25519 or key.key_id.hex() != key_id or not _NAME.fullmatch(name):
        raise FormatError("the verifier key is damaged: its id doesn't fit its name and key")
    return key


def signature_line(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The line that `key`, called `name`, adds to a note with this text (ended by a newline)."""
    signer = VerifierKey(name, key.public_key())
    signature = base64.b64encode(signer.key_id + key.sign(text.encode())).decode()
    return f"— {name} {signature}\n"


def open_note(note: str, keys: Sequence[VerifierKey], limit: int) -> tuple[str, list[VerifierKey]]:
    """The text of a note, and which of `keys` signed it, in their order in the note.

    Signatures by other keys are ignored. Raises FormatError when the note is malformed, longer than
    `limit` characters, or a signature by one of `keys` is wrong.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or len(note) > limit:
        raise FormatError("not a signed note")
    text += "\n"
    signers = [_signer(text, line, keys) for line in signatures.splitlines()]
    return text, [signer for signer in signers if signer is not None]


def unbase64(text: str) -> bytes:
    """Standard base64, and only the one spelling that encoding gives; raises FormatError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise FormatError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise FormatError("not the canonical base64 of its bytes")
    return data


def _signer(text: str, line: str, keys: Sequence[VerifierKey]) -> VerifierKey | None:
    """Who made this signature line; raises FormatError if a known key's signature is wrong."""
    match line.split(" "):
        case ["—", name, encoded]:
            pass
        case _:
            raise FormatError("a signature line is malformed")
    data = unbase64(encoded)
    for key in keys:
        if key.name == name and key.key_id == data[:4]:
            try:
                key.public.verify(data[4:], text.encode())
            except InvalidSignature:
                raise FormatError("the signature of a known key is wrong") from None
            return key
    return None
