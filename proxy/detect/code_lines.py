"""Whether a line is code: what has a name's form there is an identifier. Pure."""

from __future__ import annotations

import re

#: Code, a stack trace or a log line: a statement, a call, an assignment, a brace or a path.
_CODE_LINE = re.compile(
    r"^[ \t]*(?:def|class|import|return|raise|elif|assert|public|private|protected|static|const"
    r"|let|var"
    r"|func|fn|package|using|namespace|typedef|SELECT|INSERT|UPDATE)[ ]"
    r"|^[ \t]*(?:from [\w.]+ import|else:|try:|except\b|with .{1,80}:$|for .{1,80} in|if .{1,80}:$"
    r"|#include|at [\w.$<>]+\(|File \"|>>>|//|/\*|\*/|@\w+$)"
    r"|[{};][ \t]*$|\w\(\w*[,)=.]|\w\.\w+\(|\w\[\w|\w[ ]?[=!]=[ ]?|\w = |::\w|->[ ]?\w|=>"
    r"|^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,40}\b(?:INFO|DEBUG|WARN|WARNING|ERROR|TRACE|FATAL)\b",
    re.MULTILINE,
)
#: Of a longer line, this many characters to either side are looked at.
_LINE = 400


def in_code(text: str, start: int, end: int) -> bool:
    """Say whether the line around a finding is code, a stack trace or a log line."""
    low = max(text.rfind("\n", 0, start) + 1, start - _LINE)
    high = text.find("\n", end)
    return (
        _CODE_LINE.search(text, low, min(high if high >= 0 else len(text), end + _LINE)) is not None
    )


def mostly_code(text: str) -> bool:
    """Say whether at least every fourth line is code, a stack trace or a log line."""
    return 4 * sum(1 for _ in _CODE_LINE.finditer(text)) > text.count("\n") + 1 > 2
