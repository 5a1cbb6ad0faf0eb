"""What a restart finds: the end of the durable log, open intents, and the one thing it may cut.

Steps: the newest checkpoint must be ours; the tiles must give its root; the segments must hold
every record that it counts; what lies above it is read frame by frame. A last batch that is short,
and lies wholly above the newest checkpoint, was never acknowledged and is cut. Anything else
refuses to start: damage above the newest checkpoint is cut only when an operator accepts it by
name, and then kept aside. Every cut is recorded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from audit.errors import AuditError, FormatError, ShortBatchError
from audit.files import sync_folder
from audit.frame import decode, leaf_of
from audit.layout import list_segments
from audit.note import VerifierKey
from audit.publish import Published, load_published
from audit.record import JSON, Kind, Leaf
from audit.segment import Header, read_batches, read_header


@dataclass(slots=True)
class Recovered:
    """A log's state when its writer begins.

    Attributes:
        published: the newest checkpoint, and the tree over every durable record.
        open_intents: exchange id -> sequence of its latest intent that has no outcome.
        cut: what was removed, for the recovery record; None when nothing was.
        recipients: key ids of the newest segment's; None when there is no segment.
    """

    published: Published
    open_intents: dict[str, int] = field(default_factory=dict)
    cut: dict[str, JSON] | None = None
    recipients: frozenset[bytes] | None = None


def note_intent(open_intents: dict[str, int], leaf: Leaf) -> None:
    """Keep track of intents without an outcome: an outcome or a refusal closes its exchange."""
    if leaf.kind is Kind.INTENT:
        open_intents[leaf.exchange_id] = leaf.sequence
    elif leaf.kind in (Kind.OUTCOME, Kind.REFUSAL):
        open_intents.pop(leaf.exchange_id, None)


def recover(folder: Path, origin: str, key: VerifierKey, accepted_by: str | None) -> Recovered:
    """Bring a log's folder into a state that can be appended to.

    `accepted_by` names the operator who accepts that damage above the newest checkpoint is cut.
    Raises AuditError, saying what an operator has to do, when the log isn't whole.
    """
    try:
        found = Recovered(load_published(folder, origin, key))
        _read_segments(list_segments(folder), origin, accepted_by, found)
    except FormatError as error:
        raise AuditError(
            f"the audit log in {folder} is damaged: {error}. Run `privet audit verify` and keep a "
            "copy as evidence. Damage above the newest checkpoint can be accepted by an operator "
            "(it is cut, kept aside and recorded); otherwise this log ends here: move the folder "
            "away and begin one under a new origin."
        ) from error
    return found


def _read_segments(
    segments: list[Path], origin: str, accepted_by: str | None, found: Recovered
) -> None:
    """Read every frame from the oldest open intent, and from the newest checkpoint, to the end."""
    protected = found.published.size
    wanted = protected
    for header in _newest_header(segments):
        wanted = min(wanted, header.open_from)
        found.recipients = frozenset(seed.key_id for seed in header.seeds)
    skipped = sum(int(path.stem) <= wanted for path in segments[1:])
    sequence = int(segments[skipped].stem) if segments else 0
    for path in segments[skipped:]:
        end = 0
        try:
            for leaves, batch_end in _batches(path, origin, sequence):
                for leaf in leaves:
                    if leaf.sequence >= protected:
                        found.published.tiles.add(leaf.encode())
                    note_intent(found.open_intents, leaf)
                sequence += len(leaves)
                end = batch_end
        except FormatError as error:
            short = isinstance(error, ShortBatchError)
            if path != segments[-1] or sequence < protected or not (short or accepted_by):
                raise FormatError(f"{path.name}: {error}") from error
            found.cut = _cut(path, end, None if short else accepted_by)
    if sequence < protected:
        raise FormatError(f"the newest checkpoint counts {protected} records, {sequence} are here")


def _newest_header(segments: list[Path]) -> list[Header]:
    """The newest whole segment header, in a list; a torn one is reported when it is read."""
    for path in reversed(segments[-2:]):
        try:
            with path.open("rb") as file:
                return [read_header(file)[0]]
        except FormatError:
            continue
    return []


def _batches(path: Path, origin: str, sequence: int) -> Iterator[tuple[list[Leaf], int]]:
    """The leaves of each batch of a segment that is to begin with `sequence`, and where it ends.

    Raises ShortBatchError also for a segment without any batch: it is written with its first one.
    """
    with path.open("rb") as file:
        header, digest = read_header(file)
        if header.origin != origin or not header.first == sequence == int(path.stem):
            raise FormatError("the header belongs to another place or log")
        for batch in read_batches(file):
            if not batch.intact:
                raise FormatError(f"the digest of the batch at byte {batch.offset} is wrong")
            leaves = []
            for data in batch.frames:
                frame = decode(data)
                if frame.sequence != sequence or frame.segment != digest:
                    raise FormatError(f"the batch at byte {batch.offset} holds a foreign frame")
                leaves.append(leaf_of(frame, data))
                sequence += 1
            yield leaves, batch.end
        if sequence == header.first:
            raise ShortBatchError(file.tell())


def _cut(path: Path, end: int, accepted_by: str | None) -> dict[str, JSON]:
    """Remove what follows byte `end`, or the file itself where nothing precedes that.

    Accepted damage is evidence: the whole file is copied aside first.
    """
    size = path.stat().st_size
    if accepted_by is not None:
        shutil.copy(path, path.parent.parent / f"{path.name}.damaged")
        sync_folder(path.parent.parent)
    if end == 0:
        path.unlink()
        sync_folder(path.parent)
    else:
        os.truncate(path, end)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return {"segment": path.name, "offset": end, "bytes": size - end, "accepted_by": accepted_by}
