"""What the strict parse refuses, what it keeps to the character, and that it never quotes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.errors import BadRequest
from proxy.wire import strict_json
from proxy.wire.strict_json import MAX_DEPTH, MAX_NUMBER_CHARS, Ambiguous, Number, dumps, parse

PLANTED = "Zarathustra"


def nested(depth: int, opening: str = "[", closing: str = "]", inside: str = "") -> str:
    return opening * depth + inside + closing * depth


REFUSED = {
    "duplicate key": '{"a": 1, "a": 2}',
    "duplicate key, the same value": '{"a": 1, "a": 1}',
    "duplicate key in depth": '{"a": [{"b": {"c": 1, "d": 2, "c": 3}}]}',
    "duplicate key spelled with an escape": '{"a": 1, "\\u0061": 2}',
    "duplicate empty key": '{"": 1, "": 2}',
    "NaN": '{"a": NaN}',
    "Infinity": "[Infinity]",
    "minus Infinity": "[-Infinity]",
    "lone high surrogate": '["\\ud83d"]',
    "lone low surrogate": '["\\uDE00"]',
    "surrogates the wrong way round": '["\\ude00\\ud83d"]',
    "lone surrogate in a key": '{"\\uD83D": 1}',
    "lone surrogate in a key in depth": '[{"a": [{"\\ud83d": 1}]}]',
    "escaped NUL": '["a\\u0000b"]',
    "escaped NUL in a key": '{"a\\u0000b": 1}',
    "raw NUL": '["a\x00b"]',
    "raw control character": '["a\nb"]',
    "byte order mark": "\ufeff{}",
    "trailing garbage": "{} {}",
    "trailing comma": "[1,]",
    "nothing": "",
    "white space that isn't JSON's": "\u00a0{}",
    "single quotes": "{'a': 1}",
    "comment": "{/* */}",
    "leading zero": "[01]",
    "plus sign": "[+1]",
    "hexadecimal": "[0x10]",
    "bare fraction": "[.5]",
    "full-width digits": "[\uff11]",
    "unquoted key": "{a: 1}",
    "unfinished string": '["a',
    "number without an end": "9" * 5_000,
    "number one too long": "9" * (MAX_NUMBER_CHARS + 1),
    "fraction one too long": "0." + "1" * (MAX_NUMBER_CHARS - 1),
    "10,000 arrays": nested(10_000),
    "10,000 objects": nested(10_000, '{"a":', "}", "1"),
    "10,000 of both": nested(5_000, '[{"a":', "}]", "1"),
    "10,000 arrays that never end": "[" * 10_000,
    "one array too deep": nested(MAX_DEPTH + 1),
    "one object too deep": nested(MAX_DEPTH + 1, '{"a":', "}", "1"),
    "too deep for the writer only": nested(300),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("encode", [str, str.encode], ids=["text", "bytes"])
def test_refuses(text: str, encode: Any) -> None:
    with pytest.raises(BadRequest):
        parse(encode(text))


@pytest.mark.parametrize(
    "body",
    [b'["\xed\xa0\xbd"]', b'["\xff"]', b'["\xc0\x80"]', '{"a": 1}'.encode("utf-16")],
    ids=["encoded surrogate", "no such byte", "overlong NUL", "UTF-16"],
)
def test_refuses_what_isnt_utf_8(body: bytes) -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        parse(body)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_up_to_the_limit_is_read_and_written(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    text = nested(MAX_DEPTH, opening, closing, "1")
    assert dumps(parse(text)).decode() == text


def test_many_brackets_side_by_side_are_not_deep() -> None:
    text = "[" + ",".join(["[{}]"] * 500) + "]"
    assert dumps(parse(text)).decode() == text


@pytest.mark.parametrize(
    "source",
    [
        *("0", "-1", "999999999999999", "-99999999999999"),
        *("-0", "-0.0", "1.0", "1.10", "0.1", "1E400", "1e+5", "1E-400", "123456789.10"),
        *("12345678901234567890", "9007199254740993", "0.1000000000000000055511151231257827"),
        "9" * MAX_NUMBER_CHARS,
    ],
)
def test_a_number_keeps_its_source_text(source: str) -> None:
    text = f'{{"a":[{source}]}}'
    assert dumps(parse(text)).decode() == text


def test_a_common_parser_would_lose_them() -> None:
    # What the test above protects from: the same round trip with Python's own parser.
    assert json.dumps(json.loads("[1.10,1E400]")) != "[1.10,1E400]"


def test_small_integers_are_plain_and_everything_else_is_its_text() -> None:
    assert parse("[1, 1.0, 1234567890123456]") == [1, Number("1.0"), Number("1234567890123456")]


def test_a_surrogate_pair_and_an_escaped_backslash_are_fine() -> None:
    assert parse('["\\ud83d\\ude00", "\\\\u0000", "\\\\ud800"]') == ["😀", "\\u0000", "\\ud800"]


def test_a_later_escape_is_seen_behind_an_escaped_backslash() -> None:
    with pytest.raises(BadRequest):
        parse('["\\\\u0000", "\\u0000"]')


def test_keys_may_repeat_in_different_objects() -> None:
    assert parse('[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


def test_only_what_readers_disagree_about_is_ambiguous() -> None:
    for text in ('{"a": 1, "a": 2}', nested(MAX_DEPTH + 1), nested(10_000)):
        with pytest.raises(Ambiguous):
            parse(text)
    for text in ("NaN", '["\\ud800"]', "{"):
        with pytest.raises(BadRequest) as caught:
            parse(text)
        assert not isinstance(caught.value, Ambiguous)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_an_error_never_quotes_the_text(text: str) -> None:
    body = text.replace('"a"', f'"{PLANTED}"').replace("a", PLANTED) + f' "{PLANTED}'
    with pytest.raises(BadRequest) as caught:
        parse(body)
    error = caught.value
    assert PLANTED not in error.message + error.hint + repr(error) + repr(error.args)
    assert error.__cause__ is None
    # The parser's own exception holds the whole text; it must not be printed with ours.
    assert error.__context__ is None or error.__suppress_context__


def test_dumps_writes_what_no_parse_returns_never() -> None:
    with pytest.raises(TypeError):
        dumps({"a": {1, 2}})
    with pytest.raises(TypeError):
        dumps([1.5, object()])


def test_indentation_is_kept_where_asked() -> None:
    assert dumps({"a": Number("1.0")}, indent=True) == b'{\n  "a": 1.0\n}'


def test_is_json_tells_documents_from_text_about_them() -> None:
    assert strict_json.is_json('{"a": 1, "a": 2}')
    assert not strict_json.is_json('{"a": 1, "a": 2} is wrong, isn\'t it?')
