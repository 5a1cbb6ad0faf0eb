"""A period in figures, from the index: what an officer reports to an auditor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from audit.moments import DAY
from audit.record import Kind

Counts = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """A waiver that a policy in force had: what it lifts, who approved it, how often it decided."""

    id: str
    lifts: str
    until: str
    approved_by: str
    scope: str
    why: str
    used: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the records with `first` <= time < `last` (nanoseconds since 1970).

    Attributes:
        kinds: records by kind.
        days: (midnight in nanoseconds, forwarded, refused), days without either left out.
        classes, providers, models, teams: forwarded requests.
        rules: how often each decided, in forwarded and refused requests.
        refusals: by code.
        outcomes: by status.
        found: requests in which an entity was found, forwarded or not.
        unrecorded: forwarded requests whose values are not on record, or no longer all of them.
    """

    first: int
    last: int
    kinds: dict[Kind, int]
    days: list[tuple[int, int, int]]
    classes: Counts
    providers: Counts
    models: Counts
    teams: Counts
    rules: Counts
    refusals: Counts
    outcomes: Counts
    found: Counts
    unrecorded: int
    waivers: list[WaiverUse]

    def total(self, kind: Kind) -> int:
        """How many records of a kind there are."""
        return self.kinds.get(kind, 0)


def summarise(index: sqlite3.Connection, first: int, last: int) -> Summary:
    """Count; raises sqlite3.Error."""
    ask = _Asking(index, first, last)
    kinds = {Kind(number): count for number, count in ask.all("kind, count(*)", "GROUP BY kind")}
    intent, refusal = int(Kind.INTENT), int(Kind.REFUSAL)
    days = ask.all(
        f"time / {DAY} * {DAY}, sum(kind = {intent}), sum(kind = {refusal})",
        f"AND kind IN ({intent}, {refusal}) GROUP BY 1 ORDER BY 1",
    )
    ((unrecorded,),) = ask.all("count(*)", f"AND kind = {intent} AND indexed = 0")
    return Summary(
        first,
        last,
        kinds,
        [(int(day), int(sent), int(refused)) for day, sent, refused in days],
        classes=ask.counts("class", Kind.INTENT),
        providers=ask.counts("provider", Kind.INTENT),
        models=ask.counts("model", Kind.INTENT),
        teams=ask.counts("team", Kind.INTENT),
        rules=ask.joined("rules", "rule"),
        refusals=ask.counts("status", Kind.REFUSAL),
        outcomes=ask.counts("status", Kind.OUTCOME),
        found=ask.joined("found", "entity"),
        unrecorded=int(unrecorded),
        waivers=list(ask.waivers()),
    )


class _Asking:
    """Statements over the records of one period. Every word of them is written here."""

    def __init__(self, index: sqlite3.Connection, first: int, last: int) -> None:
        self._index = index
        self._span = (first, last)

    def all(self, columns: str, rest: str) -> list[tuple[int, ...]]:
        statement = f"SELECT {columns} FROM records WHERE time >= ? AND time < ? {rest}"  # noqa: S608
        return self._index.execute(statement, self._span).fetchall()

    def counts(self, column: str, kind: Kind) -> Counts:
        statement = (
            f"SELECT coalesce({column}, ''), count(*) FROM records"  # noqa: S608 — see above
            f" WHERE time >= ? AND time < ? AND kind = {int(kind)} GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return self._index.execute(statement, self._span).fetchall()

    def joined(self, table: str, column: str) -> Counts:
        statement = (
            f"SELECT {column}, count(*) FROM {table}"  # noqa: S608 — see above
            f" JOIN records ON records.log = {table}.log AND records.sequence = {table}.sequence"
            " WHERE time >= ? AND time < ? GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return self._index.execute(statement, self._span).fetchall()

    def waivers(self) -> Iterator[WaiverUse]:
        used = dict(self.joined("rules", "rule"))
        statement = (
            "SELECT id, lifts, until, approved_by, scope, why FROM waivers WHERE seen < ?"
            " ORDER BY id, until"
        )
        for row in self._index.execute(statement, (self._span[1],)):
            name, lifts, until, approved_by, scope, why = row
            yield WaiverUse(name, lifts, until, approved_by, scope, why, used.get(name, 0))
