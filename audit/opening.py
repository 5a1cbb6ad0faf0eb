"""What a recipient can do: open the records of a segment, and their contents.

The counterpart of sealer.py, for whoever holds a private key; the writer never imports it. Every
function raises FormatError when something doesn't open, and checks the key commitment first. An
auditor opens everything, an indexer the index sections and the values that they name.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import Protocol

from audit.errors import FormatError
from audit.frame import CORE, INDEX, Frame, Section, Stored, places
from audit.index_section import View, decode_view, view_of
from audit.recipients import PrivateKey, PrivateKeys, key_id_of, open_seed
from audit.record import JSON, Kind, Run, decode_body
from audit.rows import Row
from audit.seal import Ratchet, RecordKeys, decrypt, index_seed, place_data, unwrap, xor
from audit.segment import Header, seed_context


@dataclass(frozen=True, slots=True)
class Opened:
    """A record in the clear: what was sealed.

    Attributes:
        names: of the contents that are no runs.
        keys: the record's; key rows are wrapped under `keys.rows`, but for those of `values`.
        values: place -> name, of what the record stores and an indexer may read.
        value_rows: the key that wraps the rows of those.
    """

    kind: Kind
    sequence: int
    time: int
    exchange_id: str
    body: dict[str, JSON]
    names: list[str]
    keys: RecordKeys
    values: Mapping[int, str] = field(default_factory=dict)
    value_rows: bytes = b""


@dataclass(frozen=True, slots=True)
class Viewed:
    """What an indexer reads of a record: its view, and the key that wraps its values' rows."""

    view: View
    rows: bytes

    def value(self, frame: Frame, place: int, row: Row) -> bytes:
        """The value that content number `place` is."""
        return open_content(frame, place, _content_key(frame, self.rows, row))


class ViewOpener(Protocol):
    """Reads what an indexer may, record by record."""

    def view(self, frame: Frame) -> Viewed:
        """What this record's index section says, or would say."""


class SegmentOpener:
    """Opens the records of one segment with one recipient's key, best in order."""

    def __init__(self, header: Header, digest: bytes, keys: PrivateKeys) -> None:
        """`digest` is the header's SHA-256; raises FormatError if `keys` are no recipient's."""
        seed = seed_of(header, keys)
        self._chain = _Chain(seed, digest, header.first, CORE)
        indexing = index_seed(seed, header.segment_id)
        self._index = IndexOpener(header, digest, indexing) if is_indexed(header) else None

    def open(self, frame: Frame) -> Opened:
        """Open a record's body; its index section, where there should be one, must agree."""
        keys = self._chain.keys(frame)
        body, names = open_body(frame, keys.section)
        opened = Opened(
            frame.kind, frame.sequence, frame.time, frame.exchange_id, body, names, keys
        )
        if self._index is None:
            return opened
        viewed = self._index.view(frame)
        if viewed.view != _view_of(frame, opened):
            raise FormatError("the index section says something else than the record")
        return replace(opened, values=viewed.view.values, value_rows=viewed.rows)

    def view(self, frame: Frame) -> Viewed:
        """What an indexer may read, or might if the segment had an index section."""
        if self._index is not None:
            return self._index.view(frame)
        opened = self.open(frame)
        return Viewed(_view_of(frame, opened), opened.keys.rows)

    def content(self, frame: Frame, place: int, opened: Opened, row: Row) -> bytes:
        """Content number `place`, which must be stored in this frame, by its key row."""
        return open_content(frame, place, self.content_key(frame, place, opened, row))

    def content_key(self, frame: Frame, place: int, opened: Opened, row: Row) -> bytes:
        """The key of one content alone."""
        rows = opened.value_rows if place in opened.values else opened.keys.rows
        return _content_key(frame, rows, row)


class IndexOpener:
    """Opens the index sections of one segment, by that compartment's seed, and nothing else."""

    def __init__(self, header: Header, digest: bytes, seed: bytes) -> None:
        self._chain = _Chain(seed, digest, header.first, INDEX)

    def view(self, frame: Frame) -> Viewed:
        """What this record's index section says."""
        keys = self._chain.keys(frame)
        data = decrypt(keys.section, section_of(frame, INDEX).ciphertext, frame.clear)
        return Viewed(decode_view(data), keys.rows)


class _Chain:
    """The keys of one compartment's records, best asked for in order."""

    def __init__(self, seed: bytes, digest: bytes, first: int, compartment: int) -> None:
        self._begin = partial(Ratchet, seed, digest)
        self._first = self._next = first
        self._compartment = compartment
        self._ratchet = self._begin()

    def keys(self, frame: Frame) -> RecordKeys:
        """A record's keys, to which its section must be committed."""
        keys = self._step_to(frame.sequence)
        if not hmac.compare_digest(
            section_of(frame, self._compartment).commitment, keys.commitment
        ):
            raise FormatError("the key commitment is another: it wasn't sealed by this chain")
        return keys

    def _step_to(self, sequence: int) -> RecordKeys:
        """Step the ratchet to a record, from the segment's beginning if it lies behind."""
        if sequence < self._first:
            raise FormatError("the record isn't of this segment")
        if sequence < self._next:
            self._ratchet, self._next = self._begin(), self._first
        while True:
            keys = self._ratchet.step()
            self._next += 1
            if self._next > sequence:
                return keys


def view_opener(header: Header, digest: bytes, keys: PrivateKeys) -> ViewOpener:
    """For an indexer's key what that opens, for an auditor's the same; raises FormatError."""
    if any(seed.compartment == INDEX and seed.key_id in _by_id(keys) for seed in header.seeds):
        return IndexOpener(header, digest, seed_of(header, keys, INDEX))
    return SegmentOpener(header, digest, keys)


def is_indexed(header: Header) -> bool:
    """Whether the segment's records have an index section."""
    return any(seed.compartment == INDEX for seed in header.seeds)


def section_of(frame: Frame, compartment: int) -> Section:
    """The section of a compartment; raises FormatError."""
    found = [section for section in frame.sections if section.compartment == compartment]
    if len(found) != 1:
        raise FormatError("a record has one section for each compartment of its segment")
    return found[0]


def open_body(frame: Frame, section_key: bytes) -> tuple[dict[str, JSON], list[str]]:
    """A record's body and the names of its contents, by its section's key alone."""
    body, names = decode_body(decrypt(section_key, section_of(frame, CORE).ciphertext, frame.clear))
    if len(names) != sum(not isinstance(entry, Run) for entry in frame.entries):
        raise FormatError("a record names more or fewer contents than it has")
    return body, names


def open_content(frame: Frame, place: int, content_key: bytes) -> bytes:
    """Content number `place`, which must be stored in this frame, by its own key alone."""
    before = (entry for at, entry in places(frame.entries) if at < place)
    index = sum(isinstance(entry, Stored) for entry in before)
    bound = place_data(frame.segment, frame.sequence, place)
    return decrypt(content_key, frame.ciphertexts[index], bound)


def seed_of(header: Header, keys: PrivateKeys, compartment: int = CORE) -> bytes:
    """A compartment's seed, from one key or the shares of several; raises FormatError."""
    mine = _by_id(keys)
    shares: dict[int, bytes] = {}
    wanted = 1
    for seed in header.seeds:
        if seed.compartment != compartment or seed.key_id not in mine:
            continue
        place = bytes([compartment, seed.share, seed.shares]) + seed.key_id
        context = seed_context(header.origin, header.segment_id, header.first, place)
        opened = open_seed(seed.sealed, mine[seed.key_id], context)
        if seed.shares == 1:
            return opened
        wanted = seed.shares
        shares[seed.share] = opened
    if set(shares) == set(range(1, wanted + 1)):
        return reduce(xor, shares.values())
    if shares:
        raise FormatError("this key opens a share of the seed: another reader's is needed too")
    raise FormatError("this key is not among the segment's recipients")


def _by_id(keys: PrivateKeys) -> dict[bytes, PrivateKey]:
    held: Sequence[PrivateKey] = keys if isinstance(keys, Sequence) else (keys,)
    return {key_id_of(key.public_key()): key for key in held}


def _content_key(frame: Frame, rows: bytes, row: Row) -> bytes:
    bound = place_data(frame.segment, frame.sequence, row.place)
    return unwrap(rows, row.place, row.wrapped, bound)


def _view_of(frame: Frame, opened: Opened) -> View:
    """What the index section of a record says, if it agrees with the rest."""
    names = iter(opened.names)
    named = {at: next(names) for at, entry in places(frame.entries) if not isinstance(entry, Run)}
    stored = {at for at, entry in places(frame.entries) if isinstance(entry, Stored)}
    return view_of(opened.body, {at: name for at, name in named.items() if at in stored})
