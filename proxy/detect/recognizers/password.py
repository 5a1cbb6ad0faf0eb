"""Passwords where something says so: assignments, connection strings, URLs, sentences."""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_LABEL = (
    r"(?:password|passwort|passwd|passphrase|passcode|pwd|(?:db|my|root|user|admin)[_-]?pass)"
    r"[\"']?[ \t]{0,8}(?:=>|:=|[:=])[ \t]{0,8}"
)
#: What stands for a value instead of being one: a variable, a call, a mask, a word for nothing.
_NOT_A_VALUE = re.compile(
    r"(?:\$[{(].*|(?-i:\$[A-Z][A-Z0-9_]*)|\{.*|<.*|%\(.*|[*•x.]{3,}|\w{1,40}\(.*"
    r"|(?:os|self|env|process|config|settings|request|args)\..*"
    r"|none|null|nil|true|false|undefined|str|string|bool|required|optional|changed|reset"
    r")[,;:)\]}.]{0,3}",
    re.IGNORECASE,
)


def _pattern(name: str, regex: str, score: float) -> ValuePattern:
    return ValuePattern(name, re.compile(regex, re.IGNORECASE), score)


class PasswordRecognizer(ValueRecognizer):
    """Finds PASSWORD."""

    ENTITY = "PASSWORD"
    PATTERNS = (
        _pattern("quoted", rf"{_LABEL}(?P<q>[\"'`])(?P<value>[^\"'`\n]{{3,200}})(?P=q)", 0.9),
        _pattern(
            "assigned",
            rf"{_LABEL}(?P<value>[^\s\"'`;&<]{{2,199}}[^\s\"'`;&<.,)}}\]])",
            0.85,
        ),
        _pattern(
            "said",
            r"\b(?:password|passphrase|passcode|passwort) (?:is|was|ist|to) "
            r"[\"'`]?(?P<value>[^\s\"'`]{3,200}[^\s\"'`.,)])",
            0.6,
        ),
        _pattern(
            "command line",
            r"(?:^|\s)(?:--pass(?:word)?[= ]|sshpass -p ?)[\"']?(?P<value>[^\s\"']{3,200})",
            0.85,
        ),
        _pattern(
            "user information of a URL",
            r"[a-z][a-z0-9+.-]{1,30}://[^\s/:@\"'<>]{0,100}:(?P<value>[^\s/@\"'<>]{1,200})@",
            0.9,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Refuse variables, calls and words that stand for a value."""
        return not _NOT_A_VALUE.fullmatch(value)
