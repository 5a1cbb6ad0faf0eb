"""JSON Web Tokens in compact form (RFC 7519, RFC 7515 section 3.1; five parts when encrypted)."""

from __future__ import annotations

import base64
import binascii
import json
import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

# Every header is a JSON object, so its base64url starts with "eyJ" (before a space "eyA", "ewo").
_COMPACT = (
    r"(?<![\w-])(?P<value>(?:eyJ|eyA|ewo)[\w-]{8,2000}\.[\w-]{8,16000}(?:\.[\w-]{0,4000}){0,3})"
)
#: A whole token in base64 once more, as Kubernetes secrets hold it: "eyJhb", "eyJ0e", "eyJra".
_TWICE = (
    r"(?<![\w+/-])(?P<value>ZXlK(?:aGJHY2l|MGVYQWl|cmFXUWl|aGRXUWl|bGJtTWl)[\w+/-]{80,16000}={0,2})"
)


class JwtRecognizer(ValueRecognizer):
    """Finds JWT."""

    ENTITY = "JWT"
    PATTERNS = (
        ValuePattern("compact", re.compile(_COMPACT), 0.95),
        ValuePattern("in base64", re.compile(_TWICE), 0.9),
    )

    def plausible(self, value: str) -> bool:
        """Accept a token whose header is what RFC 7515 wants: a JSON object."""
        header = value.partition(".")[0]
        if header.startswith("ZXlK"):
            return True
        try:
            decoded = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
            return isinstance(json.loads(decoded), dict)
        except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
            return False
