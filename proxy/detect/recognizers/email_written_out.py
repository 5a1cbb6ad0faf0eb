"""E-mail addresses written so that machines don't read them: ``jane [at] acme (dot) com``.

People do, and so does a model. In eight languages; the signs in brackets, or in words where both
are said, or letter by letter with spaces between.
"""

from __future__ import annotations

import re
from typing import ClassVar

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_AT = r"(?:at|arroba|chez|arobase|klammeraffe|chiocciola|apenstaartje|ma[łl]pa|@)"
_DOT = r"(?:dot|punkt|point|punto|ponto|punt|kropka|\.)"
_IN_BRACKETS = r"[\[({{<][ ]?{}[ ]?[\])}}>][ ]?"
_LOCAL = r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}"
_LABEL = r"[a-z0-9-]{1,63}"
_END = r"(?![\w-])"


def _address(at: str, dots: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<value>{_LOCAL}{at}{_LABEL}(?:{dots}{_LABEL}){{1,4}}){_END}", re.IGNORECASE
    )


class EmailWrittenOutRecognizer(ValueRecognizer):
    """EMAIL_ADDRESS; the value is all that stands for the address."""

    ENTITY = "EMAIL_ADDRESS"
    PATTERNS: ClassVar[tuple[ValuePattern, ...]] = (
        ValuePattern(
            "at in brackets",
            _address(
                "[ ]?" + _IN_BRACKETS.format(_AT),
                rf"(?:[ ]?{_IN_BRACKETS.format(_DOT)}|[ ]{_DOT}[ ]|\.)",
            ),
            0.8,
            need=re.compile(_IN_BRACKETS.format(_AT), re.IGNORECASE),
        ),
        ValuePattern(
            "dot in brackets",
            _address(r"[ ]?@[ ]?", "[ ]?" + _IN_BRACKETS.format(_DOT)),
            0.8,
            need=re.compile(_IN_BRACKETS.format(_DOT), re.IGNORECASE),
        ),
        ValuePattern(
            "in words", _address(r"[ ](?:at|arroba|chiocciola)[ ]", rf"[ ]{_DOT}[ ]"), 0.6
        ),
        ValuePattern(
            "letter by letter",
            re.compile(
                r"(?<!\S)(?P<value>(?:[\w.+-] ){2,40}@(?: [\w-]){1,40} \.(?: [a-z]){2,12})(?!\S)",
                re.IGNORECASE,
            ),
            0.8,
        ),
    )
