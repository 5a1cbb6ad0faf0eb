"""What of an Anthropic request is data, what is protocol, and what travels word for word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.errors import BadRequest, PolicyRefused, ProviderRefused
from proxy.exchange import Alphabet, Author, Exchange, Reach, Scope
from proxy.wire import BY_PATH, anthropic_messages
from proxy.wire.anthropic_messages import parse, passed_on
from proxy.wire.writing import write

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
BLOB = "QUJD" * 30


def parsed(**fields: Any) -> Exchange:
    body = {"model": "m", "max_tokens": 9, "messages": HELLO, **fields}
    return parse(json.dumps(body).encode(), "x-1")


def turns(*contents: Any) -> list[Any]:
    """Turns of the user and the assistant, in turn."""
    return [
        {"role": "user" if at % 2 == 0 else "assistant", "content": content}
        for at, content in enumerate(contents)
    ]


def said(exchange: Exchange) -> list[tuple[str, Author]]:
    return [(part.text, part.author) for part in exchange.parts]


def test_every_text_of_a_rich_request_is_a_part_in_order() -> None:
    document = {"type": "text", "media_type": "text/plain", "data": "The contract."}
    exchange = parsed(
        tools=[
            {
                "name": "send_mail",
                "description": "Send it",
                "input_schema": {"type": "object", "properties": {"to": {"type": "string"}}},
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        ],
        tool_choice={"type": "tool", "name": "send_mail"},
        system=[{"type": "text", "text": "You serve us.", "cache_control": {"type": "ephemeral"}}],
        stop_sequences=["Yours,"],
        metadata={"user_id": "u-17"},
        messages=turns(
            [
                {
                    "type": "document",
                    "source": document,
                    "title": "Our contract",
                    "context": "Signed.",
                    "citations": {"enabled": True},
                },
                {"type": "text", "text": "Read it."},
            ],
            [
                {"type": "text", "text": "I read it."},
                {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": "Ann"}},
            ],
            [{"type": "tool_result", "tool_use_id": "toolu_1", "content": '{"done": "by Bob"}'}],
        ),
    )
    assert said(exchange) == [
        ("send_mail", Author.SCHEMA),
        ("Send it", Author.SCHEMA),
        ("to", Author.SCHEMA),
        ("web_search", Author.SCHEMA),
        ("send_mail", Author.SCHEMA),
        ("You serve us.", Author.OPERATOR),
        ("Yours,", Author.FIELD),
        ("The contract.", Author.TOOL),
        ("Our contract", Author.TOOL),
        ("Signed.", Author.TOOL),
        ("Read it.", Author.USER),
        ("I read it.", Author.ASSISTANT),
        ("toolu_1", Author.ASSISTANT),
        ("send_mail", Author.ASSISTANT),
        ("to", Author.ASSISTANT),
        ("Ann", Author.ASSISTANT),
        ("toolu_1", Author.TOOL),
        ("done", Author.TOOL),
        ("by Bob", Author.TOOL),
    ]
    assert exchange.pseudonyms == (("metadata", "user_id"),)
    assert exchange.opaque == exchange.signed == ()
    names = {part.text for part in exchange.parts if part.alphabet is Alphabet.NAME}
    assert names == {"send_mail", "to", "web_search", "toolu_1", "done"}


def test_fields_blocks_and_events_of_next_year_are_inspected_whole() -> None:
    exchange = parsed(
        oracle={"asks": "Ann"},
        messages=turns([{"type": "vision", "of": ["Bob"], "role": "Carl"}], "I see."),
    )
    assert {"oracle", "asks", "Ann", "vision", "of", "Bob", "role", "Carl"} <= {
        part.text for part in exchange.parts
    }


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": BLOB},
            },
            "image",
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}, "image"),
        ({"type": "image", "source": {"type": "file", "file_id": "file_1"}}, "file"),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": BLOB},
            },
            "file",
        ),
        ({"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}}, "file"),
        ({"type": "container_upload", "file_id": "file_1"}, "file"),
    ],
)
def test_what_cannot_be_read_is_opaque(block: Any, kind: str) -> None:
    assert [part.kind for part in parsed(messages=turns([block])).opaque] == [kind]


def test_documents_and_search_results_made_of_blocks_are_read() -> None:
    blocks = {"type": "content", "content": [{"type": "text", "text": "Inside."}]}
    found = {
        "type": "search_result",
        "source": "https://x.example",
        "title": "Found",
        "content": [{"type": "text", "text": "A hit."}],
        "citations": {"enabled": True},
    }
    exchange = parsed(messages=turns([{"type": "document", "source": blocks}, found]))
    texts = [part.text for part in exchange.parts]
    assert texts == ["Inside.", "https://x.example", "Found", "A hit."]
    assert {part.author for part in exchange.parts} == {Author.TOOL}


# Signed content.


def thought(text: str = "Ann?") -> Any:
    return {"type": "thinking", "thinking": text, "signature": BLOB}


def test_thinking_is_inspected_and_no_part() -> None:
    exchange = parsed(
        messages=turns("Who?", [thought(), {"type": "text", "text": "Ann."}], "Thanks.")
    )
    assert [part.text for part in exchange.parts] == ["Who?", "Ann.", "Thanks."]
    (signed,) = exchange.signed
    assert signed.paths == (("messages", 1, "content", 0),)
    assert [part.text for part in signed.parts] == ["Ann?"]
    assert signed.seals == (f"Ann?\0{BLOB}",)
    assert signed.droppable
    assert exchange.opaque == ()


def test_a_turns_thinking_goes_together() -> None:
    redacted = {"type": "redacted_thinking", "data": BLOB}
    text = {"type": "text", "text": "Ann."}
    exchange = parsed(messages=turns("Who?", [thought(), redacted, text], "Thanks."))
    (signed,) = exchange.signed
    assert [path[-1] for path in signed.paths] == [0, 1]
    assert signed.seals[1] == BLOB


def test_thinking_of_a_call_under_way_can_not_be_left_out() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
    exchange = parsed(
        messages=turns("Who?", [thought(), call], [result], [thought("Bob?"), call], [result])
    )
    assert [one.droppable for one in exchange.signed] == [False, False]


def test_thinking_that_nobody_signed_may_always_go() -> None:
    unsigned = {"type": "thinking", "thinking": "Ann it is.", "signature": ""}
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    turns = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [unsigned, call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1"}]},
    ]
    (signed,) = parsed(messages=turns).signed
    assert signed.droppable


def test_what_claims_to_be_encrypted_and_is_not_is_read() -> None:
    block = {"type": "redacted_thinking", "data": "Ann Lee, in the clear"}
    exchange = parsed(messages=turns("Who?", [block, {"type": "text", "text": "x"}], "Thanks."))
    assert [part.text for part in exchange.signed[0].parts] == ["Ann Lee, in the clear"]


def test_encrypted_search_results_are_sealed_and_stay() -> None:
    hit = {"type": "web_search_result", "encrypted_content": BLOB, "title": "T", "url": "https://x"}
    block = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [hit]}
    exchange = parsed(messages=turns("Who?", [block], "Thanks."))
    (signed,) = exchange.signed
    assert (signed.seals, signed.droppable) == ((BLOB,), False)


def test_left_out_thinking_is_gone_and_the_rest_is_edited_in_its_place() -> None:
    from dataclasses import replace

    exchange = parsed(
        messages=turns("Who?", [thought(), {"type": "text", "text": "Ann."}], "Thanks.")
    )
    without = replace(exchange, without=exchange.signed[0].paths)
    edits = {("messages", 1, "content", 1, "text"): "<PERSON_1>."}
    sent = json.loads(write(without, edits, "m", {}).body)
    assert sent["messages"][1]["content"] == [{"type": "text", "text": "<PERSON_1>."}]


@pytest.mark.parametrize(
    ("thinking", "scope"),
    [
        (None, Scope.REQUEST),
        ({"type": "disabled"}, Scope.REQUEST),
        ({"type": "enabled", "budget_tokens": 1024}, Scope.PRINCIPAL),
        ({"type": "adaptive"}, Scope.PRINCIPAL),
    ],
)
def test_numbers_are_keyed_where_answers_are_signed(thinking: Any, scope: Scope) -> None:
    assert parsed(thinking=thinking).scope is scope


# Bodies and headers.


def test_nothing_changes_by_itself() -> None:
    body = (
        b'{"model": "m",  "max_tokens": 9, "messages": [{"role": "user", "content": "\\u0048i"}]}'
    )
    assert write(parse(body, "x"), {}, "m", {}).body == body


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": []},
        {"messages": "Hello"},
        {"messages": [{"role": "user"}]},
        {"messages": [{"content": "Hello"}]},
        {"messages": [{"role": "user", "content": ["Hello"]}]},
        {"messages": [{"role": "user", "content": {"type": "text"}}]},
        {"messages": [{"role": "user", "content": [{"type": ["text"], "text": "Hello"}]}]},
        {"system": 7},
        {"tools": {}},
        {"thinking": "yes"},
        {"stream": "true"},
        {"model": 7},
    ],
)
def test_a_wrong_shape_is_refused(fields: Any) -> None:
    with pytest.raises(BadRequest):
        parsed(**fields)


def test_headers_pass_by_a_list() -> None:
    passed, notes = passed_on(
        {
            "anthropic-version": "2023-06-01",
            "anthropic-beta": "interleaved-thinking-2025-05-14, for-jane-hollander-2026-01-01",
            "x-app": "cli",
            "user-agent": "someone",
        }
    )
    assert passed == {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "interleaved-thinking-2025-05-14",
    }
    assert notes == ("beta-dropped",)


@pytest.mark.parametrize("version", ["Jane", "1984-03-02", "2023-06-01; Jane", ""])
def test_a_version_is_a_day(version: str) -> None:
    with pytest.raises(BadRequest) as caught:
        passed_on({"anthropic-version": version})
    assert "Jane" not in str(caught.value)


def test_errors_have_anthropics_shape() -> None:
    failure = PolicyRefused("No.", hint="Ask.", rule="no-cards")
    assert json.loads(anthropic_messages.error(failure, "pvr-1")) == {
        "type": "error",
        "error": {
            "type": "permission_error",
            "message": "No. Ask.",
            "code": "policy_refused",
            "rule": "no-cards",
        },
        "request_id": "pvr-1",
    }


@pytest.mark.parametrize(
    ("status", "kind", "shown"),
    [
        (529, "overloaded_error", "overloaded_error"),
        (529, None, "overloaded_error"),
        (429, "rate_limit_exceeded", "rate_limit_error"),
        (400, "made_up", "invalid_request_error"),
        (500, "server_error", "api_error"),
        (418, None, "invalid_request_error"),
    ],
)
def test_kinds_of_errors_are_anthropics(status: int, kind: str | None, shown: str) -> None:
    failure = ProviderRefused(status, "x", kind=kind, code="c")
    assert json.loads(anthropic_messages.error(failure, ""))["error"]["type"] == shown


def test_both_routes_are_listed() -> None:
    assert BY_PATH["/v1/messages"].name == "anthropic.messages"
    assert BY_PATH["/v1/messages/count_tokens"].name == "anthropic.count_tokens"


def test_ids_and_numbers_are_still_looked_at() -> None:
    exchange = parsed(
        messages=turns(
            "x", [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": 4111111111111}}]
        )
    )
    reaches = {part.text: part.reach for part in exchange.parts}
    assert reaches["toolu_1"] is Reach.PATTERNS
    assert reaches["4111111111111"] is Reach.PATTERNS
