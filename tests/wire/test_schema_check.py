"""Restored documents held against the caller's own schema, whoever wrote schema and document."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from proxy.errors import AnswerOffSchema
from proxy.wire import strict_json
from proxy.wire.relaxed import OFF_SCHEMA, UNCHECKED, Relaxed, notes
from proxy.wire.schema_check import MAX_DOCUMENT, Unjudged
from proxy.wire.schema_check import fits_schema as fits

MAIL = {"type": "object", "properties": {"to": {"type": "string", "format": "email"}}}
LOOSE = {"type": "object", "properties": {"to": {"type": "string"}}}


def noted(text: str, *, strict: bool = False, own: Any = MAIL, sent: Any = LOOSE) -> list[str]:
    return list(notes([Relaxed("save", own, sent, strict)], "save", text))


def test_a_value_that_fits_earns_no_note() -> None:
    assert noted('{"to": "zoe@example.org"}', strict=True) == []


def test_a_value_that_only_the_looser_schema_lets_pass_is_noted() -> None:
    assert noted('{"to": "nobody"}') == [OFF_SCHEMA]


def test_a_strict_schema_is_kept_or_the_answer_refused() -> None:
    with pytest.raises(AnswerOffSchema) as refused:
        noted('{"to": "nobody"}', strict=True)
    assert "nobody" not in f"{refused.value.message}{refused.value.hint}{refused.value.__cause__}"


def test_what_the_model_got_wrong_by_itself_is_its_own() -> None:
    """Without Privet the caller would have read the same."""
    assert noted('{"to": 7}', strict=True) == []
    assert noted('{"to": "nobody"', strict=True) == []


def test_only_the_tools_own_schema_counts() -> None:
    assert list(notes([Relaxed("save", MAIL, LOOSE, True)], "post", '{"to": "nobody"}')) == []
    assert list(notes([Relaxed(None, MAIL, LOOSE, False)], None, '{"to": "x"}')) == [OFF_SCHEMA]


def test_numbers_of_the_strict_parse_are_numbers() -> None:
    schema = strict_json.parse('{"properties": {"n": {"minimum": 1.50, "maximum": 1e3}}}')
    assert fits({"n": 2}, schema)
    assert not fits({"n": 1.2}, schema)


@pytest.mark.parametrize(
    ("document", "schema", "verdict"),
    [
        ({"a": "1234"}, {"properties": {"a": {"pattern": "^[0-9]{4}$"}}}, True),
        ({"a": "123"}, {"properties": {"a": {"pattern": "^[0-9]{4}$"}}}, False),
        ({"a": ["x", "yy"]}, {"properties": {"a": {"items": {"maxLength": 1}}}}, False),
        ({"a": "yy"}, {"anyOf": [{"properties": {"a": {"maxLength": 1}}}, {"type": "array"}]}, False),
        ({"a": "2026-02-30"}, {"properties": {"a": {"format": "date"}}}, False),
        ({"a": "2026-02-03T04:05:06Z"}, {"properties": {"a": {"format": "date-time"}}}, True),
        ({"a": "anything"}, {"properties": {"a": {"format": "phone"}}}, True),
        ({"a": {"a": "x"}}, {"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"a": {"$ref": "#/$defs/m"}}}, "m": {"type": "object"}}}, True),
        ({"a": 1, "b": 2}, {"properties": {"a": {}}, "additionalProperties": False}, False),
        ("x", True, True),
        ("x", False, False),
    ],
)  # fmt: skip
def test_schemas_are_judged(document: Any, schema: Any, *, verdict: bool) -> None:
    assert fits(document, schema) is verdict


def doubling(levels: int) -> dict[str, Any]:
    """Every level asks twice for the next: judged naively, two to the power of `levels` steps."""
    defs: dict[str, Any] = {"a0": {"maxLength": 3}}
    for n in range(levels):
        defs[f"a{n + 1}"] = {"allOf": [{"$ref": f"#/$defs/a{n}"}, {"$ref": f"#/$defs/a{n}"}]}
    return {"$defs": defs, "$ref": f"#/$defs/a{levels}"}


@pytest.mark.parametrize(
    "schema",
    [
        doubling(60),
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$ref": "#/nowhere"},
        {"$ref": "other.json"},
        {"pattern": "(("},
        {"pattern": ["a"]},
        {"pattern": "^(?!x)"},
        {"pattern": "((a{1000}){1000}){1000}"},
        {"maxLength": "3"},
        {"minimum": []},
        {"patternProperties": {"^(a+)+$": {}}},
        {"additionalProperties": False, "patternProperties": {"^(a+)+$": {}}},
        {"unevaluatedProperties": False},
        {"$dynamicRef": "#x"},
        {"anyOf": [{"enum": [[n] * 10]} for n in range(3000)], "items": {"$ref": "#"}},
        {"enum": ["x" * MAX_DOCUMENT]},
    ],
)  # fmt: skip
def test_a_schema_that_takes_too_long_or_leads_elsewhere_gives_no_verdict(schema: Any) -> None:
    documents: list[Any] = ["a" * 40 + "!", {"a" * 40 + "!": 1}, [1] * 500, 4]
    judged = []
    for document in documents:
        try:
            judged.append(fits(document, schema))
        except Unjudged:
            judged.append(None)
    assert None in judged


def test_an_expression_that_backtracks_elsewhere_is_judged() -> None:
    assert fits("a" * 10_000 + "!", {"pattern": "^(a+)+$"}) is False


def test_a_schema_cant_name_another_dialect_to_be_judged_by() -> None:
    """By `$schema` the library would take its own class, with Python's expressions."""
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "pattern": "^(a+)+$"}
    assert fits("a" * 10_000 + "!", named) is False
    assert fits({"b": "a" * 10_000 + "!"}, {"properties": {"b": named}}) is False
    assert fits({"$schema": 7}, {"properties": {"$schema": {"type": "string"}}}) is False


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*_: Any) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", dial)
    for reference in ("http://127.0.0.1:9/x.json", "file:///etc/hostname", "urn:x"):
        for schema in ({"$ref": reference}, {"$id": reference, "$ref": "y"}):
            with pytest.raises(Unjudged):
                fits("x", schema)


def test_no_verdict_is_noted() -> None:
    assert noted('{"to": "nobody"}', own={"$ref": "x"}, strict=True) == [UNCHECKED]
    assert noted(json.dumps({"to": "x" * MAX_DOCUMENT})) == [UNCHECKED]
    assert noted("[" * 200_000) == [UNCHECKED]
