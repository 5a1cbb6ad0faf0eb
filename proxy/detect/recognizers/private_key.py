"""Private keys in PEM, OpenSSH, PGP and PuTTY form; also cut off, in base64, or as JWK and XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.pem import private_key_blocks
from proxy.detect.recognizers.needs import any_of
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: Something that can be a key between header and footer; a mention of the header alone is none.
_SUBSTANCE = re.compile(r"KEY(?: BLOCK)?-----[^-]{0,400}?[A-Za-z0-9+/=]{16}")


def _certain(name: str, regex: str) -> ValuePattern:
    return ValuePattern(name, re.compile(regex), 1.0)


class PrivateKeyRecognizer(ValueRecognizer):
    """Finds PRIVATE_KEY: the whole block, header and footer included."""

    ENTITY = "PRIVATE_KEY"
    _BLOCK = _certain("block", r"(?P<value>-----BEGIN)")
    PATTERNS = (
        # The base64 body of an OpenSSH key, whose first bytes are "openssh-key-v1", on its own.
        _certain("openssh body", r"(?P<value>b3BlbnNzaC1rZXktdjE[\w+/=]{40,})"),
        # PuTTY (.ppk) states how many base64 lines its private part has.
        _certain(
            "putty", r"\bPrivate-Lines: \d{1,3}\s{1,2}(?P<value>(?:[\w+/=]{1,76}\s{1,2}){1,200})"
        ),
        # A whole PEM file in base64 ("-----BEGIN … PRIVATE"), as in Kubernetes and CI settings.
        _certain(
            "in base64",
            r"(?P<value>LS0tLS1CRUdJTi(?:[\w+/]{0,24}(?:BSSVZBVE|UFJJVkFUR|QUklWQVRF))[\w+/=\s]{60,24000}"
            r"[\w+/=])",
        ),
        # RFC 4716 relatives: SSH2 as other vendors write it.
        _certain(
            "ssh2",
            r"(?P<value>---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----[^-]{16,16000}"
            r"(?:---- END [^-]{1,60}----)?)",
        ),
        # JWK (RFC 7517): the private members of a key that says its type.
        _certain(
            "jwk",
            r"\"kty\"[^{}]{1,3000}?\"(?:d|p|q|dp|dq|qi)\"\s{0,4}:\s{0,4}\"(?P<value>[\w-]{20,1400})\"",
        ),
        _certain("xml signature", r"<(?:D|P|Q|DP|DQ|InverseQ)>(?P<value>[\w+/=\s]{40,1400})</"),
        _certain("age", r"(?P<value>AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})"),
        # WireGuard: 32 bytes in base64 end so.
        _certain(
            "wireguard",
            r"\b(?:PrivateKey|PresharedKey)\s{0,3}=\s{0,3}(?P<value>[A-Za-z0-9+/]{43}=)",
        ),
    )

    NEEDS = (any_of("-----BEGIN", *(one.regex for one in PATTERNS)),)

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return key blocks, and bodies that stand without one; see Presidio's base class."""
        blocks = [
            self._result(self._BLOCK, start, end)
            for start, end in private_key_blocks(text)
            if _is_key(text[start:end])
        ]
        return blocks + super().analyze(text, entities, nlp_artifacts)


def _is_key(block: str) -> bool:
    """Say whether a block holds more than its header: text in plain words is no key."""
    return _SUBSTANCE.search(block) is not None
