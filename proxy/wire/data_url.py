"""Data: URLs (RFC 2397): which of them hold text, and how changed text goes back in.

Only what is certain counts as text: a listed media type, and no parameter but a charset that
UTF-8 covers. Everything else (UTF-16 would read as something else, a file name would travel
unread in the head) is opaque.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
from urllib.parse import quote_from_bytes, unquote_to_bytes

# "Data: I met her, ..." is a sentence, so a head holds no white space, and a type has its slash.
_URL = re.compile(r"data:(?:[^\s,;/]+/[^\s,;]+)?(?:;[^\s,;]*)*,", re.IGNORECASE)
_TEXT = re.compile(
    r"data:(?:text/(?:plain|html|css|csv|markdown|xml|javascript|tab-separated-values)"
    r"|application/(?:json|xml|yaml|javascript))?(?:;charset=(?:utf-8|us-ascii))?(;base64)?,",
    re.IGNORECASE,
)
# A head that says no more than a media type, before base64.
_ENCODED = re.compile(r"data:[a-z]+/[a-z0-9.+-]{1,80};base64,", re.IGNORECASE)
_BASE64 = (string.ascii_letters + string.digits + "+/-_=").encode()
# How files begin that models read: PNG, JPEG, GIF, WebP and WAV, TIFF, PDF, ZIP (office documents),
# OLE (older ones), Ogg, FLAC, MP3, Matroska, gzip.
_FILES = (
    *("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "SUkqA", "TU0AK", "JVBERi0", "UEsDB"),
    *("0M8R4KGxGuE", "T2dnUw", "ZkxhQ", "SUQz", "GkXfo", "H4sI"),
)
_SHORTEST_CONTENT = 64  # characters; what is shorter may be an id or a name


def is_data_url(text: str) -> bool:
    """Whether `text` is a data: URL of any kind."""
    return text[:5].lower() == "data:" and _URL.match(text) is not None


def is_encoded(text: str) -> bool:
    """Whether nothing in `text` can be read: it is base64 from its start (or head) to its end."""
    head = _ENCODED.match(text)
    if head is None and len(text) < _SHORTEST_CONTENT:
        return False
    content = text[head.end() :] if head else text
    # Deleting the alphabet takes a hundredth of the time that matching megabytes of it does.
    return content.isascii() and not content.encode().translate(None, _BASE64)


def is_file(text: str) -> bool:
    """Whether `text` is base64 of a file of a known kind: an image in a field nobody declared."""
    if len(text) < _SHORTEST_CONTENT or not text.startswith(_FILES):
        return False
    return text.isascii() and not text.encode().translate(None, _BASE64 + b"\r\n")


def read(url: str) -> str | None:
    """The text that a data: URL holds, or None for everything that isn't certainly text."""
    head = _TEXT.match(url)
    if head is None:
        return None
    try:
        raw = unquote_to_bytes(url[head.end() :])
        text = (base64.b64decode(raw, validate=True) if head[1] else raw).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return None if "\x00" in text else text


def write(url: str, text: str) -> str:
    """`url` with `text` as its content, in the encoding that it had.

    Raises:
        LookupError: `url` isn't one that `read` reads.
    """
    head = _TEXT.match(url)
    if head is None:
        raise LookupError("data: URL")
    raw = text.encode()
    return head[0] + (base64.b64encode(raw).decode() if head[1] else quote_from_bytes(raw))
