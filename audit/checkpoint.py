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
_LINE = re.compile(
    r"privet-checkpoint ([^\s\"+]+) (\d{1,19}) ([A-Za-z0-9+/]{43}=)"
    r"((?: [^\s\"+]+ [A-Za-z0-9+/]{91}=)+)"
)
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
    return open_signed(note, keys)[0]


def open_signed(note: str, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, set[bytes]]:
    """The same, and the ids of the keys that signed it: of two, where one replaces the other."""
    text, signers = open_note(note, keys, _MAX_NOTE)
    if not signers:
        raise FormatError("no known key signed this checkpoint")
    return _parse(text), {signer.key_id for signer in signers}


def signed_last(note: str, key: VerifierKey) -> bool:
    """Whether the last signature by a key's name is its own: it hasn't been replaced by another."""
    last = b""
    for line in note.rpartition("\n\n")[2].splitlines():
        match line.split(" "):
            case ["—", name, encoded] if name == key.name:
                last = unbase64(encoded)
    return last[:4] == key.key_id


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says, whoever signed it: to find one's way, not to trust; raises FormatError."""
    text, separator, _ = note.rpartition("\n\n")
    if not separator or len(note) > _MAX_NOTE:
        raise FormatError("not a signed note")
    return _parse(text + "\n")


def line_of(note: str) -> str:
    """A signed note as one line, which logs of other systems can keep; FORMAT.md, section 8.

    Raises FormatError when it isn't one.
    """
    text, _, signatures = note.rpartition("\n\n")
    signed = " ".join(line.removeprefix("— ") for line in signatures.splitlines())
    line = f"privet-checkpoint {text.replace(chr(10), ' ')} {signed}"
    if list(notes_in([line])) != [note]:
        raise FormatError("not a note that has a form in one line")
    return line


def notes_in(lines: Iterable[str]) -> Iterator[str]:
    """The signed notes in a file of log lines, whatever stands around them there."""
    for line in lines:
        for origin, size, root, signed in _LINE.findall(line):
            signatures = re.sub(r" (\S+) (\S+)", "— \\1 \\2\n", signed)
            yield f"{origin}\n{size}\n{root}\n\n{signatures}"


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
