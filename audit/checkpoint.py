"""Signed checkpoints: what the log's tree was at a size, in a form that others can hold.

C2SP signed-note (Ed25519) around a C2SP tlog-checkpoint. Pure. A note that no known key signed is
no checkpoint: `open_checkpoint` gives nothing unless a signature verified.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import FormatError

_ED25519 = b"\x01"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_NAME = re.compile(r"[^\s+]+")
_DASH = "—".encode()
_MAX_NOTE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `origin` had this root when it had `size` leaves."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who may sign a log's checkpoints: a key name (the log's origin) and its public key."""

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
        data = _unbase64(material)
        key = VerifierKey(name, Ed25519PublicKey.from_public_bytes(data[1:]))
    except ValueError:
        raise FormatError("not a verifier key: <name>+<key id>+<base64>") from None
    if data[:1] != _ED25519 or key.key_id.hex() != key_id or not _NAME.fullmatch(name):
        raise FormatError("the verifier key is damaged: its id doesn't fit its name and key")
    return key


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note; the key is named after the origin."""
    name = VerifierKey(checkpoint.origin, key.public_key())
    text = checkpoint.text()
    signature = base64.b64encode(name.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {name.name} {signature}\n"


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in a signed note.

    Signatures by other keys (witnesses) are ignored. Raises FormatError when none of `keys` signed
    it, when a signature by one of them is wrong, or when the text isn't a checkpoint.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or len(note) > _MAX_NOTE:
        raise FormatError("not a signed note")
    text += "\n"
    verified = [_verifies(text, line, keys) for line in signatures.splitlines()]
    if not any(verified):
        raise FormatError("no known key signed this checkpoint")
    return _parse(text)


def each_note(history: Iterable[str]) -> Iterator[str]:
    """The notes of a history file, given its lines: each note is followed by an empty line.

    A checkpoint's text has no empty line of its own, so a note is two paragraphs. An unfinished
    note at the end is left out.
    """
    paragraphs: list[str] = []
    lines: list[str] = []
    for line in history:
        if line != "\n":
            lines.append(line)
            continue
        paragraphs.append("".join(lines))
        lines = []
        if len(paragraphs) == 2:
            yield "\n".join(paragraphs)
            paragraphs = []


def last_note(tail: bytes) -> tuple[str, int]:
    """The newest finished note in the last bytes of a history file, and where in `tail` it ends.

    Raises FormatError when there is none.
    """
    end = len(tail)
    while (end := tail.rfind(b"\n\n", 0, end)) >= 0:
        text = tail.rfind(b"\n\n", 0, end)
        if tail[text + 2 : end].startswith(_DASH):
            start = tail.rfind(b"\n\n", 0, text)
            begin = start + 2 if start >= 0 else 0
            return tail[begin : end + 1].decode("utf-8", "replace"), end + 2
    raise FormatError("the history of checkpoints holds no finished one")


def _verifies(text: str, line: str, keys: Sequence[VerifierKey]) -> bool:
    """Whether `line` is a known key's good signature; raises FormatError if it is a bad one."""
    match line.split(" "):
        case ["—", name, encoded]:
            pass
        case _:
            raise FormatError("a signature line is malformed")
    data = _unbase64(encoded)
    for key in keys:
        if key.name == name and key.key_id == data[:4]:
            try:
                key.public.verify(data[4:], text.encode())
            except InvalidSignature:
                raise FormatError("the signature of a known key is wrong") from None
            return True
    return False


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise FormatError("a checkpoint has at least three lines, none of them empty")
    root = _unbase64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or len(root) != 32:
        raise FormatError("a checkpoint's size or root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)


def _unbase64(text: str) -> bytes:
    """Standard base64, and only the one spelling that encoding gives."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise FormatError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise FormatError("not the canonical base64 of its bytes")
    return data
