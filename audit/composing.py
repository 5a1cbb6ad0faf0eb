"""Composing records: which segment they go to, and which of their contents are stored already.

On the event loop, without a disk. Invariants: sequences have no gaps; a record refers to contents
only while their key rows are there; after records were lost, no link of their segment's ratchet is
used any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from audit.chunks import Chunk, ChunkTable
from audit.recipients import Pair, Recipient
from audit.record import JSON, Content, Kept, Kind, Leaf, Reference, Run
from audit.recovery import note_intent
from audit.sealer import Named, Sealed, Sealer

SEGMENT_BYTES = 64 * 2**20
SEGMENT_SECONDS = 3600


class Composed(NamedTuple):
    """A sealed record.

    Attributes:
        remember: to be called once it is durable.
        kept: all its contents, for a later record that has them, too.
    """

    sealer: Sealer
    sealed: Sealed
    remember: Callable[[], None]
    kept: Kept


class Composer:
    """Seals the records of one log, in order.

    Attributes:
        durable: how many records are durable.
    """

    def __init__(
        self,
        origin: str,
        recipients: Sequence[Recipient | Pair],
        clock: Callable[[], int],
        durable: int,
    ) -> None:
        self._origin = origin
        self._recipients = recipients
        self._clock = clock
        self.durable = durable
        self._chunks = ChunkTable()
        self._open_intents: dict[str, int] = {}
        self._sealer: Sealer | None = None

    def compose(
        self,
        kind: Kind,
        exchange_id: str,
        body: Mapping[str, JSON],
        contents: Sequence[Content | Named],
        kept: Kept | None,
    ) -> Composed:
        """Seal a record; raises FormatError when it has no form. `AuditLog.append` says more."""
        sealer = self.sealer()
        parts: list[Content | Named | Run] = [kept.run] if kept else []
        chunks: list[tuple[bytes, Chunk]] = []
        before = kept.run.count if kept else 0
        for place, content in enumerate(contents, start=before):
            if isinstance(content, Named):
                parts.append(content)
                continue
            tag = self._chunks.tag(content)
            known = self._chunks.find(tag, content.expires)
            _add(parts, content, known)
            expires = known.expires if known else content.expires
            chunks.append((tag, Chunk(content.name, Reference(sealer.next, place), expires)))
        sealed = sealer.seal(kind, exchange_id, self._clock(), body, parts)
        remember = partial(self._remember, sealed.leaf, chunks, self._chunks)
        run = Run(sealed.leaf.sequence, 0, before + len(contents))
        return Composed(sealer, sealed, remember, Kept(self._chunks, run))

    def sealer(self) -> Sealer:
        """The open segment's sealer; a new one after a start, a failure, full size, an hour."""
        last, now = self._sealer, self._clock()
        if last and last.size <= SEGMENT_BYTES and now - last.time <= SEGMENT_SECONDS * 10**9:
            return last
        self._sealer = Sealer(
            self._origin,
            self._recipients,
            first=self.durable if last is None else last.next,
            open_from=min([self.durable, *self._open_intents.values()]),
            time=now,
        )
        return self._sealer

    def holds(self, kept: Kept) -> bool:
        """Whether the key rows of these contents are still there."""
        return kept.table is self._chunks

    def forget_contents(self) -> None:
        """Key rows are about to go: no record may refer to one from now on."""
        self._chunks = ChunkTable()

    def forget_segment(self) -> None:
        """Records were lost: no link of this segment's ratchet may be used any more."""
        self._sealer = None

    def _remember(self, leaf: Leaf, chunks: list[tuple[bytes, Chunk]], table: ChunkTable) -> None:
        """A record is durable, and its chunks are there for later ones to refer to.

        `table` is the one of when it was sealed: after an erasure there is a new one.
        """
        self.durable += 1
        note_intent(self._open_intents, leaf)
        for tag, chunk in chunks:
            table.enter(tag, chunk)


def _add(parts: list[Content | Named | Run], content: Content, known: Chunk | None) -> None:
    """Add a content: itself if it is new, else where it stands, as one run with its neighbours."""
    if known is None:
        parts.append(content)
        return
    sequence, place = known.where.sequence, known.where.place
    match parts[-1] if parts else None:
        case _ if known.name != content.name:
            parts.append(Named(content.name, known.where))
        case Run(earlier, start, count) if earlier == sequence and start + count == place:
            parts[-1] = Run(sequence, start, count + 1)
        case _:
            parts.append(Run(sequence, place, 1))
