"""Publishing a tree: its tiles, then the signed checkpoint in the history, then as the newest.

That order means that whatever a checkpoint promises is there before it. Used by every log of a
site: one per slot, and the site's manifest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, open_checkpoint, sign, signed_last
from audit.errors import FormatError
from audit.files import sync_folder, write_at, write_atomically
from audit.layout import CHECKPOINT, HISTORY, newest_note
from audit.note import VerifierKey, signature_line
from audit.tiles import TileSet, prune, write_tiles


@dataclass(slots=True)
class Published:
    """What a folder's newest checkpoint covers, and how to go on from there.

    Attributes:
        tiles: the tree; the writer adds leaves to it.
        checkpoint: the newest one, None for a new folder.
        history_end: where the next checkpoint goes in the history file, in bytes.
    """

    tiles: TileSet = field(default_factory=TileSet)
    checkpoint: Checkpoint | None = None
    history_end: int = 0

    @property
    def size(self) -> int:
        """How many leaves the newest checkpoint covers."""
        return self.checkpoint.size if self.checkpoint else 0

    def take(self, publication: Publication) -> None:
        """It is durable now."""
        self.tiles.written(publication.full)
        self.checkpoint = publication.checkpoint
        self.history_end += len(publication.note) + 1


def load_published(folder: Path, origin: str, key: VerifierKey) -> Published:
    """Read the newest checkpoint and the tree that it signs.

    Raises FormatError when they don't fit each other, the key or the origin.
    """
    history, newest = folder / HISTORY, folder / CHECKPOINT
    if not history.exists():
        if newest.exists():
            raise FormatError("there is a checkpoint but no history of checkpoints")
        return Published()
    try:
        note, end = newest_note(folder)
    except FormatError:
        if newest.exists():
            raise
        return Published()  # a crash inside the very first checkpoint: nothing was promised yet
    checkpoint = open_checkpoint(note, [key])
    if checkpoint.origin != origin:
        raise FormatError(f"the log's origin is {checkpoint.origin}, not {origin}")
    if not signed_last(note, key):
        raise FormatError("another key has taken it over: finish `privet keys rotate log`")
    current = (
        open_checkpoint(newest.read_text("utf-8", "replace"), [key])
        if newest.exists()
        else checkpoint
    )
    if current.size > checkpoint.size:
        raise FormatError("the newest checkpoint is missing from the history of checkpoints")
    tiles = TileSet.load(folder, checkpoint.size)
    if tiles.tree.root() != checkpoint.root:
        raise FormatError("the tiles don't give the newest checkpoint's root")
    return Published(tiles, checkpoint, end)


@dataclass(frozen=True, slots=True)
class Publication:
    """A checkpoint that is to be written, with the tiles that it needs.

    Attributes:
        full: how many of the tiles are full ones; they come first.
        history_end: where it goes in the history file.
    """

    checkpoint: Checkpoint
    note: bytes
    tiles: list[tuple[str, bytes]]
    full: int
    history_end: int

    def write(self, folder: Path) -> None:
        """Make it durable; raises OSError. Until it is taken, the same can be written again."""
        write_tiles(folder, self.tiles)
        _remember(folder / HISTORY, self.note + b"\n", self.history_end)
        write_atomically(folder / CHECKPOINT, self.note)
        prune(folder, self.tiles[: self.full])


def next_publication(origin: str, key: Ed25519PrivateKey, state: Published) -> Publication | None:
    """A checkpoint over all of `state.tiles`, unless there is one."""
    tiles = state.tiles
    if state.checkpoint is not None and state.checkpoint.size == tiles.size:
        return None
    checkpoint = Checkpoint(origin, tiles.size, tiles.tree.root())
    note, full = sign(checkpoint, key).encode(), tiles.full()
    needed = full + tiles.partial()
    return Publication(checkpoint, note, needed, len(full), state.history_end)


def publish(folder: Path, origin: str, key: Ed25519PrivateKey, state: Published) -> None:
    """Write tiles and a checkpoint over all of `state.tiles`, unless there is one; update `state`.

    Raises OSError; a later call then writes the same again.
    """
    publication = next_publication(origin, key, state)
    if publication is not None:
        publication.write(folder)
        state.take(publication)


def countersign(folder: Path, origin: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> None:
    """Publish the newest checkpoint once more, signed by the old key and by the new one.

    Raises FormatError when there is none that the old key signed, OSError.
    """
    state = load_published(folder, origin, VerifierKey(origin, old.public_key()))
    if state.checkpoint is None:
        raise FormatError("there is no checkpoint to hand over")
    note = sign(state.checkpoint, old) + signature_line(state.checkpoint.text(), origin, new)
    _remember(folder / HISTORY, note.encode() + b"\n", state.history_end)
    write_atomically(folder / CHECKPOINT, note.encode())


def _remember(history: Path, entry: bytes, end: int) -> None:
    """Append to the history, over anything that an unfinished attempt left."""
    descriptor = os.open(history, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        write_at(descriptor, entry, end)
        os.ftruncate(descriptor, end + len(entry))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if end == 0:
        sync_folder(history.parent)
