"""What is left out of a schema: only what keeps a placeholder from where its value may stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.exchange import Exchange, Path
from proxy.wire.restoring import Sent
from proxy.wire.writing import write
from tests.wire.asking import WEATHER, parsed

MAIL = {"zoe@example.org": "<EMAIL_ADDRESS_1>"}
ZOE = {"Zoë O'Neil": "<PERSON_1>"}
BIRTH = {"1984-03-02": "<DATE_OF_BIRTH_1>"}
CARD = {"4111 1111 1111 1111": ""}  # redacted: it never comes back
SAID: Path = ("messages", 0, "content")


def tool(name: str = "save", strict: bool | None = None, **properties: Any) -> dict[str, Any]:
    """A tool with these arguments."""
    schema = {"type": "object", "properties": properties}
    promised = {} if strict is None else {"strict": strict}
    return {"type": "function", "function": {"name": name, "parameters": schema, **promised}}


def sent(exchange: Exchange, hidden: dict[str, str], edits: dict[Path, str] | None = None) -> Sent:
    return write(exchange, edits or {SAID: "Hello"}, "m", hidden)


def arguments(hidden: dict[str, str], **properties: Any) -> dict[str, Any]:
    """How these arguments are described to a provider from whom `hidden` is hidden."""
    body = json.loads(sent(parsed(tools=[tool(**properties)]), hidden).body)
    found: dict[str, Any] = body["tools"][0]["function"]["parameters"]["properties"]
    return found


@pytest.mark.parametrize(
    ("hidden", "field", "left"),
    [
        # The format of a mail address lets no placeholder in; a name could never stand there.
        (MAIL, {"type": "string", "format": "email"}, {"type": "string"}),
        (ZOE, {"type": "string", "format": "email"}, {"type": "string", "format": "email"}),
        (BIRTH, {"type": "string", "format": "date"}, {"type": "string"}),
        (BIRTH, {"type": ["string", "null"], "format": "date-time"}, {"type": ["string", "null"]}),
        (MAIL, {"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv4"}),
        # A placeholder of 17 characters fits where up to 100 may stand.
        (MAIL, {"maxLength": 100, "minLength": 3}, {"maxLength": 100, "minLength": 3}),
        (MAIL, {"maxLength": 15}, {}),
        (MAIL, {"maxLength": 14}, {"maxLength": 14}),  # the value has 15 itself
        (ZOE, {"minLength": 10, "maxLength": 10}, {"minLength": 10, "maxLength": 10}),
        (BIRTH, {"minLength": 10, "maxLength": 12}, {"minLength": 10}),
        # One keyword that the value fails keeps all others.
        (MAIL, {"format": "email", "maxLength": 5}, {"format": "email", "maxLength": 5}),
        (MAIL, {"format": "email", "maxLength": 50}, {"maxLength": 50}),
        # Expressions.
        (MAIL, {"pattern": "^[a-z]+@example[.]org$"}, {}),
        (MAIL, {"pattern": "^[0-9]+$"}, {"pattern": "^[0-9]+$"}),
        (ZOE, {"pattern": "."}, {"pattern": "."}),
        # Machines write numbers closed up; what never comes back passes nothing.
        (CARD, {"pattern": "^[0-9]{16}$"}, {}),
        (CARD, {"format": "email"}, {"format": "email"}),
        # What nobody can judge is left out.
        (ZOE, {"format": "phone"}, {}),
        (ZOE, {"pattern": "^(?=Z)"}, {}),
        (ZOE, {"pattern": "(("}, {}),
        (ZOE, {"pattern": ["^Z"]}, {}),
        (ZOE, {"pattern": 1}, {}),
        (ZOE, {"maxLength": "ten"}, {}),
        (ZOE, {"contentEncoding": "base64"}, {}),
        # Only strings are limited.
        (BIRTH, {"type": "integer", "format": "date"}, {"type": "integer", "format": "date"}),
    ],
)
def test_a_field_is_relaxed_for_the_values_that_may_stand_in_it(
    hidden: dict[str, str], field: dict[str, Any], left: dict[str, Any]
) -> None:
    assert arguments(hidden, it=field) == {"it": left}


def test_other_fields_keep_their_constraints() -> None:
    day = {"type": "string", "format": "date"}
    mail = {"type": "string", "format": "email"}
    assert arguments(MAIL, day=day, mail=mail) == {"day": day, "mail": {"type": "string"}}


def test_nothing_is_relaxed_where_nothing_is_hidden() -> None:
    exchange = parsed(tools=[WEATHER], user="zoe")
    out = sent(exchange, {}, {("user",): "user-1"})
    assert json.loads(out.body)["tools"] == [WEATHER]
    assert out.relaxed == ()


def test_only_keywords_are_relaxed_and_only_in_schemas() -> None:
    schema = {
        "type": "object",
        "format": "custom",
        "properties": {
            "format": {"type": "string", "format": "email", "pattern": "^z"},
            "pattern": {"anyOf": [{"maxLength": 15}, {"items": {"format": "x", "minItems": 1}}]},
        },
        "items": [{"contentEncoding": "base64"}],
        "default": {"format": "kept", "pattern": "kept"},
        "required": ["format", "pattern"],
    }
    response_format = {"type": "json_schema", "json_schema": {"name": "format", "schema": schema}}
    exchange = parsed(response_format=response_format, pattern="p", format={"format": "f"})
    out = json.loads(sent(exchange, MAIL).body)
    assert out["response_format"]["json_schema"]["schema"] == {
        "type": "object",
        "format": "custom",
        "properties": {
            "format": {"type": "string"},
            "pattern": {"anyOf": [{}, {"items": {"minItems": 1}}]},
        },
        "items": [{}],
        "default": {"format": "kept", "pattern": "kept"},
        "required": ["format", "pattern"],
    }
    assert (out["pattern"], out["format"]) == ("p", {"format": "f"})
    assert json.loads(exchange.body)["response_format"] == response_format


def test_a_relaxed_field_is_found_under_its_hidden_name_too() -> None:
    exchange = parsed(tools=[tool(**{"Zoë O'Neil": {"format": "email"}})])
    (key,) = [part.path for part in exchange.parts if part.text == "Zoë O'Neil"]
    out = json.loads(sent(exchange, MAIL, {key: "PERSON_1"}).body)
    assert out["tools"][0]["function"]["parameters"]["properties"] == {"PERSON_1": {}}


def test_what_was_relaxed_is_told_by_tool() -> None:
    mail = {"type": "string", "format": "email"}
    answer = {"name": "reply", "strict": True, "schema": {"properties": {"to": mail}}}
    exchange = parsed(
        tools=[tool("save", to=mail), tool("look", day={"format": "date"}), tool("post", to=mail)],
        response_format={"type": "json_schema", "json_schema": answer},
    )
    relaxed = sent(exchange, MAIL).relaxed
    assert [(one.tool, one.strict) for one in relaxed] == [
        ("save", False),
        ("post", False),
        (None, True),
    ]
    assert relaxed[2].own == answer["schema"]
    assert relaxed[2].sent == {"properties": {"to": {"type": "string"}}}


def test_many_values_and_many_fields_are_relaxed_without_more_ado() -> None:
    hidden = {f"no mail {n}": f"<PERSON_{n}>" for n in range(2000)}
    fields = {f"f{n}": {"format": "email", "minLength": n % 7} for n in range(400)}
    assert arguments(hidden, **fields)["f399"] == {}
