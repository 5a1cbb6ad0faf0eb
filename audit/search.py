"""Asking the index: which exchanges, and what isn't known.

A value is looked for by its keyed hash, in every sort that it may be of. Where requests were
recorded without their values, the answer says how many: nothing is known of those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from audit.canonical import candidates, tag
from audit.record import Kind

_COLUMNS = (
    "logs.origin, logs.folder, records.sequence, records.kind, records.time, records.exchange,"
    " records.team, records.app, records.provider, records.model, records.class, records.status"
)
_HAS_RULE = (
    "EXISTS (SELECT 1 FROM rules WHERE rules.rule = ? AND rules.log = records.log"
    " AND rules.sequence = records.sequence)"
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; what is None may be anything.

    Attributes:
        value: a person's address, number or name, as anyone might write it.
        since, until: nanoseconds since 1970, the first included, the second not.
        refused: whether refusals are wanted, too: nothing was sent then.
    """

    value: str | None = None
    team: str | None = None
    app: str | None = None
    provider: str | None = None
    model: str | None = None
    data_class: str | None = None
    rule: str | None = None
    exchange: str | None = None
    since: int | None = None
    until: int | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A request that was forwarded (or refused), and what became of it.

    Attributes:
        outcome: the status of its outcome; of a refusal the error code; None while there is none.
        rules: those that decided.
    """

    origin: str
    folder: str
    sequence: int
    kind: Kind
    time: int
    exchange: str
    team: str | None
    app: str | None
    provider: str | None
    model: str | None
    data_class: str | None
    outcome: str | None
    rules: tuple[str, ...]


def search(index: sqlite3.Connection, key: bytes, query: Query) -> Iterator[Hit]:
    """The intents (and refusals) that a query matches, by time."""
    tables, conditions, values = _matching(key, query)
    kinds = [Kind.INTENT, Kind.REFUSAL] if query.refused else [Kind.INTENT]
    conditions.append(f"records.kind IN ({', '.join('?' * len(kinds))})")
    values += map(int, kinds)
    statement = (
        f"SELECT DISTINCT {_COLUMNS} FROM {tables}"  # noqa: S608 — every word of it is ours
        f" WHERE {' AND '.join(conditions)} ORDER BY records.time, logs.origin, records.sequence"
    )
    for row in index.execute(statement, values):
        yield _hit(index, row)


def _hit(index: sqlite3.Connection, row: tuple[Any, ...]) -> Hit:
    origin, folder, sequence, kind, time, exchange, team, app, provider, model, rank, status = row
    if kind == Kind.INTENT:
        status = _outcome(index, origin, exchange, sequence)
    return Hit(
        origin=origin,
        folder=folder,
        sequence=sequence,
        kind=Kind(kind),
        time=time,
        exchange=exchange,
        team=team,
        app=app,
        provider=provider,
        model=model,
        data_class=rank,
        outcome=status,
        rules=_rules(index, origin, sequence),
    )


def unknown(index: sqlite3.Connection, query: Query) -> int:
    """How many requests in a query's range have no values on record, or no longer all of them."""
    _, conditions, values = _matching(b"", replace(query, value=None, rule=None))
    if query.rule is not None:
        conditions.append(_HAS_RULE)
        values.append(query.rule)
    conditions.append("records.indexed = 0")  # which nothing but an intent is
    statement = (
        "SELECT count(*) FROM records INDEXED BY by_unrecorded"  # noqa: S608 — see above
        f" WHERE {' AND '.join(conditions)}"
    )
    (count,) = index.execute(statement, values).fetchone()
    return int(count)


def _matching(key: bytes, query: Query) -> tuple[str, list[str], list[object]]:
    """Tables, conditions and their values."""
    conditions: list[str] = []
    values: list[object] = []
    if query.value is not None:
        tags = [tag(key, form) for form in candidates(query.value)]
        conditions.append(f"stored.tag IN ({', '.join('?' * len(tags))})")
        values += tags
    for column, wanted in (
        ("team", query.team),
        ("app", query.app),
        ("provider", query.provider),
        ("model", query.model),
        ("class", query.data_class),
        ("exchange", query.exchange),
    ):
        if wanted is not None:
            conditions.append(f"records.{column} = ?")
            values.append(wanted)
    for comparison, moment in ((">=", query.since), ("<", query.until)):
        if moment is not None:
            conditions.append(f"records.time {comparison} ?")
            values.append(moment)
    if query.rule is not None:
        begun = query.value is None and query.exchange is None
        conditions.append("rules.rule = ?" if begun else _HAS_RULE)
        values.append(query.rule)
    return f"{_begin(query)} CROSS JOIN logs ON logs.id = records.log", conditions, values


def _begin(query: Query) -> str:
    """What narrows most, first; CROSS and INDEXED BY because SQLite might begin with everything."""
    if query.value is not None:
        return (
            "stored CROSS JOIN uses ON uses.log = stored.log AND uses.of_sequence = stored.sequence"
            " AND uses.of_place = stored.place"
            " CROSS JOIN records ON records.log = uses.log AND records.sequence = uses.sequence"
        )
    if query.exchange is not None:
        return "records INDEXED BY by_exchange"
    if query.rule is not None:
        return (
            "rules CROSS JOIN records"
            " ON records.log = rules.log AND records.sequence = rules.sequence"
        )
    if query.team is not None:
        return "records INDEXED BY by_team"
    if query.provider is not None:
        return "records INDEXED BY by_provider"
    return "records INDEXED BY by_time"


def _outcome(index: sqlite3.Connection, origin: str, exchange: str, sequence: int) -> str | None:
    query = (
        "SELECT status FROM records JOIN logs ON logs.id = records.log WHERE exchange = ?"
        " AND kind = ? AND origin = ? AND sequence > ? ORDER BY sequence LIMIT 1"
    )
    values = (exchange, int(Kind.OUTCOME), origin, sequence)
    found = index.execute(query, values).fetchone()
    return found[0] if found else None


def _rules(index: sqlite3.Connection, origin: str, sequence: int) -> tuple[str, ...]:
    query = (
        "SELECT rule FROM rules JOIN logs ON logs.id = rules.log WHERE origin = ? AND sequence = ?"
        " ORDER BY rule"
    )
    return tuple(rule for (rule,) in index.execute(query, (origin, sequence)))
