"""What the producers of signed content were shown, remembered by keyed tags.

An encrypted blob can't be read, so it counts as what its producer was shown (DESIGN section 5).
When one passes in an answer its tag is kept here, and looked up when the blob comes back. A vault
on disk keeps it too, so that a tool loop goes on after a restart, or in another process.

Invariants: a tag tells nothing of the blob; memory is bounded, the oldest goes first; what isn't
known here, or can't be looked up, counts as content that can't be read. So to lose one closes a
way and never opens one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from proxy.vault import Vault

#: A tag takes about 200 bytes; an agent's day makes some thousands.
_MOST = 200_000

log = structlog.get_logger(__name__)


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
    """The memory of one process, and of the site where there is a vault."""

    def __init__(self, vault: Vault | None = None, most: int = _MOST) -> None:
        self._vault = vault
        self._key = os.urandom(32)
        self._most = most
        self._shown: OrderedDict[bytes, Shown] = OrderedDict()

    async def remember(self, tenant: str, seals: Iterable[str], shown: Shown) -> None:
        """Signed content passes on its way to the caller."""
        for seal in seals:
            self._keep(self._tag(tenant, seal), shown)
            if self._vault is not None:
                try:
                    await self._vault.put((tenant,), seal, _written(shown))
                except OSError as error:
                    log.error("signed content not remembered on disk", why=str(error))

    async def recall(self, tenant: str, seals: Iterable[str]) -> Mapping[str, Shown]:
        """What the producers of some were shown; those that didn't pass here, or too long ago,
        aren't in it.
        """
        known: dict[str, Shown] = {}
        for seal in seals:
            tag = self._tag(tenant, seal)
            shown = self._shown.get(tag)
            if shown is None:
                shown = await self._looked_up(tenant, seal)
                if shown is not None:
                    self._keep(tag, shown)
            if shown is not None:
                known[seal] = shown
        return known

    async def _looked_up(self, tenant: str, seal: str) -> Shown | None:
        if self._vault is None:
            return None
        try:
            written = await self._vault.get((tenant,), seal)
        except OSError as error:
            log.error("signed content can't be looked up", why=str(error))
            return None
        return None if written is None else _read(written)

    def _keep(self, tag: bytes, shown: Shown) -> None:
        self._shown[tag] = shown
        self._shown.move_to_end(tag)
        if len(self._shown) > self._most:
            self._shown.popitem(last=False)

    def _tag(self, tenant: str, seal: str) -> bytes:
        return hmac.digest(self._key, f"{tenant}\0{seal}".encode(), hashlib.sha256)[:16]


def _written(shown: Shown) -> bytes:
    return json.dumps([shown.provider, sorted(shown.entities), sorted(shown.opaque)]).encode()


def _read(written: bytes) -> Shown:
    provider, entities, opaque = json.loads(written)
    return Shown(provider, frozenset(entities), frozenset(opaque))
