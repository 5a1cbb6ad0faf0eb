"""What a recipient can do: open the records of a segment, and their contents.

The counterpart of sealer.py, for whoever holds a private key; the writer never imports it. Every
function raises FormatError when something doesn't open, and checks the key commitment first.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from audit.errors import FormatError
from audit.frame import CORE, Frame, Section, Stored, places
from audit.recipients import PrivateKey, PrivateKeys, key_id_of, open_seed
from audit.record import JSON, Kind, Run, decode_body
from audit.rows import Row
from audit.seal import Ratchet, RecordKeys, decrypt, place_data, unwrap, xor
from audit.segment import Header, seed_context


@dataclass(frozen=True, slots=True)
class Opened:
    """A record in the clear: what was sealed; `names` are of the contents that are no runs."""

    kind: Kind
    sequence: int
    time: int
    exchange_id: str
    body: dict[str, JSON]
    names: list[str]
    keys: RecordKeys


class SegmentOpener:
    """Opens the records of one segment with one recipient's key, best in order."""

    def __init__(self, header: Header, digest: bytes, keys: PrivateKeys) -> None:
        """`digest` is the header's SHA-256; raises FormatError if `keys` are no recipient's."""
        self._digest = digest
        self._first = header.first
        self._seed = seed_of(header, keys)
        self._begin()

    def open(self, frame: Frame) -> Opened:
        """Open a record's body."""
        keys = self._keys(frame.sequence)
        if not hmac.compare_digest(core_of(frame).commitment, keys.commitment):
            raise FormatError("the key commitment is another: it wasn't sealed by this chain")
        body, names = open_body(frame, keys.section)
        return Opened(frame.kind, frame.sequence, frame.time, frame.exchange_id, body, names, keys)

    def content(self, frame: Frame, place: int, opened: Opened, row: Row) -> bytes:
        """Content number `place`, which must be stored in this frame, by its key row."""
        return open_content(frame, place, self.content_key(frame, place, opened, row))

    def content_key(self, frame: Frame, place: int, opened: Opened, row: Row) -> bytes:
        """The key of one content alone."""
        bound = place_data(self._digest, frame.sequence, place)
        return unwrap(opened.keys.rows, place, row.wrapped, bound)

    def _keys(self, sequence: int) -> RecordKeys:
        """Step the ratchet to a record, from the segment's beginning if it lies behind."""
        if sequence < self._first:
            raise FormatError("the record isn't of this segment")
        if sequence < self._next:
            self._begin()
        while True:
            keys = self._ratchet.step()
            self._next += 1
            if self._next > sequence:
                return keys

    def _begin(self) -> None:
        self._ratchet = Ratchet(self._seed, self._digest)
        self._next = self._first


def core_of(frame: Frame) -> Section:
    """The section that holds the record's body; raises FormatError."""
    core = [section for section in frame.sections if section.compartment == CORE]
    if len(core) != 1:
        raise FormatError("a record has one core section")
    return core[0]


def open_body(frame: Frame, section_key: bytes) -> tuple[dict[str, JSON], list[str]]:
    """A record's body and the names of its contents, by its section's key alone."""
    body, names = decode_body(decrypt(section_key, core_of(frame).ciphertext, frame.clear))
    if len(names) != sum(not isinstance(entry, Run) for entry in frame.entries):
        raise FormatError("a record names more or fewer contents than it has")
    return body, names


def open_content(frame: Frame, place: int, content_key: bytes) -> bytes:
    """Content number `place`, which must be stored in this frame, by its own key alone."""
    before = (entry for at, entry in places(frame.entries) if at < place)
    index = sum(isinstance(entry, Stored) for entry in before)
    bound = place_data(frame.segment, frame.sequence, place)
    return decrypt(content_key, frame.ciphertexts[index], bound)


def seed_of(header: Header, keys: PrivateKeys) -> bytes:
    """The segment's seed, from one key or the shares of several; raises FormatError."""
    held: Sequence[PrivateKey] = keys if isinstance(keys, Sequence) else (keys,)
    mine = {key_id_of(key.public_key()): key for key in held}
    shares: dict[int, bytes] = {}
    wanted = 1
    for seed in header.seeds:
        if seed.compartment != CORE or seed.key_id not in mine:
            continue
        place = bytes([CORE, seed.share, seed.shares]) + seed.key_id
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
