"""Who is calling: from the header fields of a request to a Principal, or a 401.

Each way of knowing a caller is one file with an `Identify`: virtual keys in keys.py, nobody asked
in anyone.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from proxy.exchange import Principal

#: Header fields -> who is calling; raises errors.Unauthenticated. Field names in any case.
Identify = Callable[[Mapping[str, str]], Principal]


class Callers(Protocol):
    """The file of those who may call.

    Attributes:
        sound: whether it could be read when it was last looked at.
    """

    sound: bool

    def reload_if_changed(self) -> bool:
        """Read it again if it changed; raises ConfigError, and keeps what was read before."""
