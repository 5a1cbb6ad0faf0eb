"""Chat Completions requests: every place that can carry data, in the order it is numbered."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest

from proxy.errors import BadRequest, PolicyRefused, PrivetError, ProviderRefused, Unauthenticated
from proxy.exchange import Alphabet, Author, Exchange, Inside, Key, Path
from proxy.wire import BY_PATH, DIALECTS, openai_chat

JSON, DATA = Inside.JSON, Inside.DATA_URL
HELLO = [{"role": "user", "content": "Hello"}]

SHORT = {Alphabet.TEXT: "text", Alphabet.NAME: "name", Alphabet.DIGITS: "digits"}


def parsed(**fields: Any) -> Exchange:
    body = json.dumps({"model": "m", "messages": HELLO, **fields}).encode()
    return openai_chat.parse(body, "x-1")


def found(exchange: Exchange) -> list[tuple[Path, str, str, str, str]]:
    """Path, text, alphabet, reach and author of every part."""
    return [
        (p.path, p.text, SHORT[p.alphabet], p.reach.value, p.author.value) for p in exchange.parts
    ]


def texts(exchange: Exchange) -> list[str]:
    return [part.text for part in exchange.parts]


def written(exchange: Exchange, edits: dict[Path, str], model: str = "m") -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(openai_chat.write(exchange, edits, model))
    return tree


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "home city": {"type": ["string", "null"], "enum": ["Ulm"], "description": "Where"},
                "day": {"$ref": "#/$defs/day"},
            },
            "$defs": {"day": {"type": "string", "format": "date", "maxLength": 10}},
            "required": ["home city"],
            "additionalProperties": False,
        },
    },
}


# What a request holds.


def test_the_parts_come_in_the_adapters_order() -> None:
    """Tools, response format, leading instructions, other fields by name, then the turns."""
    exchange = parsed(
        zeta="z",
        alpha=["a"],
        messages=[
            {"role": "system", "content": "s1"},
            {"role": "developer", "content": "s2"},
            {"role": "user", "content": "u"},
            {"role": "system", "content": "s3"},
        ],
        response_format={"type": "json_schema", "json_schema": {"name": "f", "schema": {}}},
        tools=[{"type": "custom", "custom": {"name": "t"}}],
    )
    assert found(exchange) == [
        (("tools", 0, "custom", "name"), "t", "name", "patterns", "schema"),
        (("response_format", "json_schema", "name"), "f", "name", "patterns", "schema"),
        (("messages", 0, "content"), "s1", "text", "full", "operator"),
        (("messages", 1, "content"), "s2", "text", "full", "operator"),
        ((Key("alpha"),), "alpha", "name", "patterns", "field"),
        (("alpha", 0), "a", "text", "full", "field"),
        ((Key("zeta"),), "zeta", "name", "patterns", "field"),
        (("zeta",), "z", "text", "full", "field"),
        (("messages", 2, "content"), "u", "text", "full", "user"),
        (("messages", 3, "content"), "s3", "text", "full", "operator"),
    ]


def test_the_order_doesnt_depend_on_the_jsons() -> None:
    first = parsed(alpha="a", zeta="z", tools=[WEATHER])
    second = parsed(tools=[WEATHER], zeta="z", alpha="a")
    assert first.parts == second.parts


def test_a_tool_is_names_texts_and_a_schema() -> None:
    at: Path = ("tools", 0, "function")
    schema: Path = (*at, "parameters")
    home: Path = (*schema, "properties", "home city")
    assert found(parsed(tools=[WEATHER], messages=HELLO))[:-1] == [
        ((*at, "name"), "weather", "name", "patterns", "schema"),
        ((*at, "description"), "Tell the weather", "text", "full", "schema"),
        ((*schema, "properties", Key("home city")), "home city", "name", "full", "schema"),
        ((*home, "enum", 0), "Ulm", "text", "full", "schema"),
        ((*home, "description"), "Where", "text", "full", "schema"),
        ((*schema, "properties", Key("day")), "day", "name", "patterns", "schema"),
        ((*schema, "properties", "day", "$ref"), "#/$defs/day", "name", "full", "schema"),
        ((*schema, "$defs", Key("day")), "day", "name", "patterns", "schema"),
        ((*schema, "required", 0), "home city", "name", "full", "schema"),
    ]


def test_a_tool_choice_is_a_name_or_a_word_of_the_protocol() -> None:
    for word in ("none", "auto", "required"):
        assert texts(parsed(tool_choice=word)) == ["Hello"]
    assert texts(parsed(tool_choice="Zoe")) == ["Zoe", "Hello"]
    chosen = parsed(tool_choice={"type": "function", "function": {"name": "f"}})
    assert found(chosen)[0] == (
        *(("tool_choice", "function", "name"), "f", "name", "patterns", "schema"),
    )
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}
    exchange = parsed(tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    path = ("tool_choice", "allowed_tools", "tools", 0, "function", "name")
    assert found(exchange)[0] == (path, "f", "name", "patterns", "schema")


def test_a_custom_tools_grammar_is_text() -> None:
    grammar = {"syntax": "lark", "definition": "start: /Zoe/"}
    tool = {
        "type": "custom",
        "custom": {"name": "t", "format": {"type": "grammar", "grammar": grammar}},
    }
    assert texts(parsed(tools=[tool])) == ["t", "start: /Zoe/", "Hello"]


def test_legacy_functions_are_tools() -> None:
    exchange = parsed(functions=[{"name": "f", "parameters": {}}], function_call={"name": "f"})
    assert [(part.path, part.alphabet, part.author) for part in exchange.parts[:-1]] == [
        (("functions", 0, "name"), Alphabet.NAME, Author.SCHEMA),
        (("function_call", "name"), Alphabet.NAME, Author.SCHEMA),
    ]
    assert texts(parsed(function_call="auto")) == ["Hello"]


def test_a_conversation_with_tools() -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"home city": "Ulm"}'},
    }
    messages = [
        {"role": "user", "content": "Weather?", "name": "Zoe"},
        {"role": "assistant", "content": None, "tool_calls": [call], "refusal": "No."},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"sky": "grey"}'},
        {"role": "function", "name": "weather", "content": "wet"},
    ]
    city: Path = ("messages", 1, "tool_calls", 0, "function", "arguments", JSON)
    assert found(parsed(messages=messages)) == [
        (("messages", 0, "content"), "Weather?", "text", "full", "user"),
        (("messages", 0, "name"), "Zoe", "name", "full", "user"),
        (("messages", 1, "tool_calls", 0, "id"), "call_1", "name", "patterns", "assistant"),
        (city[:-2] + ("name",), "weather", "name", "patterns", "assistant"),
        ((*city, Key("home city")), "home city", "name", "full", "assistant"),
        ((*city, "home city"), "Ulm", "text", "full", "assistant"),
        (("messages", 1, "refusal"), "No.", "text", "full", "assistant"),
        (("messages", 2, "tool_call_id"), "call_1", "name", "patterns", "tool"),
        (("messages", 2, "content", JSON, Key("sky")), "sky", "name", "patterns", "tool"),
        (("messages", 2, "content", JSON, "sky"), "grey", "text", "full", "tool"),
        (("messages", 3, "name"), "weather", "name", "patterns", "tool"),
        (("messages", 3, "content"), "wet", "text", "full", "tool"),
    ]


def test_a_custom_call_and_a_legacy_call() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "Zoe's rows"}}
    legacy = {"name": "f", "arguments": '{"who": "Zoe"}'}
    message = {"role": "assistant", "tool_calls": [custom], "function_call": legacy}
    assert texts(parsed(messages=[message])) == ["c", "sql", "Zoe's rows", "f", "who", "Zoe"]


def test_list_content_of_every_kind() -> None:
    audio = "UklGR" * 20
    content = [
        {"type": "text", "text": "Look:"},
        {"type": "refusal", "refusal": "No."},
        {"type": "image_url", "image_url": {"url": "https://x.test/zoe.png", "detail": "low"}},
        {"type": "image_url", "image_url": "https://x.test/ann.png"},
        {"type": "input_audio", "input_audio": {"data": audio, "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:text/plain,Bob", "filename": "Bob CV.txt"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "video_url", "video_url": {"url": "https://x.test/v.mp4"}},
        {"type": "hologram", "hologram": {"of": "Eve"}},
    ]
    exchange = parsed(messages=[{"role": "user", "content": content}])
    assert [(part.path[4:], part.kind) for part in exchange.opaque] == [
        (("image_url", "url"), "image"),
        (("image_url",), "image"),
        (("input_audio", "data"), "audio"),
        (("file", "file_id"), "file"),
        (("video_url", "url"), "video"),
    ]
    assert texts(exchange) == [
        *("Look:", "No.", "https://x.test/zoe.png", "https://x.test/ann.png", "Bob", "Bob CV.txt"),
        *("file-1", "https://x.test/v.mp4", "hologram", "hologram", "of", "Eve"),
    ]


def test_an_earlier_answers_audio_is_opaque() -> None:
    exchange = parsed(messages=[{"role": "assistant", "audio": {"id": "audio_1"}}])
    assert [(part.path, part.kind) for part in exchange.opaque] == [
        (("messages", 0, "audio", "id"), "audio")
    ]


def test_end_user_ids_are_pseudonyms() -> None:
    exchange = parsed(
        user="zoe", safety_identifier="s", prompt_cache_key="k", metadata={"user_id": "u"}
    )
    assert exchange.pseudonyms == (
        *(("metadata", "user_id"), ("prompt_cache_key",), ("safety_identifier",), ("user",)),
    )
    assert texts(exchange) == ["Hello"]


def test_other_fields_that_carry_data() -> None:
    exchange = parsed(
        metadata={"case of": "Zoe"},
        prediction={"type": "content", "content": [{"type": "text", "text": "Zoe wrote"}]},
        stop=["Zoe:", "\n"],
        logit_bias={"50256": -100},
        seed=1234567890,
        web_search_options={"user_location": {"approximate": {"city": "Ulm"}}},
    )
    assert found(exchange)[:-1] == [
        ((("logit_bias", Key("50256"))), "50256", "name", "patterns", "field"),
        ((("metadata", Key("case of"))), "case of", "name", "full", "field"),
        (("metadata", "case of"), "Zoe", "name", "full", "field"),
        (("prediction", "content", 0, "text"), "Zoe wrote", "text", "full", "field"),
        (("seed",), "1234567890", "digits", "patterns", "field"),
        (("stop", 0), "Zoe:", "text", "full", "field"),
        (("stop", 1), "\n", "text", "full", "field"),
        *(
            (("web_search_options", *path), text, "name", "patterns", "field")
            for path, text in (
                ((Key("user_location"),), "user_location"),
                (("user_location", Key("approximate")), "approximate"),
                (("user_location", "approximate", Key("city")), "city"),
            )
        ),
        (
            ("web_search_options", "user_location", "approximate", "city"),
            *("Ulm", "text", "full", "field"),
        ),
    ]


def test_the_protocols_own_words_are_exempt() -> None:
    exchange = parsed(
        stream=True,
        stream_options={"include_usage": True},
        n=2,
        temperature=0.7,
        reasoning_effort="high",
        service_tier="flex",
        verbosity="low",
        modalities=["text", "audio"],
        audio={"format": "wav", "voice": "nova"},
        response_format={"type": "json_object"},
        parallel_tool_calls=False,
    )
    assert texts(exchange) == ["Hello"]
    assert (exchange.stream, exchange.json_answer, exchange.model) == (True, True, "m")


@pytest.mark.parametrize(
    "fields",
    [
        *({"reasoning_effort": "Zoe"}, {"service_tier": "Zoe"}, {"modalities": ["Zoe"]}),
        *({"audio": {"voice": "Zoe"}}, {"stream_options": {"Zoe": True}}, {"verbosity": ["Zoe"]}),
        *({"response_format": {"type": "Zoe"}}, {"messages": [{"role": "Zoe", "content": ""}]}),
        *({"next_years_field": {"deep": ["Zoe"]}}, {"Zoe": None}, {"tool_choice": ["Zoe"]}),
        *({"n": None, "logprobs": "Zoe"}, {"store": {"Zoe": 1}}, {"user": {"id": "Zoe"}}),
    ],
)
def test_anything_else_in_their_place_is_inspected(fields: dict[str, Any]) -> None:
    assert "Zoe" in texts(parsed(**fields))


# What isn't a request.


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        *[({"model": 7}, "`model`"), ({"model": ""}, "`model`"), ({"model": None}, "`model`")],
        *[({"messages": None}, "`messages`"), ({"messages": []}, "`messages`")],
        *[({"messages": "hi"}, "`messages`"), ({"messages": ["hi"]}, r"`messages\[0\]`")],
        ({"messages": [*HELLO, {"content": "x"}]}, r"`messages\[1\]`"),
        ({"messages": [{"role": 1}]}, r"`messages\[0\]`"),
        ({"messages": [{"role": "user", "content": 7}]}, r"`messages\[0\].content`"),
        ({"messages": [{"role": "user", "content": {"a": 1}}]}, r"`messages\[0\].content`"),
        (
            {"messages": [{"role": "assistant", "tool_calls": {}}]},
            r"`messages\[0\].tool_calls`",
        ),
        *[({"stream": "yes"}, "`stream`"), ({"stream": 1}, "`stream`"), ({"tools": {}}, "`tools`")],
        *[({"functions": "f"}, "`functions`"), ({"n": "2"}, "`n`")],
        *[
            ({"response_format": "json"}, "`response_format`"),
            ({"stream_options": []}, "`stream_o"),
        ],
    ],
)
def test_wrong_types_are_refused_by_name(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(BadRequest, match=place):
        parsed(**fields)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"{}", b"", b"\xff", b"{"])
def test_what_isnt_an_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        openai_chat.parse(body, "x")


def test_messages_may_be_as_deep_as_anything_else() -> None:
    def inside(levels: int, text: str) -> list[dict[str, Any]]:
        content: Any = text
        for _ in range(levels):
            content = [content]
        return [{"role": "user", "content": content}]

    # The body, `messages` and the message are three levels already; a document's string is one.
    assert texts(parsed(messages=inside(97, "x"))) == ["x"]
    assert texts(parsed(messages=inside(94, '[["x"]]'))) == ["x"]
    for levels, text in ((98, "x"), (94, '[[["x"]]]')):
        with pytest.raises(BadRequest, match="deeper"):
            parsed(messages=inside(levels, text))


# What goes out.


def test_an_unchanged_request_keeps_its_bytes() -> None:
    body = (
        b'{ "model":"m",\t"messages":[{"role":"user","content":"Gr\\u00fc\\u00dfe"}],"top_p":1.0}'
    )
    exchange = openai_chat.parse(body, "x")
    assert openai_chat.write(exchange, {}, "m") is body


def test_another_model_changes_nothing_but_the_model() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user","content":"x"}],"a":1.10,"b":1E400,"stop":null}'
    )
    exchange = openai_chat.parse(body, "x")
    assert openai_chat.write(exchange, {}, "other") == body.replace(b'"m"', b'"other"')


def test_an_edit_changes_its_place_only() -> None:
    exchange = parsed(seed=12345678901234567890, tools=[WEATHER])
    path: Path = ("messages", 0, "content")
    expected = json.loads(exchange.body)
    expected["messages"][0]["content"] = "<PERSON_1>"
    del expected["tools"][0]["function"]["parameters"]["$defs"]["day"]["format"]
    del expected["tools"][0]["function"]["parameters"]["$defs"]["day"]["maxLength"]
    assert written(exchange, {path: "<PERSON_1>"}) == expected


def test_schemas_are_relaxed_only_where_values_are_hidden() -> None:
    tight = parsed(tools=[WEATHER], user="zoe")
    assert openai_chat.relaxed(tight)
    assert not openai_chat.relaxed(parsed())
    # An end-user id always leaves as a hash: that alone loosens nothing.
    kept = written(tight, {("user",): "user-1"})
    assert kept["tools"] == [WEATHER]
    assert kept["user"] == "user-1"


def test_only_keywords_are_relaxed_and_only_in_schemas() -> None:
    schema = {
        "type": "object",
        "format": "custom",
        "properties": {
            "format": {"type": "string", "format": "email", "pattern": "^a"},
            "pattern": {"anyOf": [{"maxLength": 3}, {"items": {"minLength": 1, "minItems": 1}}]},
        },
        "items": [{"contentEncoding": "base64"}],
        "default": {"format": "kept", "pattern": "kept"},
        "required": ["format", "pattern"],
    }
    response_format = {"type": "json_schema", "json_schema": {"name": "format", "schema": schema}}
    exchange = parsed(response_format=response_format, pattern="p", format={"format": "f"})
    out = written(exchange, {("messages", 0, "content"): "<P>"})
    assert out["response_format"]["json_schema"]["schema"] == {
        "type": "object",
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


def test_a_renamed_property_is_renamed_where_it_is_named() -> None:
    exchange = parsed(tools=[WEATHER])
    named = [part.path for part in exchange.parts if part.text == "home city"]
    out = written(exchange, dict.fromkeys(named, "LOCATION_1"))
    schema = out["tools"][0]["function"]["parameters"]
    assert list(schema["properties"]) == ["LOCATION_1", "day"]
    assert schema["required"] == ["LOCATION_1"]


# Errors.


def raised(failure: PrivetError) -> openai.APIStatusError:
    """What the official SDK makes of an error of ours."""
    body = openai_chat.error(failure, "pvr-1")
    transport = httpx.MockTransport(lambda _: httpx.Response(failure.status, content=body))
    with (
        httpx.Client(transport=transport) as http,
        openai.OpenAI(base_url="http://x.test", api_key="k", http_client=http, max_retries=0) as ai,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        ai.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    return caught.value


@pytest.mark.parametrize(
    ("failure", "kind", "type_"),
    [
        (Unauthenticated("Who?"), openai.AuthenticationError, "authentication_error"),
        (PolicyRefused("No."), openai.PermissionDeniedError, "permission_error"),
        (BadRequest("What?"), openai.BadRequestError, "invalid_request_error"),
        (PrivetError("Oh."), openai.InternalServerError, "server_error"),
        (
            ProviderRefused(429, "Slow.", kind="tokens", code="rate_limit"),
            *(openai.RateLimitError, "tokens"),
        ),
    ],
)
def test_sdks_understand_our_errors(
    failure: PrivetError, kind: type[openai.APIStatusError], type_: str
) -> None:
    error = raised(failure)
    assert type(error) is kind
    assert (error.code, error.type, error.param) == (failure.code, type_, None)
    assert failure.message in error.message


def test_a_refusal_names_its_rule_and_what_would_help() -> None:
    body = openai_chat.error(PolicyRefused("No.", hint="Ask.", rule="no-cards"), "pvr-1")
    assert json.loads(body)["error"] == {
        "message": "No. Ask.",
        "type": "permission_error",
        "param": None,
        "code": "policy_refused",
        "request_id": "pvr-1",
        "rule": "no-cards",
    }


def test_the_dialect_is_listed_once_under_its_route() -> None:
    assert [dialect.name for dialect in DIALECTS] == ["openai.chat"]
    assert BY_PATH["/v1/chat/completions"].parse is openai_chat.parse
