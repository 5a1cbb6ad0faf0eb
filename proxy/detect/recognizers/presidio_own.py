"""Presidio's recognizers that are changed, and how.

- EmailAddress: never reads the public suffix list from the network; a domain that isn't on it
  (`corp.internal`) is an address all the same, a version (`react@19.0.0`) isn't; what a form sends
  before the address (`id=7&mail=`) is no part of it; a URL's password and host are none.
- Iban: in lower case too; refuses what its validator can't read before the validator logs it.
- SocialSecurity: published sample numbers count too; hiding one costs nothing.
- Url: whole hosts only, and no part of an e-mail address.
- `confirmed_by_context`: numbers of countries whose check digit every tenth number passes.
"""

from __future__ import annotations

import re
from typing import Any

import tldextract
from presidio_analyzer import Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    EmailRecognizer,
    IbanRecognizer,
    UrlRecognizer,
    UsSsnRecognizer,
)

#: The list that came with the package; no download and no cache on disk.
_SUFFIXES = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
_IBAN_ALPHABET = re.compile(r"[A-Za-z0-9 -]+", re.ASCII)
_SAMPLE_SSNS = frozenset({"123456789", "987654320", "078051120"})
#: A user before a password in a URL: what looks like an address is that and a host.
_BEHIND_USER, _REACH = re.compile(r"\w://[^\s/@:]{0,60}:[^\s/@]{0,60}\Z"), 130
#: Score of a number whose format alone says little; a context word lifts it to 0.65.
_UNCONFIRMED = 0.3


class EmailAddress(EmailRecognizer):
    """EMAIL_ADDRESS."""

    NEEDS = (frozenset({"@"}),)
    IN_WORDS = re.compile("@")

    def load(self) -> None:
        """Read the list of suffixes, so that no text pays for it (Presidio calls this once)."""
        _SUFFIXES("example.org")

    def validate_result(self, pattern_text: str) -> bool | None:
        """Confirm an address under a public suffix; leave any other as likely as its form."""
        return True if _SUFFIXES(pattern_text).fqdn else None

    def invalidate_result(self, pattern_text: str) -> bool:
        """Refuse what ends in a number: a version, a host by its address."""
        return pattern_text[-1].isdecimal()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each address; see Presidio's base class."""
        results = [
            result
            for result in super().analyze(text, entities, nlp_artifacts, regex_flags)
            if not _BEHIND_USER.search(text, max(0, result.start - _REACH), result.start)
        ]
        for result in results:
            sent = text.rfind("=", result.start, text.index("@", result.start)) + 1
            result.start = max(result.start, sent)
        return list(results)


class Iban(IbanRecognizer):
    """IBAN_CODE."""

    NEEDS = (
        frozenset({"00"}),
        re.compile(r"[0-9]{2}(?<=[A-Z]{2}[0-9]{2})[ -]?[A-Z0-9]{4}", re.IGNORECASE),
    )

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(
            supported_language=supported_language, regex_flags=re.MULTILINE | re.IGNORECASE
        )

    def validate_result(self, pattern_text: str) -> Any:
        """Check digits and country format; see Presidio's class."""
        if not _IBAN_ALPHABET.fullmatch(pattern_text):
            return False
        return super().validate_result(pattern_text)


class SocialSecurity(UsSsnRecognizer):
    """US_SSN."""

    def invalidate_result(self, pattern_text: str) -> bool:
        """Refuse numbers that are never issued, but not the published samples."""
        if re.sub(r"\D", "", pattern_text) in _SAMPLE_SSNS:
            return False
        return bool(super().invalidate_result(pattern_text))


class Url(UrlRecognizer):
    """URL: Presidio's first two patterns (the others add the quotes around them)."""

    #: Looking for a dot in a word costs a tenth of looking for hosts.
    IN_WORDS = re.compile(r"\.(?<=[\w.-]\.)(?=[^\W\d_])")
    PATTERNS = [  # noqa: RUF012  # as in the base class
        # Case is ignored by all of Presidio's patterns; saying so inside one is deprecated.
        Pattern(
            pattern.name,
            rf"(?<![\w@.-]){pattern.regex.replace('(?i)', '')}(?![\w@-])",
            pattern.score,
        )
        for pattern in UrlRecognizer.PATTERNS[:2]
    ]


def confirmed_by_context(base: type[PatternRecognizer], language: str) -> PatternRecognizer:
    """Return `base` with its findings below the threshold unless a context word lifts them.

    A number that fails its checksum is still refused; one that passes is only as likely as its
    format. That is what keeps 212-555-0199 from being an NHS number.
    """

    class Confirmed(base):  # type: ignore[misc, valid-type]  # the base is a parameter
        def validate_result(self, pattern_text: str) -> bool | None:
            return False if super().validate_result(pattern_text) is False else None

    # Patterns that look for anything anywhere (InPan's) take quadratic time and mean nothing.
    patterns = [
        Pattern(pattern.name, pattern.regex, min(pattern.score, _UNCONFIRMED))
        for pattern in base.PATTERNS  # type: ignore[attr-defined]  # predefined ones have it
        if ".*" not in pattern.regex
    ]
    return Confirmed(patterns=patterns, supported_language=language, name=base.__name__)
