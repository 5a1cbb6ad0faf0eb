"""What a wire adapter asks of the restorer that the pipeline hands it."""

from __future__ import annotations

from typing import Protocol

from proxy.exchange import Channel


class TextStream(Protocol):
    """Restores one string that arrives in pieces."""

    def feed(self, text: str) -> str:
        """What is certain so far; the rest is held until more arrives."""

    def close(self) -> str:
        """What was held when the string ended."""


class Restoring(Protocol):
    """Puts one request's values back into its answer."""

    def text(self, text: str, channel: Channel) -> str:
        """A whole string, restored."""

    def stream(self, channel: Channel) -> TextStream:
        """A restorer of its own for one growing string."""
