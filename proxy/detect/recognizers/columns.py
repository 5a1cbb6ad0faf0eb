"""Columns: what stands under a label in a table, in whatever way the table is written.

A line is a header if the line after it has as many cells: markdown, tabs, semicolons, commas (with
CSV's quotes), or two spaces and more. The table goes on until a line has another number of cells.
SQL's INSERT is a table too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Cells by what separates them. A quoted cell may hold its separator.
_CELLS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\"[^\"\n]*\"(?=\s*(?:\||$))|[^|\n]+|(?<=\|)(?=\||$)",
        r"[^\t\n]+|(?<=\t)(?=\t|$)",
        r"\"[^\"\n]*\"(?=;|$)|[^;\n]+|(?<=;)(?=;|$)|(?<![^\n])(?=;)",
        r"\"[^\"\n]*\"(?=,|$)|[^,\n]+|(?<=,)(?=,|$)|(?<![^\n])(?=,)",
        r"\S+(?: \S+)*",
    )
)
_SEPARATORS = ("|", "\t", ";", ",", "  ")
_RULE = re.compile(r"[\s|:+=-]+")
#: Lines that a table may have here; a longer one is cut into chunks anyway.
_ROWS = 200
_HEADER_CELL = 48
#: What may stand before a label in its cell.
_BEFORE = 16
_DIGIT = re.compile(r"\d")
#: SQL: the list of columns and what comes before the first row; a row of values.
_INTO = re.compile(r"\binsert\s{1,9}into\s{1,9}[\w.\"`\[\]]{1,99}\s{0,9}\Z", re.IGNORECASE)
_VALUES = re.compile(r"\)\s{0,9}values\s{0,9}", re.IGNORECASE)
_SQL_ROW = re.compile(r"\((?P<cells>(?:'[^'\n]*'|[^()'])*)\)\s{0,9},?\s{0,9}")
_SQL_CELL = re.compile(r"[^,']*'[^'\n]*'[^,']*|[^,']+")
_DRESSING = " \t\"'`*"


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a text, as spans.

    Attributes:
        text: the text.
        header: the header's cells.
        rows: the cells of each line under it.
        end: where the table ends.
    """

    text: str
    header: tuple[tuple[int, int], ...]
    rows: tuple[tuple[tuple[int, int], ...], ...]
    end: int

    def under(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the cells of the column whose header is the label from `start` to `end`.

        A header cell that goes on with a number ("Passport: C01X00T47") is no header.
        """
        for column, (low, high) in enumerate(self.header):
            if low <= start < min(high, low + _BEFORE) and not _DIGIT.search(self.text, end, high):
                yield from (row[column] for row in self.rows)
                return


def table_at(text: str, place: int) -> Table | None:
    """Return the table whose header line holds `place`, if that line is a header."""
    start = text.rfind("\n", 0, place) + 1
    known = _tables(text)
    if start not in known:
        known[start] = _table_from(text, start)
    return known[start]


@lru_cache(1)  # half a dozen recognizers ask about the same lines
def _tables(text: str) -> dict[int, Table | None]:
    """What is known of a text: the table that each line is a header of, by where it starts."""
    return {}


def _table_from(text: str, start: int) -> Table | None:
    end = _line_end(text, start)
    line, following = text[start:end], text[end + 1 : _line_end(text, end + 1)]
    if end == len(text):
        return None
    ruled = _RULE.fullmatch(following) is not None
    for cells, separator in zip(_CELLS, _SEPARATORS, strict=True):
        if separator not in line or not (ruled or separator in following):
            continue
        header = _split(text, cells, start, end)
        if len(header) < 2 or not all(0 < high - low <= _HEADER_CELL for low, high in header):
            continue
        rows: list[tuple[tuple[int, int], ...]] = []
        last = end
        while last < len(text) and len(rows) < _ROWS:
            low, high = last + 1, _line_end(text, last + 1)
            row = _split(text, cells, low, high)
            is_rule = _RULE.fullmatch(text, low, high) is not None
            if not is_rule and len(row) != len(header):
                break
            if not is_rule:
                rows.append(row)
            last = high
        if rows:
            return Table(text, header, tuple(rows), last)
    return None


def insert_at(text: str, place: int) -> Table | None:
    """Return the rows of an INSERT whose list of columns holds `place`."""
    start = text.rfind("(", max(0, place - 400), place) + 1
    if not start or not _INTO.search(text, max(0, start - 130), start - 1):
        return None
    values = _VALUES.search(text, place, place + 400)
    if values is None or "(" in text[place : values.start()]:
        return None
    header = _split(text, _SQL_CELL, start, values.start())
    rows: list[tuple[tuple[int, int], ...]] = []
    last = values.end()
    while len(rows) < _ROWS and (row := _SQL_ROW.match(text, last)):
        cells = _split(text, _SQL_CELL, *row.span("cells"))
        if len(cells) == len(header):
            rows.append(cells)
        last = row.end()
    return Table(text, header, tuple(rows), last) if rows else None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _split(text: str, cells: re.Pattern[str], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return the cells of a line without quotes and marks around them."""
    start, end = _within(text, start, end, " \r")
    if text.startswith("|", start, end):  # markdown's frame
        start, end = start + 1, end - text.endswith("|", start + 1, end)
    return tuple(
        _within(text, *cell.span(), _DRESSING) for cell in cells.finditer(text, start, end)
    )


def _within(text: str, start: int, end: int, around: str) -> tuple[int, int]:
    """Return a span without what stands around it."""
    while start < end and text[start] in around:
        start += 1
    while end > start and text[end - 1] in around:
        end -= 1
    return start, end
