"""JSON Web Tokens in compact form (RFC 7519, RFC 7515 section 3.1; five parts when encrypted)."""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

# Every header is a JSON object, so its base64url starts with "eyJ" (before a space "eyA", "ewo").
_COMPACT = (
    r"(?<![\w-])(?P<value>(?:eyJ|eyA|ewo)[\w-]{8,2000}\.[\w-]{8,16000}(?:\.[\w-]{0,4000}){0,3})"
)


class JwtRecognizer(ValueRecognizer):
    """Finds JWT."""

    ENTITY = "JWT"
    PATTERNS = (ValuePattern("compact", re.compile(_COMPACT), 0.95),)
