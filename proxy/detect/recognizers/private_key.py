"""Private keys in PEM, OpenSSH, PGP and PuTTY form; also those whose end was cut off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.pem import private_key_blocks
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer


class PrivateKeyRecognizer(ValueRecognizer):
    """Finds PRIVATE_KEY: the whole block, header and footer included."""

    ENTITY = "PRIVATE_KEY"
    _BLOCK = ValuePattern("block", re.compile(r"(?P<value>-----BEGIN)"), 1.0)
    PATTERNS = (
        # The base64 body of an OpenSSH key, whose first bytes are "openssh-key-v1", on its own.
        ValuePattern(
            "openssh body", re.compile(r"(?P<value>b3BlbnNzaC1rZXktdjE[\w+/=]{40,})"), 1.0
        ),
        # PuTTY (.ppk) states how many base64 lines its private part has.
        ValuePattern(
            "putty",
            re.compile(
                r"\bPrivate-Lines: \d{1,3}\s{1,2}(?P<value>(?:[\w+/=]{1,76}\s{1,2}){1,200})"
            ),
            1.0,
        ),
    )

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return key blocks, and bodies that stand without one; see Presidio's base class."""
        blocks = [self._result(self._BLOCK, *span) for span in private_key_blocks(text)]
        return blocks + super().analyze(text, entities, nlp_artifacts)
