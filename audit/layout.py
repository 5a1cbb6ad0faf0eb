"""Where things stand in a log's folder: the names that writer, checker and reader agree on."""

from __future__ import annotations

import os
import re
from pathlib import Path

from audit.checkpoint import last_note
from audit.errors import FormatError

#: The newest checkpoint, replaced atomically (C2SP tlog-tiles gives it this name).
CHECKPOINT = "checkpoint"
#: Every checkpoint since the first, each followed by an empty line.
HISTORY = "checkpoints"
#: Folder of the segments, each called after its first record's sequence.
SEGMENTS = "segments"
#: Held exclusively by the slot's writer.
LOCK = "lock"
#: In a site's folder, beside the slots: the log that lists them.
MANIFEST = "manifest"
#: In a site's folder: erasure orders for its writers, and who has carried them out.
ORDERS = "orders"
#: In a slot's folder: seeds that were sealed to further readers later.
READERS = "readers"
#: In a slot's folder: the newest checkpoint that each witness signed, by its key id.
COSIGNED = "cosigned"
#: In a slot's folder, while an erasure is under way: the rows that it deletes.
JOURNAL = "erasing"

_SEGMENT_NAME = re.compile(r"[0-9]{20}\.seg", re.ASCII)
#: More than any note measures, so the end of a history holds a whole one.
_TAIL = 256 * 1024


def segment_name(first: int) -> str:
    """A segment's file name: its first record's sequence in 20 digits."""
    return f"{first:020d}.seg"


def segment_ends(folder: Path) -> dict[Path, int]:
    """A log's segments in order, and where each ends now: to be asked before keys.db is opened.

    Key rows are there before the records that list them, so whoever reads up to these ends misses
    none, however many records come meanwhile.
    """
    return {path: path.stat().st_size for path in list_segments(folder)}


def list_segments(folder: Path) -> list[Path]:
    """A log's segment files in order; raises FormatError for a file that isn't called like one."""
    paths = sorted((folder / SEGMENTS).glob("*"))
    for path in paths:
        if not _SEGMENT_NAME.fullmatch(path.name):
            raise FormatError(f"{path.name} is not called like a segment")
    return paths


def newest_note(folder: Path) -> tuple[str, int]:
    """The last finished note in a log's history, and where it ends in that file.

    Raises FileNotFoundError without a history, FormatError when no note in it is finished.
    """
    with (folder / HISTORY).open("rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - _TAIL)
        file.seek(start)
        note, end = last_note(file.read())
    return note, start + end
