"""Passwords inside connection strings: the part between user and host.

Entity PASSWORD. URLs with user information (RFC 3986 section 3.2.1), Go's MySQL form
(``user:password@tcp(host)``), Oracle's (``user/password@host``), `.netrc` and `.pgpass`, and
.NET credentials. ``Server=…;Pwd=…;`` is a setting like others: `password.py` finds it.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.placeholders import stands_for_nothing
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_USER = r"[^\s/:@\"'<>]{0,100}"


def _pattern(name: str, regex: str, need: str | None = None) -> ValuePattern:
    compiled = re.compile(regex, re.IGNORECASE | re.MULTILINE)
    return ValuePattern(name, compiled, 0.9, need=re.compile(need) if need else None)


class ConnectionStringRecognizer(ValueRecognizer):
    """Finds PASSWORD in what connects."""

    ENTITY = "PASSWORD"
    PATTERNS = (
        _pattern(
            "user information of a URL",
            rf"://{_USER}:(?!\d{{1,5}}[/?#])(?P<value>[^\s/@\"'<>]{{1,200}}|[^\s@\"'<>]{{1,60}})@(?=[\w\[{{$%])",
        ),
        _pattern(
            "driver's address",
            r"(?<![\w/:.-])[\w.-]{1,60}:(?P<value>[^\s@\"'<>:]{3,100})@(?:tcp|unix|udp)\(",
        ),
        _pattern(
            "Oracle",
            r"(?:\boracle:(?:thin|oci):"
            r"|\b(?:sqlplus|expdp|impdp|exp|imp|sqlldr)(?:[ ]-\w)?[ ](?:userid=)?)"
            r"[\"']?[\w$#]{1,60}/(?P<value>[^\s@\"'/]{3,60})@",
        ),
        _pattern(
            "netrc",
            r"\blogin[ \t\n]{1,8}\S{1,100}[ \t\n]{1,8}password[ \t\n]{1,8}(?P<value>\S{3,200})",
        ),
        _pattern(
            "pgpass",
            r"^[\w.*-]{1,100}:(?:\d{2,5}|\*):[\w*-]{1,60}:[\w*.-]{1,60}:(?P<value>\S{3,100})$",
            need=r":(?:\d{2,5}|\*):[\w*-]",
        ),
        _pattern(
            "credential objects",
            r"\b(?:NetworkCredential|UsernamePasswordCredentials?|PasswordAuthentication|HTTPBasicAuth"
            r"|DirectoryEntry|basic_auth|BasicAuth|SetBasicAuth)[ ]?\(\s{0,20}"
            r"(?:\"[^\"\n]{1,100}\"[ ]?,\s{0,20})?"
            r"[\"'][^\"'\n]{1,60}[\"'][ ]?,\s{0,20}[\"'](?P<value>[^\"'\n]{3,100})[\"']",
        ),
        _pattern(  # the name is the host's, in capitals
            "Bundler's source of gems",
            r"\bBUNDLE_[A-Z0-9_]{2,60}__[A-Z]{2,12}[\"']?[ \t]{0,3}[:=][ \t]{0,3}[\"']?"
            r"[\w.@+-]{1,80}:(?P<value>[^\s\"'`<>@/]{4,100})",
        ),
        _pattern(
            "pair for a client",
            r"\bauth[ ]?=[ ]?\([\"'][^\"'\n]{1,60}[\"'],[ ]?[\"'](?P<value>[^\"'\n]{3,100})[\"']\)",
        ),
    )

    def plausible(self, value: str) -> bool:
        """Refuse templates and words that stand for a password."""
        return not stands_for_nothing(value)
