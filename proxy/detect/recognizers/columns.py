"""Columns: what stands under a label in a table, in whatever way the table is written.

A line is a header if the line after it has as many cells: markdown, tabs, semicolons, commas (with
CSV's quotes), or two spaces and more. The table goes on until a line has another number of cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Cells by what separates them. A quoted cell may hold its separator.
_CELLS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\"[^\"\n]*\"(?=\s*(?:\||$))|[^|\n]+",
        r"[^\t\n]+|(?<=\t)(?=\t|$)",
        r"\"[^\"\n]*\"(?=;|$)|[^;\n]+|(?<=;)(?=;|$)",
        r"\"[^\"\n]*\"(?=,|$)|[^,\n]+|(?<=,)(?=,|$)",
        r"\S+(?: \S+)*",
    )
)
_SEPARATORS = ("|", "\t", ";", ",", "  ")
_RULE = re.compile(r"[\s|:+=-]+")
#: Lines that a table may have here; a longer one is cut into chunks anyway.
_ROWS = 200
_HEADER_CELL = 48
_DRESSING = " \t\"'`*"


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a text, as spans.

    Attributes:
        header: the header's cells.
        rows: the cells of each line under it.
        end: where the table ends.
    """

    header: tuple[tuple[int, int], ...]
    rows: tuple[tuple[tuple[int, int], ...], ...]
    end: int

    def under(self, place: int) -> Iterator[tuple[int, int]]:
        """Yield the cells of the column whose header holds `place`."""
        for column, (start, end) in enumerate(self.header):
            if start <= place < end:
                yield from (row[column] for row in self.rows)
                return


def table_at(text: str, place: int) -> Table | None:
    """Return the table whose header line holds `place`, if that line is a header."""
    start = text.rfind("\n", 0, place) + 1
    end = _line_end(text, start)
    for cells, separator in zip(_CELLS, _SEPARATORS, strict=True):
        if separator not in text[start:end]:
            continue
        header = _split(text, cells, start, end)
        if len(header) < 2 or any(high - low > _HEADER_CELL for low, high in header):
            continue
        rows, last = [], end
        while last < len(text) and len(rows) < _ROWS:
            low, high = last + 1, _line_end(text, last + 1)
            row = _split(text, cells, low, high)
            if not (ruled := bool(_RULE.fullmatch(text, low, high))) and len(row) != len(header):
                break
            if not ruled:
                rows.append(row)
            last = high
        if rows:
            return Table(header, tuple(rows), last)
    return None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _split(text: str, cells: re.Pattern[str], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return the cells of a line without quotes and marks around them."""
    while start < end and text[start] in " |":
        start += 1
    while end > start and text[end - 1] in " |\r":
        end -= 1
    spans = []
    for cell in cells.finditer(text, start, end):
        low, high = cell.span()
        while low < high and text[low] in _DRESSING:
            low += 1
        while high > low and text[high - 1] in _DRESSING:
            high -= 1
        spans.append((low, high))
    return tuple(spans)
