"""Responses: what a request of this dialect holds, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from proxy.errors import BadRequest
from proxy.exchange import Alphabet, Author, Exchange, Key, Scope, TextPart
from proxy.wire import openai_responses
from tests.wire.responding import ITEMS, OPAQUE

Json = dict[str, Any]
SCHEMA: Json = {
    "type": "object",
    "properties": {"city": {"type": "string", "format": "email", "description": "Where"}},
    "required": ["city"],
}
INPUT: list[Json] = [
    {"role": "developer", "content": "Be brief"},
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "Look"},
            {"type": "input_image", "image_url": "https://a.example/x.png", "detail": "low"},
            {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain,Hello%20Ann"},
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        ],
    },
    *ITEMS,
    {"type": "function_call_output", "call_id": "call_1", "output": '{"sent": ["Ann"]}'},
    {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": [{"type": "input_text", "text": "Also"}],
    },
    {"type": "local_shell_call_output", "id": "l_1", "output": "done"},
    {
        "type": "computer_call_output",
        "call_id": "call_1",
        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA"},
    },
    {
        "type": "local_shell_call",
        "id": "lsc_1",
        "call_id": "call_9",
        "status": "completed",
        "action": {"type": "exec", "command": ["cat", "x"], "env": {"WHO": "Ann"}},
    },
    {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "Ann Lee"}},
    {
        "type": "file_search_call",
        "id": "fs_1",
        "queries": ["Ann"],
        "results": [{"file_id": "file_1", "filename": "a", "text": "Of Ann", "score": 0.5}],
    },
    {
        "type": "apply_patch_call",
        "id": "ap_1",
        "call_id": "call_8",
        "operation": {"type": "update_file", "path": "a.py", "diff": "+ann"},
    },
    {
        "type": "mcp_list_tools",
        "id": "mcpl_1",
        "server_label": "files",
        "tools": [{"name": "send", "description": "Send it", "input_schema": SCHEMA}],
    },
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": False},
    {"type": "next_years_item", "words": ["of next year"]},
]
TOOLS: list[Json] = [
    {"type": "function", "name": "find", "description": "Find", "parameters": SCHEMA},
    {"type": "custom", "name": "note", "format": {"type": "grammar", "definition": "a: b"}},
    {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "in_it"}]},
    {"type": "mcp", "server_label": "files", "server_url": "https://mcp.example", "headers": {}},
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
    {"type": "web_search", "user_location": {"type": "approximate", "city": "Ulm"}},
    {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file_1"]}},
]
REQUEST: Json = {
    "model": "gpt-5-mini",
    "instructions": "You serve Ann",
    "input": INPUT,
    "tools": TOOLS,
    "tool_choice": {"type": "function", "name": "find"},
    "text": {"format": {"type": "json_schema", "name": "out", "schema": SCHEMA}},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["file_search_call.results"],
    "metadata": {"case": "of Ann", "user_id": "ann"},
    "prompt": {"id": "pmpt_1", "variables": {"who": "Ann", "pic": {"type": "input_text"}}},
    "safety_identifier": "ann@example.com",
    "user": "ann",
    "next_year": {"of": "Ann"},
}


def parsed(**fields: Any) -> Exchange:
    body = {"model": "m", "input": "Hello", **fields}
    return openai_responses.parse(json.dumps(body).encode(), "x-1")


def test_a_string_is_the_users() -> None:
    exchange = parsed(instructions="Be brief")
    assert exchange.parts == (
        TextPart(("instructions",), "Be brief", Author.OPERATOR),
        TextPart(("input",), "Hello", Author.USER),
    )
    assert (exchange.stores, exchange.scope) == (True, Scope.REQUEST)


def test_the_order_is_tools_format_instructions_fields_turns() -> None:
    heads = [str(part.path[0]) for part in parsed(**REQUEST).parts]
    first = list(dict.fromkeys(heads))
    assert first[:4] == ["tools", "tool_choice", "text", "instructions"]
    assert first[4] == "input", "leading instructions stand before the other fields"
    assert first[-1] == "prompt"  # of the heads that are new; the turns' head isn't
    assert heads[-1] == "input"


#: Words of the protocol: exempt where they are declared.
_PROTOCOL = frozenset(
    {
        *("role", "type", "status", "phase", "effort", "summary", "detail", "syntax", "mode"),
        *("include", "format", "model", "required"),
    }
)


def strings(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from strings(value, (*path, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from strings(value, (*path, index))


def test_every_string_is_a_part_or_known_to_be_none() -> None:
    """What isn't inspected is a word of the protocol, an end-user id, or opaque; nothing is lost."""
    exchange = parsed(**REQUEST)
    inspected = {part.path for part in exchange.parts}
    beginnings = {path[:length] for path in inspected for length in range(len(path) + 1)}
    unread = {part.path for part in exchange.opaque} | set(exchange.pseudonyms)
    unread |= {part.path for one in exchange.signed for part in one.parts}
    for path, _ in strings(REQUEST):
        if path not in beginnings | unread:
            assert _PROTOCOL & {step for step in path[-2:] if isinstance(step, str)}, path


@pytest.mark.parametrize("item", [*INPUT, *TOOLS], ids=lambda item: str(item.get("type")))
def test_the_protocols_words_are_exempt_only_if_they_are_its_own(item: Json) -> None:
    """A value planted in place of any string of an item is found where it stands."""
    secret = "Ann Lee 4711"
    where = "tools" if item in TOOLS else "input"
    for path, _ in strings(item):
        planted = json.loads(json.dumps(item))
        node = planted
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = secret
        exchange = parsed(**{where: [planted], "store": False})
        said = [part.text for part in exchange.parts]
        sealed = {part.path for part in exchange.opaque}
        sealed |= {part.path for one in exchange.signed for part in one.parts}
        assert secret in said or (where, 0, *path) in sealed, path


def test_who_wrote_what() -> None:
    exchange = parsed(**REQUEST)
    authors = {part.path[1]: part.author for part in exchange.parts if part.path[0] == "input"}
    kinds = {INPUT[at].get("type") or INPUT[at]["role"]: authors[at] for at in authors}
    assert kinds["developer"] is Author.OPERATOR
    assert kinds["user"] is Author.USER
    assert kinds["message"] is kinds["function_call"] is kinds["reasoning"] is Author.ASSISTANT
    assert kinds["function_call_output"] is kinds["shell_call_output"] is Author.TOOL
    assert kinds["next_years_item"] is Author.USER


def test_what_cant_be_read_is_opaque_and_text_in_files_isnt() -> None:
    exchange = parsed(**REQUEST)
    kinds = {part.kind for part in exchange.opaque}
    assert kinds == {"image", "audio", "file"}
    assert [one.seals for one in exchange.signed] == [(OPAQUE,)]
    assert "Hello Ann" in [part.text for part in exchange.parts]


def test_names_have_the_alphabet_of_names() -> None:
    exchange = parsed(**REQUEST)
    names = {part.text for part in exchange.parts if part.alphabet is Alphabet.NAME}
    assert {"find", "city", "write_to_PERSON_1", "of Ann", "next_year"} <= names
    assert ("tools", 0, "parameters", "properties", Key("city")) in {p.path for p in exchange.parts}


def test_end_users_leave_as_hashes() -> None:
    exchange = parsed(**REQUEST)
    assert set(exchange.pseudonyms) == {("metadata", "user_id"), ("safety_identifier",), ("user",)}


@pytest.mark.parametrize(
    "fields",
    [
        {"include": ["reasoning.encrypted_content"]},
        {"input": [{"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}]},
    ],
)
def test_encrypted_reasoning_takes_placeholders_that_last(fields: Json) -> None:
    assert parsed(**fields).scope is Scope.PRINCIPAL


@pytest.mark.parametrize(
    "fields",
    [
        {"input": None},
        {"input": 7},
        {"input": ["Hello"]},
        {"input": [{"role": 7, "content": "x"}]},
        {"input": [{"type": [], "content": "x"}]},
        {"input": [{"type": "item_reference"}]},
        {"stream": "yes"},
        {"store": 1},
        {"tools": {}},
        {"text": []},
        {"text": {"format": "json"}},
        {"include": "all"},
        {"previous_response_id": 7},
        {"conversation": "conv_1"},
        {"background": True},
        {"model": 7},
        {"model": ""},
    ],
    ids=json.dumps,
)
def test_what_has_another_shape_is_refused(fields: Json) -> None:
    with pytest.raises(BadRequest):
        parsed(**fields)
