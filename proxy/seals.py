"""What the producers of signed content were shown, remembered by keyed tags.

An encrypted blob can't be read, so it counts as what its producer was shown (DESIGN section 5).
When one passes in an answer its tag is kept here, and looked up when the blob comes back.

Invariants: a tag tells nothing of the blob; memory is bounded, the oldest goes first; what isn't
known here counts as content that can't be read. A restart forgets.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from dataclasses import dataclass

#: A tag takes about 200 bytes; an agent's day makes some thousands.
_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a provider was shown when it produced something.

    Attributes:
        provider: who that was.
        entities: what was found and stood there as it is.
        opaque: kinds of content that couldn't be read.
    """

    provider: str
    entities: frozenset[str]
    opaque: frozenset[str]


class Seals:
    """The memory of one process."""

    def __init__(self, most: int = _MOST) -> None:
        self._key = os.urandom(32)
        self._most = most
        self._shown: OrderedDict[bytes, Shown] = OrderedDict()

    def remember(self, tenant: str, seal: str, shown: Shown) -> None:
        """Signed content passed on its way to the caller."""
        tag = self._tag(tenant, seal)
        self._shown[tag] = shown
        self._shown.move_to_end(tag)
        if len(self._shown) > self._most:
            self._shown.popitem(last=False)

    def shown(self, tenant: str, seal: str) -> Shown | None:
        """What its producer was shown; None if it didn't pass here, or too long ago."""
        return self._shown.get(self._tag(tenant, seal))

    def _tag(self, tenant: str, seal: str) -> bytes:
        return hmac.digest(self._key, f"{tenant}\0{seal}".encode(), hashlib.sha256)[:16]
