"""Who is called a password or a key here: labels and their values in any notation.

Code, shells, .env, INI, YAML, JSON (also inside strings), XML, HCL, URLs, command lines, tables of
settings and prose say the same thing: a word, something between, a value. This module finds the
words with one automaton and reads on from there; what a value is worth, its callers decide. Pure.

Linear: from each label a bounded stretch is read, and a label inside a value is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick

from proxy.detect.recognizers.columns import Table, insert_at, table_at

#: Characters of an identifier read before and after the word that was looked for.
_REACH = 50
_IDENTIFIER = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$"

# What may stand between a label and its value in code and settings.
_REST = rf"(?P<rest>[\w.-]{{0,{_REACH}}})"
_CLOSED = r"(?:\\{0,3}[\"'`]|\*{1,2}|_{1,2})?(?:\[\d{0,4}\]|\])?"
_TYPED = (
    r"(?:[ \t]{0,8}:[ \t]{0,8}[A-Za-z][\w.<>\[\]| ]{0,30}(?==[^=>])"
    r"|[ \t]{1,8}(?:string|str|String)\b)?"
)
_NAMED_VALUE = r"[\"']?[\s,;]{1,16}[\"']?[Vv]alue[\"']?[ \t]{0,3}[:=]"  # name: X, value: Y
_OPERATOR = (
    rf"(?P<operator>{_NAMED_VALUE}"
    r"|[ \t]{0,8}(?:=>|:{0,3}=(?!=)|[!=]==?|\|\|=?|\?\?=|[?.+]=|->|[:\uff1a](?!:)|,|>|\()"
    r"|[ \t]{1,3})"
)
_GAP = r"(?:\*\*|__)?(?:[ \t]{0,8}(?:[|>][+-]?)?[ \t]{0,3}\r?\n[ \t]{1,12}|[ \t]{0,8})"
_QUOTED = (
    r"(?:@|[rbuf]{1,2}(?=[\"']))?(?P<quote>\\{0,3}[\"'`]|&quot;)"
    r"(?P<quoted>(?:(?!(?P=quote))[^\n]){1,4000})(?P=quote)"
)
_BARE = (
    r"(?P<bare>(?:[^\s\"'`;<>&,\\]|\\(?![nrt\"'])|&(?!\w{1,40}=)|'(?=\w)"
    r"|>(?=[\w$#@!-])|<(?![/!A-Za-z])"
    r"|,(?=[^\s\"'=,]{1,40}(?:[\s,]|\Z))){1,400})(?P<more>[\w+/=.-]{0,8000})"
)
CODE = re.compile(_REST + _CLOSED + _TYPED + _OPERATOR + _GAP + rf"(?:{_QUOTED}|{_BARE})")

# The same in prose: a few words, then "is" or a colon, in the languages that Privet knows.
_IS = (
    r"(?:is|was|be|will be|to|as|remains|ist|lautet|wurde auf|auf|est|c['\u2019]est|sera|es|será|sigue siendo|è|é"
    r"|sarà|is nu|wordt|jest|to jest|brzmi)"
)
_SAID = r"(?:[ \t]{1,8}\(?[\w@/'\u2019\"-]{1,40}(?:\.\w{1,20}){0,3}\)?){0,7}?[ \t]{0,8}"
_THEN = r"(?:[ \t]{1,8}|[ \t]{0,8}(?:\r?\n){1,2}[ \t]{0,8})(?:\*\*)?"


def _sentence(operator: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<rest>)(?:['\u2019]s)?{_SAID}(?P<operator>{operator}){_THEN}(?:{_QUOTED}|{_BARE})"
    )


PROSE = _sentence(rf"(?<=[ \t]){_IS}(?:[ \t](?:now|nun|jetzt))?[ \t]?:?")
_COLON = _sentence("[:\uff1a=]")
#: Asked for in one line of a chat and said in the next, after the name of who answers.
_ASKED = re.compile(
    r"(?P<rest>)[^\n?]{0,60}(?P<operator>\?)[ \t]{0,4}\r?\n[^\n:]{1,30}:[ \t]{1,4}"
    r"(?:[^\W\d_][^\W\d_'\u2019]{0,11}[,:]?[ ]){0,4}?"
    rf"(?:{_QUOTED}|(?=[^\s]{{0,40}}\d){_BARE})"
)
#: A row of a table or of a CSV file that begins with the label: "| Password | hunter22 |".
_ROW = re.compile(
    r"[ \w()-]{0,30}?[\"'`*]{0,3}[ \t]{0,12}(?P<operator>[|,;])[ \t]{0,12}[\"'`*]{0,3}"
    r"(?P<value>[^\s|\"'`*]{4,200})[\"'`*]{0,3}[ \t]{0,12}(?=\||[\r\n]|\Z)"
)
_ROW_BEGINS = re.compile(r"[ \t|\"'`*]{0,12}(?:[\w.-]{2,20}[ ]){0,3}[\w.-]{0,50}\Z")
#: The value first: "hunter22 (password)", "hunter22 is the new password".
_VALUE_FIRST = re.compile(
    r"(?:\A|(?<=[\s\"'`(\u00ab\u201c\u201e]))(?P<value>[^\s\"'`]{6,60})[\"'`\u00bb\u201d]?[ ]"
    r"(?:\(|(?:(?:is|was|as|ist|als|est|comme|es|como|\u00e8|come|\u00e9|to|jako)[ ]"
    r"(?:the|my|your|our|his|her|their|a|das|mein|dein|unser|le|mon|votre|la|mi|tu|su|mia|tua|a|minha"
    r"|het|mijn|moje|twoje)[ ])(?:[^\W\d_]{2,12}[ ]){0,2})\Z"
)
_AHEAD = 120
_ENDS = re.compile(r"[).,;:!?\s\"'*]|\Z")
_TRAILING = ".,:;)]}>*|\\\u00bb\u201d\u201c\u2019"
_LEADING = "\u00ab\u201c\u201e\u2018"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value and what it is called.

    Attributes:
        keyword: the word that was looked for, as it is written.
        before: what its identifier holds before that word.
        after: what it holds after it.
        operator: what stands between label and value; ``" "`` if nothing does, ``"|"`` if the
            value stands in the label's column, ``"||"`` in its row, ``"<"`` before it.
        value: the value without its quotes.
        start: where the value starts.
        end: where it ends.
        quoted: whether it stands in quotes.
        tight: whether nothing but the operator stands between them, as in ``.env`` files.
        prose: whether it is said in a sentence.
        alone: whether the label begins its line and the value ends it.
        listed: whether it is one of several settings, as in ``Server=db;Pwd=x;`` or ``?a=b&c=d``.
    """

    keyword: str
    before: str
    after: str
    operator: str
    value: str
    start: int
    end: int
    quoted: bool
    tight: bool
    prose: bool
    alone: bool
    listed: bool


def automaton(words: Iterable[str]) -> ahocorasick.Automaton:
    """Return an automaton over lower-case words for `labelled_values`."""
    found = ahocorasick.Automaton()
    for word in words:
        found.add_word(word, word)
    found.make_automaton()
    return found


def labelled_values(text: str, words: ahocorasick.Automaton) -> Iterator[Labelled]:
    """Yield every value that stands after one of the words, whatever the case of either."""
    taken = line_end = 0
    table: Table | None = None
    for last, word in words.iter_long(lower_case(text)):
        written = text[last + 1 - len(word) : last + 1]
        start, end = last + 1 - len(word), last + 1
        if start < taken:  # a word inside a value is part of it
            continue
        head = text[max(0, start - _REACH) : start]
        before = head[len(head.rstrip(_IDENTIFIER)) :]
        opener = head[: len(head) - len(before)][-1:]
        if start >= line_end:
            table = table_at(text, start) or insert_at(text, start)
            line_end = _line_end(text, start)
        yield from _column(table, written, before, start, end)
        yield from _beside(text, written, before, start, end)
        match = CODE.match(text, end)
        if match and _belongs(match, opener):
            yield _labelled(match, written, before, opener, prose=False)
            if match["operator"].strip() or match["quoted"]:
                taken = match.end() if match["bare"] else taken
                continue
        for pattern in (PROSE, _COLON, _ASKED):
            if match := pattern.match(text, end):
                yield _labelled(match, written, before, opener, prose=True)


def _column(
    table: Table | None, word: str, before: str, start: int, end: int
) -> Iterator[Labelled]:
    """Yield what stands under a label in a table's header."""
    if table is not None:
        for span in table.under(start, end):
            yield _placed(table.text, word, before, "|", span)


def _beside(text: str, word: str, before: str, start: int, end: int) -> Iterator[Labelled]:
    """Yield what stands next to a label in a table's row, and what is said before it."""
    line = text.rfind("\n", max(0, start - _AHEAD), start) + 1 or max(0, start - _AHEAD)
    row = _ROW.match(text, end)
    if row and _ROW_BEGINS.match(text, _cell(text, line, start), start):
        ended = row["operator"] == "|" or text[row.end() : row.end() + 1] != "|"
        if ended and row["operator"] not in row["value"]:
            yield _placed(text, word, before, "||", row.span("value"))
    if _ENDS.match(text, end):
        named = start - len(before)
        first = _VALUE_FIRST.search(text, line, named)
        if first:
            yield _placed(text, word, before, "<", first.span("value"))


def _cell(text: str, line: int, place: int) -> int:
    """Return where the cell that holds a place starts, in a line that starts at `line`."""
    bar = text.rfind("|", line, place)
    return bar if bar >= 0 else line


def _placed(text: str, word: str, before: str, operator: str, span: tuple[int, int]) -> Labelled:
    low, high = span
    return Labelled(
        word,
        before,
        "",
        operator,
        text[low:high],
        low,
        high,
        quoted=False,
        tight=False,
        prose=False,
        alone=False,
        listed=False,
    )


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def lower_case(text: str) -> str:
    """Return the text in lower case with every character in its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _belongs(match: re.Match[str], opener: str) -> bool:
    """Say whether operator and quotes fit: XML needs its bracket, a list or a call its quotes."""
    operator = match["operator"].strip()
    if operator == ">":
        following = match.string[match.end() : match.end() + 16]
        return opener == "<" and following.lstrip().startswith("<")
    if operator in (",", "("):
        return match["quoted"] is not None
    return True


def _labelled(
    match: re.Match[str], word: str, before: str, opener: str, *, prose: bool
) -> Labelled:
    """Return what matched, a bare value without the punctuation that ends its sentence."""
    group = "bare" if match["quoted"] is None else "quoted"
    start, end = match.span(group)
    if group == "bare":
        value = match["bare"] + match["more"]
        value = value.split("&")[0] if opener in ("?", "&") else value
        end = start + len(value if _balanced(value) else value.rstrip(_TRAILING))
        start += len(value) - len(value.lstrip(_LEADING))
    return Labelled(
        word,
        before,
        match["rest"],
        match["operator"].strip() or " ",
        match.string[start:end],
        start,
        end,
        quoted=group == "quoted",
        tight=match.end("rest") + len(match["operator"]) == match.start(group),
        prose=prose,
        alone=_alone(match, len(before) + len(word), end),
        listed=opener in (";", "?", "&") or match.string[end : end + 1] == ";",
    )


def _alone(match: re.Match[str], label: int, end: int) -> bool:
    """Say whether nothing else stands on the line: before the label, or after the value."""
    text = match.string
    begin = match.start() - label
    line = text[max(0, begin - _REACH) : begin].rpartition("\n")[2]
    return not line.strip(" \t-*\"'>#") and text[end : end + 1] in ("", "\n", "\r")


def _balanced(value: str) -> bool:
    """Say whether a value ends in a bracket that it opened itself, or in no punctuation."""
    last = value[-1:]
    pairs = {")": "(", "]": "[", "}": "{"}
    return last not in _TRAILING or (last in pairs and pairs[last] in value)
