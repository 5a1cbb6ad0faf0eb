"""Secrets that never existed, in the shapes of real ones, made when the corpus is loaded.

The committed files hold `{{secret:github}}` where a key stands, so that nothing in the repository
looks like a leaked secret. `fake(kind, seed)` is a pure function: the same seed always gives the
same value. Shapes are those that the vendors' own documentation gives.
"""

from __future__ import annotations

import json
import random
import string
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

_ALPHANUMERIC = string.ascii_letters + string.digits
_URL_SAFE = _ALPHANUMERIC + "-_"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def fake(kind: str, seed: str) -> str:
    """A fake secret of `kind`, the same for the same `seed`.

    Raises:
        KeyError: no such kind.
    """
    return _KINDS[kind](random.Random(f"{kind}/{seed}"))


def kinds() -> frozenset[str]:
    """The kinds that sources may name."""
    return frozenset(_KINDS)


def _text(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _plain(prefix: str, alphabet: str, length: int) -> Callable[[random.Random], str]:
    return lambda rng: prefix + _text(rng, alphabet, length)


def _openai(rng: random.Random) -> str:
    return "sk-" + "T3BlbkFJ".join(_text(rng, _ALPHANUMERIC, 20) for _ in range(2))


def _anthropic(rng: random.Random) -> str:
    return "sk-ant-" + "api03-" + _text(rng, _URL_SAFE, 93) + "AA"


def _slack(rng: random.Random) -> str:
    digits = (_text(rng, string.digits, length) for length in (12, 13))
    return "-".join(("xoxb", *digits, _text(rng, _ALPHANUMERIC, 24)))


def _sendgrid(rng: random.Random) -> str:
    return ".".join(("SG", _text(rng, _URL_SAFE, 22), _text(rng, _URL_SAFE, 43)))


def _azure(rng: random.Random) -> str:
    return _text(rng, _ALPHANUMERIC, 3) + "8Q~" + _text(rng, _ALPHANUMERIC + "_-~", 34)


def _with_crc(prefix: str) -> Callable[[random.Random], str]:
    """30 random characters and the CRC-32 of them in base 62, as GitHub and npm write tokens."""

    def token(rng: random.Random) -> str:
        body = _text(rng, _ALPHANUMERIC, 30)
        rest, tail = zlib.crc32(body.encode()), ""
        for _ in range(6):
            rest, digit = divmod(rest, 62)
            tail = _BASE62[digit] + tail
        return prefix + body + tail

    return token


def _jwt(rng: random.Random) -> str:
    """RFC 7519, signed with HS256: three base64url parts without padding."""
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {"sub": _text(rng, string.digits, 10), "iat": 1_748_000_000 + rng.randrange(10**6)}
    texts = (json.dumps(part, separators=(",", ":")) for part in (header, claims))
    parts = (*(text.encode() for text in texts), rng.randbytes(32))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _armoured(name: str, start: bytes, size: int, width: int) -> Callable[[random.Random], str]:
    """`size` random bytes behind the format's own first bytes, in a PEM frame (RFC 7468)."""

    def block(rng: random.Random) -> str:
        body = b64encode(start + rng.randbytes(size)).decode()
        lines = (body[at : at + width] for at in range(0, len(body), width))
        return "\n".join((f"-----BEGIN {name} KEY-----", *lines, f"-----END {name} KEY-----"))

    return block


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "anthropic": _anthropic,
    "aws_id": _plain("AKIA", string.ascii_uppercase + "234567", 16),
    "aws_secret": _plain("", _ALPHANUMERIC + "+/", 40),
    "azure": _azure,
    "base62_32": _plain("", _ALPHANUMERIC, 32),
    "github": _with_crc("ghp_"),
    "gitlab": _plain("glpat-", _URL_SAFE, 20),
    "google": _plain("AIza", _URL_SAFE, 35),
    "hex32": _plain("", "0123456789abcdef", 32),
    "hex40": _plain("", "0123456789abcdef", 40),
    "huggingface": _plain("hf_", string.ascii_letters, 34),
    "jwt": _jwt,
    "npm": _with_crc("npm_"),
    "openai": _openai,
    "openssh": _armoured("OPENSSH PRIVATE", b"openssh-key-v1\0\0\0\0\4none", 380, 70),
    "pem_ec": _armoured("EC PRIVATE", bytes.fromhex("30770201010420"), 115, 64),
    "pem_rsa": _armoured("RSA PRIVATE", bytes.fromhex("308204a40201000282010100"), 1180, 64),
    "sendgrid": _sendgrid,
    "slack": _slack,
    "stripe": _plain("sk_live_", _ALPHANUMERIC, 24),
}
