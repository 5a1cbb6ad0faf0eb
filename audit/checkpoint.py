"""Signed checkpoints: what the log's tree was at a size, in a form that others can hold.

C2SP signed-note (Ed25519) around a C2SP tlog-checkpoint. Pure. A note that no known key signed is
no checkpoint: `open_checkpoint` gives nothing unless a signature verified.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import FormatError
from audit.note import VerifierKey, open_note, signature_line, unbase64

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
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


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note; the key is named after the origin."""
    text = checkpoint.text()
    return f"{text}\n{signature_line(text, checkpoint.origin, key)}"


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in a signed note.

    Signatures by other keys (witnesses) are ignored. Raises FormatError when none of `keys` signed
    it, when a signature by one of them is wrong, or when the text isn't a checkpoint.
    """
    text, signers = open_note(note, keys, _MAX_NOTE)
    if not signers:
        raise FormatError("no known key signed this checkpoint")
    return _parse(text)


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says, whoever signed it: to find one's way, not to trust; raises FormatError."""
    text, separator, _ = note.rpartition("\n\n")
    if not separator or len(note) > _MAX_NOTE:
        raise FormatError("not a signed note")
    return _parse(text + "\n")


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


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise FormatError("a checkpoint has at least three lines, none of them empty")
    root = unbase64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or len(root) != 32:
        raise FormatError("a checkpoint's size or root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)
