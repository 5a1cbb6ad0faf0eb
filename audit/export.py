"""Opened records as others want them: JSON Lines, CSV, OCSF.

Pure. One row or event per exchange's attempt: its intent (or refusal) and its outcome together.
OCSF: class API Activity (6003) with the profile `ai_operation`, which schema 1.8 brought
(https://schema.ocsf.io/1.8.0/classes/api_activity?profiles=ai_operation).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from audit.moments import iso
from audit.reading import Record
from audit.record import Kind

_COLUMNS = (
    *("log", "sequence", "time", "exchange", "kind", "tenant", "team", "app", "user"),
    *("provider", "model", "class", "rules", "treatment", "found", "sent_sha256", "outcome"),
    *("http_status", "policy", "checkpoint"),
)
_API_ACTIVITY = 6003
_OTHER = 99
_INFORMATIONAL, _LOW = 1, 2
_SUCCESS, _FAILURE = 1, 2


@dataclass(frozen=True, slots=True)
class Item:
    """One attempt: the intent or refusal, its outcome if there is one, and where it stands.

    Attributes:
        checkpoint: size of the signed checkpoint that its inclusion was checked against.
    """

    origin: str
    record: Record
    outcome: Record | None
    checkpoint: int

    @property
    def body(self) -> dict[str, Any]:
        """What the intent or refusal says."""
        return dict(self.record.opened.body)

    @property
    def ending(self) -> dict[str, Any]:
        """What the outcome says; a refusal is its own."""
        if self.record.opened.kind is Kind.REFUSAL:
            return self.body
        return dict(self.outcome.opened.body) if self.outcome else {}


def as_json(record: Record) -> dict[str, object]:
    """An opened record as plain JSON values; contents as text, None where they were erased."""
    opened = record.opened
    contents = {
        name: None if data is None else data.decode("utf-8", "replace")
        for name, data in record.contents
    }
    return {
        "sequence": opened.sequence,
        "kind": opened.kind.name.lower().replace("_", "-"),
        "time": opened.time,
        "exchange": opened.exchange_id,
        "body": opened.body,
        "contents": contents,
    }


def jsonl(items: Iterable[Item]) -> Iterator[str]:
    """One JSON object a line: the opened records, whole."""
    for item in items:
        document: dict[str, object] = {
            "log": item.origin,
            "checkpoint": item.checkpoint,
            "record": as_json(item.record),
            "outcome": as_json(item.outcome) if item.outcome else None,
        }
        yield json.dumps(document, ensure_ascii=False) + "\n"


def as_csv(items: Iterable[Item]) -> Iterator[str]:
    """A header and one line per attempt; texts are left out."""
    yield _line(_COLUMNS)
    for item in items:
        yield _line(_row(item))


def ocsf(items: Iterable[Item]) -> Iterator[str]:
    """One OCSF event a line; texts are left out."""
    for item in items:
        yield json.dumps(_event(item), ensure_ascii=False) + "\n"


def _row(item: Item) -> list[object]:
    opened, body, ending = item.record.opened, item.body, item.ending
    who, where = body.get("principal", {}), body.get("endpoint", {})
    return [
        item.origin,
        opened.sequence,
        iso(opened.time),
        opened.exchange_id,
        opened.kind.name.lower(),
        *(who.get(name, "") for name in ("tenant", "team", "app", "user")),
        where.get("provider", ""),
        where.get("model", body.get("model", "")),
        body.get("class", ""),
        " ".join(_rules(body)),
        _pairs(body.get("treatment", {})),
        _pairs(body.get("found", {})),
        body.get("sent", {}).get("sha256", ""),
        _outcome(item),
        ending.get("http_status", ending.get("status", "")),
        body.get("policy", {}).get("digest", ""),
        item.checkpoint,
    ]


def _line(values: Iterable[object]) -> str:
    """One line of CSV; what a spreadsheet would take for a formula gets a quote before it."""
    text = io.StringIO()
    cells = [str(value) for value in values]
    csv.writer(text).writerow(
        [f"'{one}" if one[:1] in "=+-@\t\r" and one else one for one in cells]
    )
    return text.getvalue()


def _event(item: Item) -> dict[str, Any]:
    opened, body, ending = item.record.opened, item.body, item.ending
    who, where = body.get("principal", {}), body.get("endpoint", {})
    refused = opened.kind is Kind.REFUSAL
    delivered = _outcome(item) == "delivered"
    model, provider = where.get("model", body.get("model", "")), where.get("provider", "")
    return {
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": _API_ACTIVITY,
        "class_name": "API Activity",
        "activity_id": _OTHER,
        "activity_name": "Model request",
        "type_uid": _API_ACTIVITY * 100 + _OTHER,
        "type_name": "API Activity: Model request",
        "time": opened.time // 10**6,
        "severity_id": _LOW if refused else _INFORMATIONAL,
        "status_id": _SUCCESS if delivered else _FAILURE,
        "status_code": str(ending.get("code") or _outcome(item)),
        "metadata": {
            "version": "1.8.0",
            "profiles": ["ai_operation"],
            "product": {"name": "Privet", "vendor_name": "Privet"},
            "uid": f"{item.origin}#{opened.sequence}",
            "correlation_uid": opened.exchange_id,
            "log_name": item.origin,
        },
        "actor": {
            "app_name": who.get("app", ""),
            "user": {
                "name": who.get("user") or who.get("app", ""),
                "groups": [{"name": who.get("team", "")}],
                "org": {"name": who.get("tenant", "")},
            },
        },
        "api": {
            "operation": body.get("dialect", ""),
            "service": {"name": provider or "refused"},
            "request": {"uid": opened.exchange_id},
            "response": {"code": int(ending.get("http_status", ending.get("status", 0)) or 0)},
        },
        "src_endpoint": {"name": who.get("app", "")},
        "ai_model": {"name": model, "ai_provider": provider or "refused"},
        "message_context": {
            "uid": opened.exchange_id,
            "application": {"name": who.get("app", "")},
            "service": {"name": provider or "refused"},
        },
        "unmapped": {
            "class": body.get("class", ""),
            "rules": _rules(body),
            "treatment": body.get("treatment", {}),
            "found": body.get("found", {}),
            "policy": body.get("policy", {}),
            "refused": refused,
            "checkpoint": item.checkpoint,
        },
    }


def _rules(body: dict[str, Any]) -> list[str]:
    return [*body.get("rules", []), *([body["rule"]] if body.get("rule") else [])]


def _outcome(item: Item) -> str:
    if item.record.opened.kind is Kind.REFUSAL:
        return "refused"
    return str(item.ending.get("status", "")) or "open"


def _pairs(values: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(values.items()))
