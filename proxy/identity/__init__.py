"""Who is calling: from a request's header fields or its connection's certificate to a Principal.

Each way of knowing a caller is one file with an `Identify`: virtual keys in keys.py, client
certificates in certificates.py, nobody asked in anyone.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from proxy.exchange import Principal


class Identify(Protocol):
    """Says who is calling."""

    def __call__(self, headers: Mapping[str, str], certificate: bytes | None = None) -> Principal:
        """The caller.

        Args:
            headers: field names in any case.
            certificate: what TLS has verified of the client, DER; None if it wasn't asked for one.

        Raises:
            errors.Unauthenticated: nobody that is known.
        """


class Callers(Protocol):
    """The file of those who may call.

    Attributes:
        sound: whether it could be read when it was last looked at.
    """

    sound: bool

    def reload_if_changed(self) -> bool:
        """Read it again if it changed; raises ConfigError, and keeps what was read before."""
