"""What a private key block looks like in text (RFC 7468 labels, OpenSSH, PGP), whole or cut off.

Chunking and the recognizer share this one pattern, so a chunk boundary never falls inside what the
recognizer is to find. Every repetition is bounded or over a set that can't overlap what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Longest body looked at, in characters: a 16,384-bit RSA key in PEM is under 13,000.
MAX_BODY = 16_000

_HEADER = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_FOOTER = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
#: What follows a header whose footer is missing: PEM's own header lines, lines of base64 (line ends
#: may be escaped, as in JSON or .env files), and the last line, which may be short.
_BODY = re.compile(
    r"(?:\s{1,2}[A-Za-z-]{1,20}: [^\n]{1,100}){0,4}"
    rf"(?:[\s\\\"',]{{1,8}}[A-Za-z0-9+/=]{{16,{MAX_BODY}}}){{0,400}}"
    r"(?:\r?\n[A-Za-z0-9+/=]{1,15})?"
)


def private_key_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of each private key block, from its header to its footer.

    A block without a footer (cut off by a log line or a paste) ends where its base64 ends. Header
    lines inside the block (``Proc-Type: …``) are tolerated when there is a footer.
    """
    position = 0
    while header := _HEADER.search(text, position):
        footer = _FOOTER.search(text, header.end(), header.end() + MAX_BODY)
        if footer:
            position = footer.end()
        else:
            body = _BODY.match(text, header.end())
            position = body.end() if body else header.end()
        yield header.start(), position
