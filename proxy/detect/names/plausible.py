"""What a model calls a name and can't be one: identifiers, paths, exclamations, markup. Pure.

Models learn from newspapers. In code, logs and tables they see names in every capital letter, and
they run on over a line's end. Invariant: nothing is added, spans only shrink or go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from proxy.detect.code_lines import in_code
from proxy.detect.names.given import holds_given_name
from proxy.detect.names.pieces import Named

_EVERYDAY = Path(__file__).parents[1] / "words.txt"
#: Beside a name without a space these make an identifier, a path, an address or markup of it.
_GLUE_BEFORE = re.compile(r"[\w@#$/\\=~^{}\[<&%+.-]\Z|::\Z|->\Z")
_GLUE_AFTER = re.compile(r"[\w@\\/=({}\[~^+]|[.:-][\w/]|::|->")
_NOT_IN_NAMES = re.compile(
    r"[_/\\@=<>{}\[\]#$%^~|+*;]|\d|::|https?\b|\w\.\w{2}|(.)\1\1", re.IGNORECASE
)
_NOT_IN_PLACES = re.compile(r"[_\\@=<>{}\[\]]|https?:|\w\.\w{2}")
_MOST_WORDS = 6
#: Where a sentence begins, but behind no title ("Dr.") or initial; how one goes on.
_SENTENCE_BEGINS = re.compile(
    r"(?:\A|\n|(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})[.!?:][ ])[ \t\"'(*\u2022-]{0,4}\Z"
)
_GOES_ON = re.compile(r"[ ][a-zß-öø-ÿ]")
_SENTENCE_REACH = 12
_FIRST_LETTER = re.compile(r"(?:\A|\n|[.!?][ ])[ \t\"'(*-]{0,4}([^\W\d_])")
#: HashMap and EOFError, but not McDonald, MacArthur, DeShawn, O'Neil, LeBron or VanDyke.
_IDENTIFIER = re.compile(
    r"(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bLe)(?<!\bLa)(?<!\bVan)(?<!\bDi)(?<=[a-z])[A-Z]"
    r"|[A-Z]{3,}[a-z]"
)
#: Marks around a name that are no part of it, typographic dashes and quotes among them.
_EDGES = " \t\r\n,;:*'\"-\u2013\u2014\u2018\u2019\u201c\u201d"
#: Of dates that a model finds, those that name a day or a month of a year ("next week" doesn't).
_DAY = re.compile(
    r"\d.*\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? .*\d"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}",
    re.IGNORECASE,
)
#: What stands before a colon names a field; ":)" is a smile.
_FIELD = re.compile(r"[ \t]?[:=](?!//|-?[()DPp](?!\w))")
_NEVER = frozenset(
    (  # noqa: SIM905  # a list of words reads better so
        "monday tuesday wednesday thursday friday saturday sunday january february march april"
        " june july september october november december hello dear thanks thank regards"
        " sincerely hi hey yes no ok lol lmao bruh https http todo fixme none true false null"
        " undefined error warning info debug exception traceback internet english gmt utc mon"
        " tue wed thu fri sat sun cc bcc err warn fatal from subject re fwd fw attn tel fax"
    ).split()
)
_FOLLOWED_BY_SUFFIX = re.compile(
    r"\b(?:inc|ltd|llc|llp|plc|corp|corporation|gmbh|mbh|ag|kg|ohg|se|s\.?a\.?s?|s\.?r\.?l"
    r"|s\.?p\.?a"
    r"|b\.?v|n\.?v|sp\. z o\.\s?o|company|co|bank|university|hospital|clinic|insurance|foundation"
    r"|institute|college|school|group|holding|partners|associates|klinik|universität|sarl|ltda|lda"
    r"|gbr|kgaa|ug|e\.?g|e\.?v|eurl|sasu|snc|s\.?l|s\.?c|s\.?n\.?c|a/s|aps|s\.r\.o|d\.o\.o|mutual|co-operative)"
    r"\b\.?\Z",
    re.IGNORECASE,
)


_FOLLOWED_BY_PLACE = re.compile(
    r"[ -](?:hall|center|centre|museum|building|bridge|lake|park|station|street|road|avenue"
    r"|hotel|plaza"
    r"|airport|airbase|square|theater|theatre|stadium|auditorium|garden|gardens|church|cathedral"
    r"|library|tower|beach|island|valley|river|mall|market|restaurant|pizza|cafe|café|inn|lodge"
    r"|resort|hospital|school|university|college|academy|tech)\Z",
    re.IGNORECASE,
)
#: A string of JSON as a whole: what an object says of somebody, and no part of code.
_KEY_BEFORE = re.compile(r"[\w)\]][\"'][ ]?:[ ]?[\"']\Z")
_KEY_REACH = 8
#: What somebody is, before the name: a model takes the two for a company's name.
_ROLE = re.compile(
    r"(?i:customer|client|patient|employee|tenant|member|applicant|candidate|guest|passenger|student"
    r"|colleague|witness|defendant|plaintiff|claimant|insured|policyholder|cardholder|caller"
    r"|recipient|contact|attendee|beneficiary|borrower|landlord|resident|visitor"
    r"|kund(?:e|in)|patientin|mieter(?:in)?|mitarbeiter(?:in)?|bewerber(?:in)?|mandant(?:in)?"
    r"|klient(?:in|ka)?|versicherte[r]?|cliente?|patiente|locataire|salariée?|employée?|paciente"
    r"|inquilin[oa]|emplead[oa]|paziente|dipendente|funcionári[oa]|klant|patiënte?|huurder"
    r"|medewerker|pacjent(?:ka)?|najemca|pracowni(?:k|ca))s?[ :]\s*"
    r"(?=[^\W\d_a-z][\w'\u2019-]+(?:[ ][^\W\d_a-z][\w'\u2019.-]*){1,3}\Z)"
)
_ARTICLE = re.compile(r"(?:the|a|an|this|my|our|your|his|her)\s+", re.IGNORECASE)


def plausible(text: str, found: Named) -> Iterator[Named]:
    """Yield what of a finding may be a name: one for each line or cell that it spans, or none."""
    start = found.start_char
    shown = text[found.start_char : found.end_char].replace("\t", "\n")
    for line in shown.splitlines(keepends=True):
        bare = line.strip(_EDGES)
        low = start + line.find(bare)
        if article := _ARTICLE.match(bare):
            low, bare = low + article.end(), bare[article.end() :]
        start += len(line)
        one = found._replace(start_char=low, end_char=low + len(bare))
        if one.label_ in ("ORG", "PERSON") and (role := _ROLE.match(bare)):
            named = bare[role.end() :]
            if names_a_company(named):
                low, bare = low + role.end(), named
                one = one._replace(start_char=low, label_="ORG")
            elif _everyday().isdisjoint(named.lower().split()):
                low, bare = low + role.end(), named
                one = one._replace(start_char=low, label_="PERSON")
        if one.label_ == "ORG" and _FOLLOWED_BY_PLACE.search(bare):
            one = one._replace(label_="FAC")
        if bare and _stands_free(text, one) and _reads_like_a_name(bare, one.label_):
            yield one


def unsure(shown: str) -> bool:
    """Say whether a model's person needs a second opinion: no capital and no known name in it."""
    return shown.islower() and not holds_given_name(shown)


def uses_capitals(text: str) -> bool:
    """Say whether sentences and lines begin with capitals here, so that names have one too."""
    first = _FIRST_LETTER.findall(text)
    return bool(first) and 2 * sum(map(str.isupper, first)) > len(first)


def begins_a_sentence(text: str, found: Named) -> bool:
    """Say whether a name is one word that a sentence begins with: it has its capital anyway."""
    before = text[max(0, found.start_char - _SENTENCE_REACH) : found.start_char]
    return (
        " " not in text[found.start_char : found.end_char]
        and _GOES_ON.match(text, found.end_char) is not None
        and _SENTENCE_BEGINS.search(before) is not None
    )


def names_a_company(shown: str) -> bool:
    """Say whether an organization's name says that it is one."""
    return _FOLLOWED_BY_SUFFIX.search(shown) is not None


def _stands_free(text: str, found: Named) -> bool:
    """Say whether a finding isn't glued to something, nor a word of code without a given name."""
    before = text[max(0, found.start_char - 2) : found.start_char]
    if _GLUE_BEFORE.search(before) or _GLUE_AFTER.match(text, found.end_char):
        return False
    shown = text[found.start_char : found.end_char]
    named = found.label_ == "PERSON" and holds_given_name(shown)
    if _FIELD.match(text, found.end_char) and not named:
        return False
    return (
        not in_code(text, found.start_char, found.end_char)
        or (named and " " in shown)
        or _is_a_value(text, found)
    )


def _is_a_value(text: str, found: Named) -> bool:
    """Say whether a finding is all that a key of an object holds."""
    before = text[max(0, found.start_char - _KEY_REACH) : found.start_char]
    quote = before[-1:]
    return (
        _KEY_BEFORE.search(before) is not None
        and text[found.end_char : found.end_char + 1] == quote
        and text[found.start_char].isupper()
    )


def _reads_like_a_name(shown: str, label: str) -> bool:
    if label in ("DATE", "TIME"):
        return _DAY.search(shown) is not None
    if label == "NORP":
        return shown[0].isupper() and len(shown) > 3
    words = [word.strip(".,!?") for word in shown.lower().split()]
    certain = label == "ORG" and names_a_company(shown)  # "GmbH" has an identifier's form
    if not certain and (not _NEVER.isdisjoint(words) or _IDENTIFIER.search(shown)):
        return False
    if label == "ORG":
        return _reads_like_a_company(shown)
    if label == "PERSON":
        return len(words) <= _MOST_WORDS and not _NOT_IN_NAMES.search(shown)
    return not _NOT_IN_PLACES.search(shown)


def _reads_like_a_company(shown: str) -> bool:
    """Say whether an organization may be one: in small letters too, no everyday word alone."""
    if re.search(r"[\d_|=<>{}\[\]()]", shown) or not shown[0].isupper():
        return False
    if names_a_company(shown):
        return True
    if not re.search(r"[a-z]", shown):
        return False
    return shown.lower().removesuffix("s") not in _everyday() and shown.lower() not in _everyday()


@cache
def _everyday() -> frozenset[str]:
    lines = _EVERYDAY.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
