"""Finding all that a site's logs hold about one person, so that it can be erased.

Reads every record with an auditor's key; doesn't need the index. What goes: the person's values
where they were recorded by themselves; every text that holds such a value, or the placeholder that
stood for it in that exchange; and what providers answered in those exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.canonical import candidates, canonical, folded
from audit.reading import Reader, Record
from audit.recipients import PrivateKeys
from audit.record import Kind, Reference
from audit.slot import origin_of

_VALUE = "value/"
_ANSWER = "received"


@dataclass(frozen=True, slots=True)
class Found:
    """What is to go.

    Attributes:
        rows: per origin, the key rows.
        exchanges: how many exchanges the person occurs in.
        unrecorded: requests recorded without their values: there the person can be found only where
            texts spell the value out.
    """

    rows: dict[str, list[Reference]]
    exchanges: int
    unrecorded: int


def find_subject(slots: Iterable[Path], subject: str, keys: PrivateKeys) -> Found:
    """Look through the logs in `slots`; raises FormatError where a record doesn't open."""
    rows: dict[str, list[Reference]] = {}
    exchanges: set[str] = set()
    unrecorded = 0
    for slot in slots:
        looking = _Looking(subject)
        found = rows.setdefault(origin_of(slot), [])
        with Reader(slot, keys) as reader:
            for record in reader.records():
                unrecorded += _is_unrecorded(record)
                found += looking.rows(record)
        exchanges |= looking.exchanges()
    return Found(rows, len(exchanges), unrecorded)


def _is_unrecorded(record: Record) -> bool:
    return record.opened.kind is Kind.INTENT and record.opened.body.get("indexed") is not True


class _Looking:
    """Follows one log: in which exchanges the person occurs, and under which placeholders."""

    def __init__(self, subject: str) -> None:
        self._forms = set(candidates(subject))
        self._literal = _bounded(folded(subject))
        self._tokens: dict[str, set[str]] = {}

    def exchanges(self) -> set[str]:
        """Those in which the person occurred so far."""
        return set(self._tokens)

    def rows(self, record: Record) -> Iterator[Reference]:
        """The key rows of one record that have to go."""
        if record.opened.kind is Kind.ERASURE:
            return
        exchange = record.opened.exchange_id
        held = [
            (name, data, row)
            for (name, data), row in zip(record.contents, record.stored, strict=True)
            if data is not None
        ]
        for name, data, row in held:
            if name.startswith(_VALUE) and self._is_value(name, data):
                self._tokens.setdefault(exchange, set()).add(name.removeprefix(_VALUE))
                yield row
        texts = [one for one in held if not one[0].startswith(_VALUE)]
        spelled = [row for _, data, row in texts if self._spells(data, exchange)]
        if spelled:
            self._tokens.setdefault(exchange, set())
        yield from spelled
        if exchange in self._tokens:
            yield from (row for name, _, row in texts if name.partition("/")[0] == _ANSWER)

    def _is_value(self, name: str, data: bytes) -> bool:
        entity = name.removeprefix(_VALUE).rpartition("_")[0]
        return canonical(entity, data.decode("utf-8", "surrogatepass")) in self._forms

    def _spells(self, data: bytes, exchange: str) -> bool:
        text = data.decode("utf-8", "replace")
        if self._literal.search(folded(text)):
            return True
        tokens = self._tokens.get(exchange, ())
        return any(_bounded(token).search(text) for token in tokens)


def _bounded(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(text)}(?![^\W_])")
