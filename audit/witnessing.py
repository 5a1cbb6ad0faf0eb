"""A witness: remembers one checkpoint per log, and signs the next only if it continues that one.

C2SP tlog-witness, `add-checkpoint`. It sees origins, sizes and roots, never a record. Invariant:
the new checkpoint is on disk before the cosignature leaves; to check and to replace is one step.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from audit.cosignature import cosign
from audit.errors import FormatError
from audit.files import make_folder, write_atomically
from audit.merkle import is_consistent
from audit.note import VerifierKey, unbase64

MOST_BYTES = 64 * 1024
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class Witness:
    """What a witness knows and does; safe to be called from several threads.

    Args:
        folder: where the newest checkpoint of each log is kept, one file per log.
        logs: the verifier keys of the logs that it watches.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        key: Ed25519PrivateKey,
        logs: Sequence[VerifierKey],
        clock: Callable[[], int],
    ) -> None:
        make_folder(folder)
        self._folder = folder
        self._name = name
        self._key = key
        self._logs = logs
        self._clock = clock
        self._turn = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer one request; raises OSError when the new checkpoint can't be kept."""
        try:
            old, proof, note = _request(body)
            claimed = read_checkpoint(note)
        except FormatError as error:
            return Reply(400, f"{error}\n")
        keys = [key for key in self._logs if key.name == claimed.origin]
        if not keys:
            return Reply(404, "this log is not watched here\n")
        try:
            checkpoint = open_checkpoint(note, keys)
        except FormatError as error:
            return Reply(403, f"{error}\n")
        if old > checkpoint.size:
            return Reply(400, "the old size is above the checkpoint's\n")
        with self._turn:
            return self._continue(checkpoint, note, old, proof)

    def _continue(self, checkpoint: Checkpoint, note: str, old: int, proof: list[bytes]) -> Reply:
        path = self._folder / hashlib.sha256(checkpoint.origin.encode()).hexdigest()
        known = read_checkpoint(path.read_text("utf-8", "replace")) if path.exists() else None
        size = known.size if known else 0
        if old != size:
            return Reply(409, f"{size}\n", "text/x.tlog.size")
        if known is not None and size == checkpoint.size:
            if known.root != checkpoint.root:
                return Reply(409, "another tree of this size was seen\n")
        elif known is not None and size > 0:
            if not is_consistent(size, known.root, checkpoint.size, checkpoint.root, proof):
                return Reply(422, "the checkpoint doesn't continue the one that was seen\n")
        elif proof:
            return Reply(422, "a first checkpoint has no proof\n")
        write_atomically(path, note.encode())
        return Reply(200, cosign(checkpoint.text(), self._name, self._key, self._clock()))


def _request(body: bytes) -> tuple[int, list[bytes], str]:
    """Old size, proof and note of a request; raises FormatError."""
    text = body.decode("utf-8", "replace")
    head, separator, note = text.partition("\n\n")
    first, *hashes = head.split("\n")
    word, _, number = first.partition(" ")
    if word != "old" or not separator or len(body) > MOST_BYTES or len(hashes) > _MOST_HASHES:
        raise FormatError("not an add-checkpoint request")
    if not number.isascii() or not number.isdecimal() or str(int(number)) != number:
        raise FormatError("the old size is malformed")
    return int(number), [unbase64(one) for one in hashes], note
