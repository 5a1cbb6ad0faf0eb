"""What a recipient can do: open the records of a segment, and their contents.

The counterpart of sealer.py, for whoever holds a private key; the writer never imports it. Every
function raises FormatError when something doesn't open, and checks the key commitment first.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit.errors import FormatError
from audit.frame import CORE, Frame, Stored, place_data, places
from audit.keys import key_id_of
from audit.record import JSON, Kind, Run, decode_body
from audit.rows import Row
from audit.seal import Ratchet, RecordKeys, decrypt, open_seed, unwrap
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

    def __init__(self, header: Header, digest: bytes, key: X25519PrivateKey) -> None:
        """`digest` is the header's SHA-256; raises FormatError if `key` is no recipient."""
        self._digest = digest
        self._first = header.first
        self._seed = _seed(header, key)
        self._begin()

    def open(self, frame: Frame) -> Opened:
        """Open a record's body."""
        keys = self._keys(frame.sequence)
        core = [section for section in frame.sections if section.compartment == CORE]
        if len(core) != 1:
            raise FormatError("a record has one core section")
        if not hmac.compare_digest(core[0].commitment, keys.commitment):
            raise FormatError("the key commitment is another: it wasn't sealed by this chain")
        body, names = decode_body(decrypt(keys.section, core[0].ciphertext, frame.clear))
        if len(names) != sum(not isinstance(entry, Run) for entry in frame.entries):
            raise FormatError("a record names more or fewer contents than it has")
        return Opened(frame.kind, frame.sequence, frame.time, frame.exchange_id, body, names, keys)

    def content(self, frame: Frame, place: int, opened: Opened, row: Row) -> bytes:
        """Content number `place`, which must be stored in this frame, by its key row."""
        before = (entry for at, entry in places(frame.entries) if at < place)
        index = sum(isinstance(entry, Stored) for entry in before)
        bound = place_data(self._digest, frame.sequence, place)
        key = unwrap(opened.keys.rows, place, row.wrapped, bound)
        return decrypt(key, frame.ciphertexts[index], bound)

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


def _seed(header: Header, key: X25519PrivateKey) -> bytes:
    """The segment's seed, from the entry that names this key."""
    key_id = key_id_of(key.public_key())
    for seed in header.seeds:
        if (seed.compartment, seed.share, seed.shares, seed.key_id) == (CORE, 1, 1, key_id):
            place = bytes([CORE, 1, 1]) + key_id
            context = seed_context(header.origin, header.segment_id, header.first, place)
            return open_seed(seed.sealed, key, context)
    raise FormatError("this key is not among the segment's recipients")
