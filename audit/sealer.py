"""The blind writer's pen: seals records into one segment, in order, and can't go back.

Runs on the event loop: no I/O, some tens of microseconds per record. HPKE happens once, when the
segment begins. Invariant: after `seal` returns, nothing reachable from here opens that record.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from audit.errors import FormatError
from audit.frame import (
    CORE,
    INDEX,
    MAX_CONTENTS,
    MAX_FRAME,
    Entry,
    Section,
    Stored,
    encode,
    encode_clear,
)
from audit.index_section import encode_view, view_of
from audit.recipients import Pair, Recipient, seal_seed, suite_of
from audit.record import (
    JSON,
    NEVER,
    Content,
    Kind,
    Leaf,
    Reference,
    Run,
    check_exchange_id,
    encode_body,
)
from audit.rows import Row
from audit.seal import SEED_SIZE, ContentSealer, Ratchet, encrypt, index_seed, xor
from audit.segment import Header, SealedSeed, encode_header, seed_context

#: Upper bounds for what a frame adds to its plaintexts.
_OVERHEAD = 256
_PER_CONTENT = 64


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record that is ready for the disk."""

    leaf: Leaf
    frame: bytes
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A content that an earlier record stored, here under this name."""

    name: str
    reference: Reference


class Sealer:
    """Seals the records of one segment."""

    __slots__ = ("_digest", "_index", "_ratchet", "first", "header", "next", "size", "time")

    def __init__(
        self,
        origin: str,
        recipients: Sequence[Recipient | Pair],
        *,
        first: int,
        open_from: int,
        time: int,
        seed: bytes | None = None,
        segment_id: bytes | None = None,
    ) -> None:
        """Begin a segment at `first`. `seed` and `segment_id` are given by test vectors only."""
        seed = seed or os.urandom(SEED_SIZE)
        segment_id = segment_id or os.urandom(16)
        unsealed = Header(origin, segment_id, first, open_from, time, ())
        seeds = tuple(seal_seeds(seed, recipients, unsealed))
        self.header = encode_header(replace(unsealed, seeds=seeds))
        self.first = self.next = first
        self.time = time
        self.size = len(self.header)
        self._digest = hashlib.sha256(self.header).digest()
        self._ratchet = Ratchet(seed, self._digest)
        indexed = any(one.compartment == INDEX for one in seeds)
        self._index = Ratchet(index_seed(seed, segment_id), self._digest) if indexed else None

    def seal(
        self,
        kind: Kind,
        exchange_id: str,
        time: int,
        body: Mapping[str, JSON],
        contents: Sequence[Content | Named | Run] = (),
    ) -> Sealed:
        """Seal the next record, with contents that are new or stand in earlier records.

        Raises FormatError when the record can't be encoded; then no sequence and no link was used.
        """
        sequence = self.next
        names = [content.name for content in contents if not isinstance(content, Run)]
        plaintext = encode_body(body, names)
        view = None if self._index is None else view_of(body, dict(_stored(contents)))
        seen = b"" if view is None else encode_view(view)
        _check(exchange_id, time, len(plaintext) + len(seen), contents)
        keys = self._ratchet.step()
        index_keys = keys if self._index is None else self._index.step()
        self.next += 1
        sealing = ContentSealer(keys.rows, self._digest, sequence, len(contents))
        values = sealing
        if view is not None:
            values = ContentSealer(index_keys.rows, self._digest, sequence, len(view.values))
        entries: list[Entry] = []
        rows, ciphertexts = [], []
        place = 0
        for content in contents:
            if isinstance(content, Content):
                by = values if view and place in view.values else sealing
                row, digest, ciphertext = by.seal(place, content.expires, content.data)
                rows.append(row)
                ciphertexts.append(ciphertext)
                entries.append(Stored(digest, len(ciphertext)))
            else:
                entries.append(content.reference if isinstance(content, Named) else content)
            place += content.count if isinstance(content, Run) else 1
        clear = encode_clear(
            kind, exchange_id, entries, sequence=sequence, time=time, segment=self._digest
        )
        sections = [Section(CORE, keys.commitment, encrypt(keys.section, plaintext, clear))]
        if view is not None:
            sealed = encrypt(index_keys.section, seen, clear)
            sections.append(Section(INDEX, index_keys.commitment, sealed))
        frame = encode(clear, sections, ciphertexts)
        self.size += len(frame)
        digest = hashlib.sha256(frame).digest()
        return Sealed(Leaf(kind, sequence, time, exchange_id, digest), frame, tuple(rows))


def seal_seeds(
    seed: bytes, recipients: Sequence[Recipient | Pair], header: Header
) -> Iterator[SealedSeed]:
    """The seed, sealed to each recipient: a share to those of a pair, the index's to an indexer."""
    for one in recipients:
        if isinstance(one, Recipient) and one.compartment == INDEX:
            share = index_seed(seed, header.segment_id)
            yield _seal_share(share, bytes([INDEX, 1, 1]), one, header)
            continue
        members = one.members if isinstance(one, Pair) else (one,)
        shares = [os.urandom(SEED_SIZE) for _ in members[1:]]
        shares.append(reduce(xor, shares, seed))
        for number, (member, share) in enumerate(zip(members, shares, strict=True), start=1):
            yield _seal_share(share, bytes([CORE, number, len(members)]), member, header)


def _seal_share(share: bytes, place: bytes, to: Recipient, header: Header) -> SealedSeed:
    """A share of a seed, sealed; `place` is compartment, share, shares."""
    bound = place + to.key_id
    context = seed_context(header.origin, header.segment_id, header.first, bound)
    sealed = seal_seed(share, to.public, context)
    compartment, number, shares = place
    return SealedSeed(compartment, number, shares, to.key_id, sealed, suite_of(to.public))


def _stored(contents: Iterable[Content | Named | Run]) -> Iterator[tuple[int, str]]:
    """Place and name of what a record stores."""
    place = 0
    for content in contents:
        if isinstance(content, Content):
            yield place, content.name
        place += content.count if isinstance(content, Run) else 1


def _check(
    exchange_id: str, time: int, size: int, contents: Sequence[Content | Named | Run]
) -> None:
    """Refuse what has no encoding before the ratchet moves on, so that no sequence is lost."""
    check_exchange_id(exchange_id)
    count, moments = 0, [time]
    size += _OVERHEAD + _PER_CONTENT * len(contents)
    for content in contents:
        if isinstance(content, Content):
            moments.append(content.expires)
            size += len(content.data)
        count += content.count if isinstance(content, Run) else 1
    if count > MAX_CONTENTS:
        raise FormatError(f"a record has at most {MAX_CONTENTS} contents")
    if min(moments) < 0 or max(moments) > NEVER:
        raise FormatError("a time or expiry is out of range")
    if size > MAX_FRAME:
        raise FormatError("a record is over 64 MiB")
