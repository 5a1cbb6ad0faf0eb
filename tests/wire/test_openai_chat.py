"""Chat Completions requests: every place that can carry data, in the order it is numbered."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.errors import BadRequest
from proxy.exchange import Alphabet, Author, Exchange, Inside, Key, Path
from proxy.wire import openai_chat
from tests.wire.asking import HELLO, WEATHER, parsed

JSON, DATA = Inside.JSON, Inside.DATA_URL

SHORT = {Alphabet.TEXT: "text", Alphabet.NAME: "name", Alphabet.DIGITS: "digits"}


def found(exchange: Exchange) -> list[tuple[Path, str, str, str, str]]:
    """Path, text, alphabet, reach and author of every part."""
    return [
        (p.path, p.text, SHORT[p.alphabet], p.reach.value, p.author.value) for p in exchange.parts
    ]


def texts(exchange: Exchange) -> list[str]:
    return [part.text for part in exchange.parts]


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
