"""hash: a keyed number that is the same wherever the same key is used, so that values link.

The number has twelve decimal digits (40 bits of HMAC-SHA-256, RFC 2104), so it reads like any
placeholder and is restored like one.
"""

from __future__ import annotations

import hashlib
import hmac

from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written

_DIGITS = 12


def write(form: Form, _action: Action, key: bytes) -> Written:
    """``PERSON_048213370912``; other spellings of the value get their letter behind it."""
    digest = hmac.digest(key, f"hash\0{form.name}\0{form.value}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:8]) % 10**_DIGITS
    return Written(f"{form.name}_{number:0{_DIGITS}}{form.letter}", token=True, restored=True)
