"""What stands for a number of so few digits (a CVV, a PIN) that any other might be taken for it.

Invariants: the surrogate has as many digits and stands nowhere in the request, not even within
another number; it depends on the key, the number and what the request holds of such numbers only,
so a longer conversation keeps it unless it comes to hold that very number.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable

#: Numbers of more digits are told apart by their digits alone.
MOST_DIGITS = 4


def held(texts: Iterable[str], digits: int) -> set[str]:
    """Every run of this many digits that some texts hold, also within longer ones."""
    run = re.compile(f"(?=([0-9]{{{digits}}}))")
    return {found[1] for text in texts for found in run.finditer(text)}


def surrogate(number: str, taken: Collection[str], key: bytes) -> str | None:
    """Another number of as many digits that isn't taken; None if all are."""
    lowest = 10 ** (len(number) - 1)
    count = 9 * lowest
    digest = hmac.digest(key, f"short\0{number}".encode(), hashlib.sha256)
    start = int.from_bytes(digest[:8])
    candidates = (str(lowest + (start + step) % count) for step in range(count))
    return next((other for other in candidates if other != number and other not in taken), None)
