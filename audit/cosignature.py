"""What a witness adds to a checkpoint: that it saw this state, at this time, and no other before.

C2SP tlog-cosignature (cosignature/v1, Ed25519): a signature line whose key id has the type 0x04 and
whose bytes are a time (u64, seconds since 1970) and a signature over that time and the note's text.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import FormatError
from audit.note import unbase64

_TYPE = b"\x04"
_TIME = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness: its name (an address without a scheme, by custom) and its public key."""

    name: str
    public: Ed25519PublicKey

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        data = self.name.encode() + b"\n" + _TYPE + self.public.public_bytes_raw()
        return hashlib.sha256(data).digest()[:4]

    def __str__(self) -> str:
        """``<name>+<key id in hex>+<base64 of type and key>``."""
        material = base64.b64encode(_TYPE + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word: who, and when (seconds since 1970)."""

    witness: WitnessKey
    time: int


def load_witness_keys(path: Path) -> list[WitnessKey]:
    """One key per line; raises FormatError."""
    keys = [_parse(line) for line in path.read_text("utf-8", "replace").splitlines() if line]
    if not keys:
        raise FormatError(f"{path} holds no witness key")
    return keys


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> str:
    """The line that a witness adds to a checkpoint with this text."""
    witness = WitnessKey(name, key.public_key())
    signature = _TIME.pack(time) + key.sign(_message(text, time))
    return f"— {name} {base64.b64encode(witness.key_id + signature).decode()}\n"


def cosignatures(text: str, lines: str, keys: Sequence[WitnessKey]) -> list[Cosignature]:
    """The cosignatures by known witnesses among signature lines.

    Others are ignored. Raises FormatError when a line is malformed or a known key's is wrong.
    """
    found = []
    for line in lines.splitlines():
        match line.split(" "):
            case ["—", name, encoded]:
                data = unbase64(encoded)
            case _:
                raise FormatError("a signature line is malformed")
        known = (key for key in keys if (key.name, key.key_id) == (name, data[:4]))
        found += [_check(text, data[4:], key) for key in known]
    return found


def _check(text: str, signature: bytes, key: WitnessKey) -> Cosignature:
    if len(signature) != _TIME.size + 64:
        raise FormatError("a cosignature has another length")
    (time,) = _TIME.unpack_from(signature)
    try:
        key.public.verify(signature[_TIME.size :], _message(text, time))
    except InvalidSignature:
        raise FormatError("the cosignature of a known witness is wrong") from None
    return Cosignature(key, time)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _parse(line: str) -> WitnessKey:
    try:
        name, key_id, material = line.strip().split("+", 2)
        data = unbase64(material)
        key = WitnessKey(name, Ed25519PublicKey.from_public_bytes(data[1:]))
    except ValueError:
        raise FormatError("not a witness key: <name>+<key id>+<base64>") from None
    if data[:1] != _TYPE or key.key_id.hex() != key_id:
        raise FormatError("the witness key is damaged: its id doesn't fit its name and key")
    return key
