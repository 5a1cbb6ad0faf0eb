"""One half of verifying: do the records give the tiles, and the roots that were signed?

Leaves come one by one, in order. What the folder's tiles say about each is compared, the tree grows
by what the majority says, and at every signed size its root is compared with the signature's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.checkpoint import Checkpoint, each_note, open_signed
from audit.errors import FormatError
from audit.layout import CHECKPOINT, HISTORY, newest_note
from audit.merkle import leaf_hash
from audit.note import VerifierKey
from audit.report import Report
from audit.tiles import WIDTH, TileSet, decode_bundle, hashes_of, read_tile

_HELD = "the held checkpoint"


class TreeChecker:
    """Grows the tree of one log beside its tiles and checkpoints.

    Attributes:
        signed: size of the newest good checkpoint in the folder.
        held: the newest of the checkpoints that the caller held, or None.
        protected: size up to which someone vouches: the held checkpoint's, else `signed`.
        sure: the newest checkpoint whose root the records have given so far, or None.
    """

    def __init__(
        self, folder: Path, keys: Sequence[VerifierKey], held: Sequence[str], report: Report
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._report = report
        self._tiles = TileSet()
        self._whole = True  # False once a leaf was lost: no root can be computed any more
        self._bundle: tuple[int, list[bytes], list[bytes]] = (-1, [], [])
        self._claims: list[tuple[Checkpoint, str]] = []  # besides the history's
        for note in _of_this_log(held, report.origin):
            self._claim(note, _HELD)
        self.held = max((one for one, _ in self._claims), key=lambda one: one.size, default=None)
        self.sure: Checkpoint | None = None
        self.signed = self._newest()
        self._claims.sort(key=lambda claim: claim[0].size, reverse=True)
        self.protected = self.held.size if self.held else self.signed
        self._history = self._checkpoints()
        self._awaited = next(self._history, None)
        self._compare()

    def entry(self, sequence: int) -> bytes | None:
        """What the entry bundles say about a record, or None."""
        entries = self._witnesses(sequence)[0]
        return entries[sequence % WIDTH] if sequence % WIDTH < len(entries) else None

    def settle(self, sequence: int, leaf: bytes | None) -> bytes | None:
        """Add leaf number `sequence`: as its frame gives it, or None where there is no good frame.

        Returns what the tree took: the frame's leaf, or the bundle's where the tiles agree that the
        frame was edited (a finding) or there is no frame; None when nobody knows.
        """
        entries, hashes = self._witnesses(sequence)
        place = sequence % WIDTH
        entry = entries[place] if place < len(entries) else None
        hashed = None if entry is None else leaf_hash(entry)
        agreed = hashed is not None and place < len(hashes) and hashed == hashes[place]
        if leaf is not None and agreed and leaf != entry:
            self._report.find("edited-frame", f"record {sequence}")
        taken = entry if leaf is None or agreed else leaf
        if taken is None:
            self._whole = False
        if self._whole and taken is not None:
            self._tiles.add(taken, hashed if taken == entry else None)
            self._compare()
        return taken

    def end(self, records: int) -> None:
        """All records were given: what was signed and isn't there?"""
        self._report.checkpoint = self.signed
        wanted = max(self.signed, self.held.size if self.held else 0)
        if records < wanted:
            detail = f"records {records} to {wanted - 1}, which a checkpoint counts, are missing"
            self._report.find("truncated", f"record {records}", detail)
        if not self._whole:
            where = f"size {self._tiles.size + 1} and above"
            self._report.find("checkpoint-mismatch", where, "a leaf is lost: no root can be given")

    def _compare(self) -> None:
        """Compare full tiles as they come out, and everything that was signed at this size."""
        size = self._tiles.size
        if size % WIDTH == 0:
            full = self._tiles.full()
            for name, data in full:
                self._compare_tile(name, data, needed=size <= self.signed)
            self._tiles.written(len(full))
        awaited = self._awaited.size if self._awaited else size + 1
        if awaited > size and not (self._claims and self._claims[-1][0].size == size):
            return  # nothing was signed at this size, so its root isn't worth its hashes
        root = self._tiles.tree.root()
        while self._claims and self._claims[-1][0].size == size:
            claimed, where = self._claims.pop()
            if claimed.root != root:
                self._report.find("checkpoint-mismatch", f"{where}, size {size}")
        while self._awaited is not None and self._awaited.size <= size:
            if self._awaited.size < size:
                self._report.find("checkpoint-order", f"checkpoints, size {self._awaited.size}")
            elif self._awaited.root != root:
                self._report.find("checkpoint-mismatch", f"the checkpoint of size {size}")
            else:
                self.sure = self._awaited
                for name, data in self._tiles.partial():
                    self._compare_tile(name, data, needed=size == self.signed)
            self._awaited = next(self._history, None)

    def _compare_tile(self, name: str, data: bytes, *, needed: bool) -> None:
        whole = name.partition(".p/")[0]  # it may have followed the partial one since
        for one in dict.fromkeys((name, whole)):
            try:
                found = (self._folder / one).read_bytes()
            except FileNotFoundError:
                continue
            if found != data and (one == name or not found.startswith(data)):
                self._report.find("tile-mismatch", name)
            return
        if needed:
            self._report.find("tile-mismatch", name, "the tile is missing")

    def _witnesses(self, sequence: int) -> tuple[list[bytes], list[bytes]]:
        """Entries and hashes of the tile that `sequence` falls into, as far as they are signed."""
        index = sequence // WIDTH
        if index != self._bundle[0]:
            width = max(0, min(WIDTH, self.signed - index * WIDTH))
            try:
                entries = decode_bundle(read_tile(self._folder, None, index, width))
            except FormatError:  # the comparison of the whole tile will say so
                entries = []
            try:
                hashes = hashes_of(read_tile(self._folder, 0, index, width))
            except FormatError:
                hashes = []
            self._bundle = (index, entries, hashes)
        return self._bundle[1:]

    def _newest(self) -> int:
        """The size of the newest checkpoint in the folder; the two places must agree on it."""
        sizes = [0, 0]
        try:  # the newest first: in a log that is being written the history is never behind it
            note = (self._folder / CHECKPOINT).read_text("utf-8", "replace")
            current = self._claim(note, CHECKPOINT)
            sizes[1] = current.size if current else 0
        except FileNotFoundError:
            self._report.find("checkpoint-order", CHECKPOINT, "the newest checkpoint is missing")
        try:
            last = self._open(newest_note(self._folder)[0], HISTORY)
            sizes[0] = last.size if last else 0
        except (FileNotFoundError, FormatError):
            self._report.find("forged-checkpoint", HISTORY, "there is no checkpoint in the history")
        if sizes[1] > sizes[0]:
            self._report.find("checkpoint-order", HISTORY, "the newest checkpoint isn't in it")
        return max(sizes)

    def _claim(self, note: str, where: str) -> Checkpoint | None:
        checkpoint = self._open(note, where)
        if checkpoint is not None:
            self._claims.append((checkpoint, where))
        return checkpoint

    def _checkpoints(self) -> Iterator[Checkpoint]:
        """The good checkpoints of the history; the others are findings.

        A key signs until a note that another one signed with it; from then on only that one.
        """
        path = self._folder / HISTORY
        if not path.exists():
            return
        signing: set[bytes] = set()
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            for number, note in enumerate(each_note(file)):
                where = f"{HISTORY}, note {number}"
                opened = self._open_signed(note, where)
                if opened is None:
                    continue
                checkpoint, signers = opened
                if signing and not signing & signers:
                    detail = "its key isn't the one that signs here: another replaced it, or none"
                    self._report.find("forged-checkpoint", where, detail)
                    continue
                signing = signers - signing or signers
                yield checkpoint

    def _open(self, note: str, where: str) -> Checkpoint | None:
        opened = self._open_signed(note, where)
        return opened[0] if opened else None

    def _open_signed(self, note: str, where: str) -> tuple[Checkpoint, set[bytes]] | None:
        try:
            opened = open_signed(note, self._keys)
        except FormatError as error:
            self._report.find("forged-checkpoint", where, str(error))
            return None
        if opened[0].origin == self._report.origin:
            return opened
        self._report.find("forged-checkpoint", where, "it is of another log")
        return None


def _of_this_log(held: Sequence[str], origin: str) -> Sequence[str]:
    """Those of held notes that name this log; all of them if none does, which is then told."""
    return [note for note in held if note.partition("\n")[0] == origin] or held
