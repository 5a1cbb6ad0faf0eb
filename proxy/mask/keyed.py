"""Numbers that mean the same in every request of their scope.

Counted numbers depend on what else a request holds. Where what one request says must still mean the
same in another (signed content of an earlier turn; what was embedded last year), the number is a
keyed token instead: it depends on the value alone. So it links the requests of its scope, which
counted numbers never do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from proxy.mask.actions import Form

_NEUTRAL = "VALUE"  # a person and the firm of that name are one value


@dataclass(frozen=True, slots=True)
class Keyed:
    """Gives each value its token.

    Attributes:
        key: of the scope in which a value keeps its token.
        exact: whether types and spellings are told apart, so that each can be restored to the byte.
            If not, a value has one placeholder whatever it is taken for and however it is spelled.
    """

    key: bytes
    exact: bool = True

    def form(self, counted: Form) -> Form:
        """The form with a token in place of its number: eight of A-Z and 2-7.

        That is 40 bits (RFC 4648 section 6) of HMAC-SHA-256 (RFC 2104).
        """
        name = counted.name if self.exact else _NEUTRAL
        message = f"number\0{name}\0{counted.value}".encode()
        token = base64.b32encode(hmac.digest(self.key, message, hashlib.sha256)[:5]).decode()
        letter = counted.letter if self.exact else ""
        return counted._replace(name=name, number=token, letter=letter)
