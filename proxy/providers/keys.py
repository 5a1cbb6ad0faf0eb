"""A provider's key, read from where its operator keeps it, and read again when it stops working.

Invariant: the key is in memory and in one header field, and nowhere else: no message, log or
representation of these objects holds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class ProviderKey:
    """The current key of one provider.

    Args:
        read: reads it from its environment variable, file or command; may take seconds.

    Raises:
        ValueError: there is none where it should be.
    """

    def __init__(self, provider: str, read: Callable[[], str]) -> None:
        self._provider = provider
        self._read = read
        self._key = read()
        self._renewing = asyncio.Lock()

    def __call__(self) -> str:
        """The key as it was last read."""
        return self._key

    async def renew(self, refused: str) -> bool:
        """Read the key again because the provider refused one.

        Many requests may be refused at once; the first of them reads, the others take what it read.

        Returns:
            Whether there is another key than the refused one now.
        """
        async with self._renewing:
            if self._key == refused:
                try:
                    self._key = await asyncio.to_thread(self._read)
                except ValueError as problem:
                    log.error("provider key not read", provider=self._provider, why=str(problem))
                    return False
                if self._key != refused:
                    log.info("provider key renewed", provider=self._provider)
        return self._key != refused
