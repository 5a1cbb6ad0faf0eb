"""OCSF events against the schema: tests/vectors/audit/ocsf-1.8.0.json has what it says of them."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from audit.export import Item, ocsf
from audit.reading import Reader
from audit.record import Content, Kind
from tests.audit.sites import ORIGIN, Site

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors/audit/ocsf-1.8.0.json").read_text("utf-8")
)
TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "float": (int, float),
    "integer": int,
    "json": (dict, list, str, int, float, bool, type(None)),
    "long": int,
    "string": str,
}
WHO = {
    "principal": {"tenant": "acme", "team": "support", "app": "desk", "user": ""},
    "dialect": "openai-chat",
    "model": "gpt-4o",
    "policy": {"name": "starter", "digest": "d"},
    "class": "confidential",
    "found": {"PERSON": 1},
}
INTENT = {**WHO, "endpoint": {"provider": "openai", "model": "gpt-4o"}, "rules": ["general-use"]}
REFUSAL = {**WHO, "status": 403, "code": "policy_refused", "rule": "no-secrets"}


def problems(event: Mapping[str, Any], says: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What an event, or an object in it, has that the schema doesn't allow, or lacks."""
    for name, known in says["attributes"].items():
        if known["requirement"] == "required" and name not in event:
            yield f"{at}{name} is required"
    if not any(name in event for name in says.get("at_least_one", event)):
        yield f"{at}: one of {says['at_least_one']} is required"
    for name, value in event.items():
        known = says["attributes"].get(name)
        if known is None:
            yield f"{at}{name} is unknown"
            continue
        if known.get("array") and not isinstance(value, list):
            yield f"{at}{name} is no array"
            continue
        for one in value if known.get("array") else [value]:
            yield from _wrong(one, known, f"{at}{name}")


def _wrong(value: object, known: Mapping[str, Any], at: str) -> Iterator[str]:
    if (kind := known["type"]) in SCHEMA["objects"]:
        if isinstance(value, dict):
            yield from problems(value, SCHEMA["objects"][kind], f"{at}.")
        else:
            yield f"{at} is no {kind}"
        return
    base = SCHEMA["types"].get(kind)
    fits = isinstance(value, TYPES[base]) if base else kind == "object" and isinstance(value, dict)
    if not fits or (base == "integer" and isinstance(value, bool)):
        yield f"{at} is no {kind}"
    elif "enum" in known and value not in known["enum"]:
        yield f"{at} is none of {known['enum']}"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Of a delivered, a failed, an open and a refused request."""
    site = Site(tmp_path_factory.mktemp("ocsf") / "site")

    async def write() -> None:
        log = site.open()
        for name, status in (("delivered", 200), ("failed", 502)):
            await log.append(Kind.INTENT, name, INTENT, [Content("masked/m", b"hello", "s")])
            ending = {"status": name, "http_status": status, "code": ""}
            await log.append(Kind.OUTCOME, name, ending)
        await log.append(Kind.INTENT, "open", INTENT)
        await log.append(Kind.REFUSAL, "refused", REFUSAL)
        await log.close()

    asyncio.run(write())
    with Reader(site.folder, site.auditor) as reader:
        by_kind = {(one.opened.exchange_id, one.opened.kind): one for one in reader.records()}
    items = [
        Item(ORIGIN, record, by_kind.get((exchange, Kind.OUTCOME)), 6)
        for (exchange, kind), record in by_kind.items()
        if kind is not Kind.OUTCOME
    ]
    return [json.loads(line) for line in ocsf(items)]


def test_every_event_is_as_the_schema_says(events: list[dict[str, Any]]) -> None:
    assert [event["metadata"]["correlation_uid"] for event in events] == [
        *("delivered", "failed", "open", "refused"),
    ]
    assert [list(problems(event, SCHEMA["class"])) for event in events] == [[]] * 4
    for event in events:
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["metadata"]["version"] == SCHEMA["version"]
    assert [event["status_id"] for event in events] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda event: event.pop("actor"), "actor is required"),
        (lambda event: event["api"].pop("operation"), "api.operation is required"),
        (lambda event: event["ai_model"].pop("ai_provider"), "ai_model.ai_provider is required"),
        (lambda event: event.update(prompt="x"), "prompt is unknown"),
        (lambda event: event.update(time="2026-10-03"), "time is no timestamp_t"),
        (lambda event: event.update(severity_id=17), "severity_id is none of"),
        (lambda event: event["actor"]["user"].update(groups={}), "actor.user.groups is no array"),
        (
            lambda event: [event["message_context"].pop(one) for one in ("application", "service")],
            "message_context.: one of",
        ),
    ],
)
def test_what_the_schema_does_not_allow_is_noticed(
    events: list[dict[str, Any]], spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    event = copy.deepcopy(events[0])
    spoil(event)
    (problem,) = problems(event, SCHEMA["class"])
    assert problem.startswith(said)
