"""Whether a line is code: what has a name's form there is an identifier. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: How a line of code, of a stack trace or of a log begins.
_BEGINS = (
    r"(?:^[ \t]*(?:def|class|import|return|raise|elif|assert|public|private|protected|static|const"
    r"|let|var"
    r"|func|fn|package|using|namespace|typedef|SELECT|INSERT|UPDATE)[ ]"
    r"|^[ \t]*(?:from [\w.]+ import|else:|try:|except\b|with .{1,80}:$|for .{1,80} in|if .{1,80}:$"
    r"|#include|at [\w.$<>]+\(|File \"|>>>|//|/\*|\*/|@\w+$)"
    r"|^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,40}\b(?:INFO|DEBUG|WARN|WARNING|ERROR|TRACE|FATAL)\b)"
)
_CODE_BEGINS = re.compile(_BEGINS)
#: That, an assignment, an arrow or a path.
_CODE_LINE = re.compile(
    rf"{_BEGINS}|\w\.\w+\(|\w[ ]?[=!]=[ ]?|\w = |::\w|->[ ]?\w|=>|(?:[{{}}]|[\"'`)\]];)[ \t]*$",
    re.MULTILINE,
)
#: Without one of these a line is code only if it begins so.
_MARK = re.compile(r"[=({}\[;]|::|->")
#: What people write too: "s 2(2)", "the patient(s)", "[1]", a list whose items end in semicolons.
_CODE_OR_PROSE = re.compile(r";[ \t]*$|\w\(\w*[,)=.]|\w\[\w", re.MULTILINE)
_PROSE = re.compile(r"(?<![\w'\"])(?:[^\W\d_]{2,}[,;]?[ ]){5}[^\W\d_]{2}")
#: Of a longer line, this many characters to either side are looked at.
_LINE = 400


def in_code(text: str, start: int, end: int) -> bool:
    """Say whether the line around a finding is code, a stack trace or a log line."""
    low = max(text.rfind("\n", 0, start) + 1, start - _LINE)
    high = text.find("\n", end)
    line = text[low : min(high if high >= 0 else len(text), end + _LINE)]
    if _CODE_BEGINS.match(line):
        return True
    return _MARK.search(line) is not None and next(_signs(line), None) is not None


def mostly_code(text: str) -> bool:
    """Say whether at least every fourth line is code, a stack trace or a log line."""
    return 4 * sum(1 for _ in _signs(text)) > text.count("\n") + 1 > 2


def _signs(text: str) -> Iterator[re.Match[str]]:
    """Yield what is code in a text; of what could be prose, that in lines without a sentence."""
    yield from _CODE_LINE.finditer(text)
    for sign in _CODE_OR_PROSE.finditer(text):
        start = text.rfind("\n", 0, sign.start()) + 1
        end = text.find("\n", sign.end())
        if not _PROSE.search(text, start, end if end >= 0 else len(text)):
            yield sign
