"""What looks like somebody's data and is how logs and code are written. Pure.

The time at which a line was logged is nobody's date, a date of birth is no other date besides, a
number that its label explains isn't dialled, a field's name is nobody's, and `task.id` in code is
no host although `id` is a country's domain. Tables, keys and columns are read by
`recognizers/columns.py` and `labels.py`, names in code by `code_lines.py`; this is the rest.
Invariant: findings only go or shrink, and only such as say DATE_TIME, PHONE_NUMBER or URL, or came
from a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from proxy.detect.code_lines import in_code
from proxy.detect.recognizers.field_names import without_field_name
from proxy.detect.recognizers.nationality_said import DEMONYMS, is_a_language
from proxy.detect.spans import RawSpan
from proxy.exchange import Finding

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[ ]?[+-]\d\d:?\d\d)?"
#: How a line of a log begins: when, then in some the level and who says it. To the second: nobody
#: notes an appointment so.
_LOGGED = re.compile(
    rf"^[ \t]{{0,8}}(?:[\w.:-]{{1,60}}[ ](?:-|[\w.-]{{1,60}})[ ](?:-|[\w.-]{{1,60}})[ ])?[\[(<]?"
    rf"(?:\d{{4}}[-/.]\d\d[-/.]\d\d[T ]{_CLOCK}|\d\d/[A-Z][a-z]{{2}}/\d{{4}}:{_CLOCK}"
    rf"|(?:[A-Z][a-z]{{2}},?[ ])?[A-Z][a-z]{{2}}[ ]{{1,2}}\d\d?[ ]{_CLOCK}(?:[ ]\d{{4}})?)[\])>]?"
    r"(?:[ \t]{1,8}[\[(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b[\])]?)?",
    re.MULTILINE | re.IGNORECASE,
)
#: A word, a dot and a word: a host, or in code a part of something.
_BARE_HOST = re.compile(r"(?!www\.)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
#: Files that every repository has; their ends are countries' domains.
_WELL_KNOWN_FILE = re.compile(
    r"(?:README|CHANGELOG|AGENTS|CLAUDE|GEMINI|SKILL|CONTRIBUTING|SECURITY|LICENSE|TODO|MEMORY)\.md"
    r"|(?:main|lib|mod)\.rs|(?:main|app|manage|setup|conftest|__init__)\.py|(?:install|run|build)\.sh"
)
#: A folder's end before a file's name; a scheme ends in two of them.
_IN_A_PATH = re.compile(r"[\w.~-]/\Z")
#: Domains under which code names hosts more often than parts.
_EVERYDAY = (".com", ".org", ".net", ".edu", ".gov", ".io", ".de", ".uk", ".fr", ".eu")
#: `parts: entry.parts`: what is copied has the name of what it is copied from.
_COPIED = re.compile(r"\b(?P<key>\w{1,40})[\"']?[:=][ ]?\w{1,40}(?:\.\w{1,40}){0,4}\.(?P=key)\Z")
_KEY_REACH = 50
#: What says that an address follows, and is no part of it.
_FIELD_BEFORE = re.compile(
    r"(?:wohnhaft|wohnt|anschrift|adresse|address|residente|domiciliad[oa]|demeurant|résidant|zam"
    r"|zamieszkał[ya]|woonachtig|wonende|bytem|adres|bor|moradora?)[.:]?[ ]"
    r"(?:in |te |em |en |à |au )?",
    re.IGNORECASE,
)
#: What follows an address on its line: the name of the next field.
_FIELD_BEHIND = re.compile(
    r"[,;.]?\s{1,3}(?:tel|tél|telefon|telefono|teléfono|telefone|telefoon|phone|mobile?|mobil|handy|fax"
    r"|cell|e-?mail|mail|email|dob|geb|born|tfno|tlf|cep|iban|kennzeichen|nif|dni|pesel|bsn)[.:]?\Z",
    re.IGNORECASE,
)
#: What a model may have read a field's name as.
_NAMES = frozenset({"PERSON", "LOCATION"})
#: What looks like a date in one of these is it, or a part of it: `.12.7.88` in an address.
_HOLD_DATES = frozenset({"DATE_OF_BIRTH", "DATE_TIME", "IP_ADDRESS"})
#: Score of a number whose label stands right beside it.
_LABELLED = 0.85
_QUOTES = "\"'`"


def meant(text: str, spans: Sequence[RawSpan]) -> Iterator[RawSpan]:
    """Yield the spans but for those that only structure suggests.

    Args:
        text: the window.
        spans: everything that recognizers said about it.
    """
    logged = [match.span() for match in _LOGGED.finditer(text)] if any(map(_timed, spans)) else []
    holding = [span.finding for span in spans if span.finding.entity in _HOLD_DATES]
    numbered = [one.finding for one in spans if one.closed and one.finding.score >= _LABELLED]
    for span in spans:
        found = span.finding
        if found.entity == "DATE_TIME" and any(_holds(one, found) for one in holding):
            continue
        if found.entity == "PHONE_NUMBER" and any(_names(one, found) for one in numbered):
            continue
        if _timed(span) and any(found.start < end and start < found.end for start, end in logged):
            continue
        if found.entity == "URL" and _is_part(text, found.start, found.end):
            continue
        if span.model and found.entity == "ADDRESS":
            yield from _addressed(text, span)
        elif span.model and found.entity in ("NRP", *_NAMES):
            yield from _named(text, span)
        else:
            yield span


def _addressed(text: str, span: RawSpan) -> Iterator[RawSpan]:
    """Yield a model's address without "wohnhaft" before it and ", Tel." behind it."""
    found = span.finding
    before = _FIELD_BEFORE.match(text, found.start, found.end)
    start = before.end() if before else found.start
    behind = _FIELD_BEHIND.search(text, start, found.end)
    end = behind.start() if behind else found.end
    if start < end:
        yield replace(span, finding=replace(found, start=start, end=end))


def _named(text: str, span: RawSpan) -> Iterator[RawSpan]:
    """Yield a model's name without the name of a field before it, if anything is left.

    A nation's word is one of people ("Uzbek", which models take for a place), or a language's.
    """
    found = span.finding
    if found.entity == "NRP" or text[found.start : found.end].lower() in DEMONYMS:
        if not is_a_language(text, found.start, found.end):
            yield replace(span, finding=replace(found, entity="NRP"))
        return
    field, of_somebody = without_field_name(text[found.start : found.end])
    if not field:
        yield span
    elif found.start + field < found.end:
        entity = "PERSON" if of_somebody else found.entity
        yield replace(span, finding=replace(found, start=found.start + field, entity=entity))


def _timed(span: RawSpan) -> bool:
    """Say whether a finding may be a part of what begins a line of a log."""
    return span.model or span.finding.entity == "DATE_TIME"


def _holds(outer: Finding, found: Finding) -> bool:
    """Say whether a finding is another one under another name, or a part of it."""
    inside = outer.start <= found.start and found.end <= outer.end
    longer = outer.end - outer.start > found.end - found.start
    return inside and (longer or outer.entity != found.entity)


def _names(other: Finding, phone: Finding) -> bool:
    """Say whether a label or check digits name a number that nothing else calls a phone's."""
    if other.entity == "PHONE_NUMBER":
        return _holds(other, phone)
    overlap = phone.start < other.end and other.start < phone.end
    return overlap and phone.score < other.score


def _is_part(text: str, start: int, end: int) -> bool:
    """Say whether a host without a scheme is a name in code or a file: self.name, src/lib.rs."""
    shown = text[start:end]
    return (
        _BARE_HOST.fullmatch(shown) is not None
        and not shown.lower().endswith(_EVERYDAY)
        and (
            _WELL_KNOWN_FILE.fullmatch(shown) is not None
            or text[start - 1 : start] not in tuple(_QUOTES)
        )
        and (
            _WELL_KNOWN_FILE.fullmatch(shown) is not None
            or text[end : end + 1] in tuple("([=")
            or _IN_A_PATH.search(text, max(0, start - 2), start) is not None
            or _COPIED.search(text, max(0, start - _KEY_REACH), end) is not None
            or in_code(text, start, end)
        )
    )
