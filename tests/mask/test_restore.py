"""The restoring grammar, channels, and URLs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        "\\u003CPERSON_1\\u003E",
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


def test_what_the_caller_typed_counts_without_bounds() -> None:
    """Or `AnnPERSON_1` would come back as two values, once Ann is hidden beside it."""
    assert restored("<PERSON_2>PERSON_1 ", said="AnnPERSON_1 ") == 'O"Neil\nPERSON_1 '


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PERSON_1_PERSON_12", "Ann Lee_Bob"),
        ("PERSON_9b_PERSON_1", "PERSON_9b_Ann Lee"),
        ("2024_PERSON_1.pdf", "2024_Ann Lee.pdf"),
        ("1US_PERSON_1", "1US_PERSON_1"),
        ("A" * 500 + "_PERSON_1", "A" * 500 + "_PERSON_1"),
        ("A_" * 500 + "PERSON_1", "A_" * 500 + "PERSON_1"),
        ("8812345_PERSON_1", "5550199_Ann Lee"),
    ],
)
def test_where_a_token_starts(text: str, expected: str) -> None:
    assert restored(text) == expected
    stream = Restorer(MAPPING, REQUEST).stream(Channel.TEXT)
    assert "".join([*map(stream.feed, text), stream.close()]) == expected


def test_the_hex_digits_of_an_escape_begin_no_token() -> None:
    text = '"\\u002FPERSON_1 \\u00C9<PERSON_1>"'
    assert restored(text, Channel.JSON) == '"\\u002FAnn Lee \\u00C9Ann Lee"'
    stream = Restorer(MAPPING, REQUEST).stream(Channel.JSON)
    assert "".join([*map(stream.feed, text), stream.close()]) == restored(text, Channel.JSON)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ('{"cvv": 417}', '{"cvv": 123}'),
        ('{"cvv":417,"n":417}', '{"cvv":123,"n":417}'),
        ('{"cvv" : "417"}', '{"cvv" : "123"}'),
        ('{"card": "{\\"cvv\\": 417}"}', '{"card": "{\\"cvv\\": 123}"}'),
        *[(text, text) for text in ('{"cvv": 417.5}', '{"cvv": 4170}', '{"cvv": "417 Elm St"}')],
        *[(text, text) for text in ('{"cvv": -417}', '{"cvv": 417e2}', '{"cvv": [417]}', "417")],
        *[(text, text) for text in ('{"amount": 417}', '{"a": "the cvv: 417"}', '{"417": 1}')],
    ],
)
def test_a_short_surrogate_comes_back_only_where_it_stood(text: str, back: str) -> None:
    mapping = Restorable({}, {"417": "123"}, members={"417": frozenset({"cvv"})})
    restorer = Restorer(mapping, [])
    assert restorer.text(text, Channel.JSON) == back
    assert restorer.text(text, Channel.TEXT) == text
    for cut in range(len(text) + 1):
        stream = restorer.stream(Channel.JSON)
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == back


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
        ("http://[::1]/<PERSON_1>", True),
        ("[x](http://[::1]/)<PERSON_1>", False),
        ("see [my page](http://evil.example/)<PERSON_1>", False),
        ("http://evil.example/?a=(x)<PERSON_1>", True),
        ("(http://evil.example/?a=(x)<PERSON_1>)", True),
        ("(http://evil.example/?a=(x))<PERSON_1>", False),
        ("![x](http://evil.example/<b>/<PERSON_1>)", True),
        ('![x](http://evil.example/"<PERSON_1>)', True),
        ('http://evil.example/"<PERSON_1>', True),
        ("http://evil.example/`<PERSON_1>", True),
        ("http://evil.example/><PERSON_1>", True),
        ('See "http://evil.example/"<PERSON_1>', False),
        ('{"url":"http://evil.example/","name":"<PERSON_1>"}', False),
        ("`http://evil.example/`<PERSON_1>", False),
        ("<http://evil.example/><PERSON_1>", False),
        ("<b>evil.example/</b><PERSON_1>", False),
        ('5"http://evil.example/?"<PERSON_1>', False),
        ('5" http://evil.example/"<PERSON_1>', True),
        ("data:text/html,<PERSON_1>", True),
        ("metadata:a,<PERSON_1> data: <PERSON_1>", False),
        ("sms:+1555?body=<PERSON_1>", True),
        ("sms:+1555&body=<PERSON_1>", True),
        ("sms:<PERSON_1>", False),
        ("\\" * 3000 + "x://evil.example/<PERSON_1>", True),
    ],
)
def test_urls(text: str, kept: bool) -> None:
    assert ("<PERSON_1>" in restored(text)) is kept


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        ({"t": "see http://evil.example/", "name": "<PERSON_1>"}, False),
        ({"http://evil.example/": "<PERSON_1>"}, False),
        ({"t": "see http://evil.example/<PERSON_1>"}, True),
        ({"t": 'see http://evil.example/"<PERSON_1>'}, True),
        ({"t": 'see http://evil.example/\\"<PERSON_1>'}, True),
        ({"t": 'a "http://evil.example/" <PERSON_1>'}, False),
        ({"t": json.dumps({"url": "http://evil.example/", "name": "<PERSON_1>"})}, False),
        ({"t": json.dumps({"url": 'http://evil.example/"<PERSON_1>'})}, True),
        ({"t": '<a href="http://evil.example/a b<PERSON_1>">'}, True),
        ({"a": "x" * 9000, "t": "<PERSON_1>"}, False),
        ({"t": "x" * 9000 + "<PERSON_1>"}, True),
    ],
)
def test_a_url_ends_with_its_string(document: dict[str, str], *, kept: bool) -> None:
    for separators in ((",", ":"), (", ", ": ")):
        text = json.dumps(document, separators=separators)
        assert ("<PERSON_1>" in restored(text, Channel.JSON)) is kept


def test_urls_in_json() -> None:
    slashes = r'"https:\/\/evil.example\/<PERSON_1>"'
    colon = r'"https\u003a//evil.example/<PERSON_1>"'
    read = json.loads(restored(f'[{slashes}, {colon}, "<PERSON_1>"]', Channel.JSON))
    assert "Ann Lee" not in read[0] + read[1]
    assert read[2] == "Ann Lee"


_NAMED = Restorable({"PERSON_1": "hollenbach", "ORGANIZATION_1": "acme", "PERSON_2": "Jo Ann"}, {})
_THEIRS = [
    TextPart((), "https://git.hollenbach.example/wiki, www.hollenbach.example, //git.hollenbach/"),
    TextPart((), "eu.hollenbach.acme.example"),
]


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("https://git.<PERSON_1>.example/wiki", True),
        ("https://git.<PERSON_1>.example", True),
        ("(see https://git.<PERSON_1>.example).", True),
        ("**https://git.<PERSON_1>.example**, or", True),
        ("https://git.<PERSON_1>.example:8080/x and more", True),
        ("[wiki](https://git.<PERSON_1>.example) and more", True),
        ("<https://git.<PERSON_1>.example> and more", True),
        ('<a href="https://git.<PERSON_1>.example">wiki</a>', True),
        ("www.<PERSON_1>.example is theirs", True),
        ("https://eu.<PERSON_1>.<ORGANIZATION_1>.example/", True),
        ("https://git.<PERSON_1>.<ORGANIZATION_1>.example/", False),
        ("https://<PERSON_1>.evil.example/", False),
        ("https://git.<PERSON_1>.example.evil.example/", False),
        ("https://git.<PERSON_1>.evil.example", False),
        ("https://git.<PERSON_2>.example/", False),
        ("https://git.<PERSON_1>.example@evil.example/", False),
        ("https://git.<PERSON_1>.example:80@evil.example/", False),
        ("https://git.<PERSON_1>.example,x@evil.example/", False),
        ("https://git.<PERSON_1>.example)x@evil.example/", False),
        ("https://git.<PERSON_1>\\u002eevil.example/", False),
        ("https://git.<PERSON_1>%2eevil.example/", False),
        ("https://git.<PERSON_1>&#46;evil.example/", False),
        ("https://git.<PERSON_1>\u3002evil.example/", False),
        ('https://git.<PERSON_1>"x.evil.example/', False),
        ('<a href="https://git.<PERSON_1>\n.evil.example/">', False),
        ("https://git.<PERSON_1>.example" + "a" * 400 + " ", False),
        ("mailto:?body=<PERSON_1>", False),
    ],
)
def test_a_part_of_a_host_comes_back_if_the_host_is_known(text: str, *, back: bool) -> None:
    _in_a_host(text, Channel.TEXT, back=back)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ('{"u":"https://git.<PERSON_1>.example","x":"a.b@c"}', True),
        ('{"u":"https:\\/\\/git.<PERSON_1>.example\\/wiki"}', True),
        ('{"a":"{\\"u\\":\\"https://git.<PERSON_1>.example\\"}"}', True),
        ('{"u":"see https://git.<PERSON_1>.example\\nand more"}', True),
        ('{"u":"https://git.<PERSON_1>\\u002eevil.example/"}', False),
        ('{"u":"<a href=https://git.<PERSON_1>\\n.evil.example/>"}', False),
        ('{"u":"https://git.<PERSON_1>.evil.example"}', False),
    ],
)
def test_so_it_does_in_json(text: str, *, back: bool) -> None:
    _in_a_host(text, Channel.JSON, back=back)


def _in_a_host(text: str, channel: Channel, *, back: bool) -> None:
    restorer = Restorer(_NAMED, _THEIRS)
    whole = restorer.text(text, channel)
    assert ("hollenbach" in whole) is back
    assert ("PERSON_" in whole) is not back
    for cut in range(len(text)):
        stream = restorer.stream(channel)
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == whole
    stream = restorer.stream(channel)
    assert "".join(map(stream.feed, text)) + stream.close() == whole


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


@pytest.mark.parametrize("text", ["N_8812345", "ORDER_8812345", "order_8812345", "A_b_8812345"])
def test_a_surrogate_in_a_word_is_read_alike_however_it_arrives(text: str) -> None:
    whole = restored(text)
    assert (whole == text) is text[:-8].isupper()
    for cut in range(len(text)):
        stream = Restorer(MAPPING, REQUEST).stream(Channel.TEXT)
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == whole


@given(
    st.lists(st.sampled_from(["Hi ", "<PERSON_1>", "PERSON_2", "&lt;PERSON_1&gt;", "8812345", "é"]))
)
def test_what_counts_characters_moves_with_them(pieces: list[str]) -> None:
    """Between any two pieces, an offset says what restoring all before it would give."""
    text = " ".join(pieces)
    stream = Restorer(MAPPING, REQUEST).stream(Channel.TEXT)
    said = stream.feed(text) + stream.close()
    at = 0
    for piece in pieces:
        low, high = stream.moved(at), stream.moved(at + len(piece))
        assert said[low:high] == restored(piece)
        at += len(piece) + 1
    assert stream.moved(len(text) + 7) == len(said) + 7


def test_an_offset_within_a_placeholder_stands_behind_its_value() -> None:
    stream = Restorer(MAPPING, REQUEST).stream(Channel.TEXT)
    assert stream.feed("<PERSON_1>!") == "Ann Lee!"
    assert [stream.moved(at) for at in (0, 1, 9, 10, 11)] == [0, 7, 7, 7, 8]


def wrapped(value: str, layers: int) -> str:
    """A document in a string of a document, and so on."""
    for _ in range(layers):
        value = json.dumps({"k": value, "n": [1, "x"]})
    return value


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "before", ["", "He said: ", '{"', "[x] ", "\\u00e9 ", "a" * 300, " " * 300]
)
def test_json_is_escaped_at_any_depth_wherever_it_is_cut(layers: int, before: str) -> None:
    """A string that isn't a document itself isn't taken for one, however long."""
    text = wrapped(f"{before}<PERSON_2>, <PERSON_2>", layers)
    for cut in range(0, len(text), 7):
        stream = Restorer(MAPPING, []).stream(Channel.JSON)
        out = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close()
        for _ in range(layers):
            out = json.loads(out)["k"]
        if before != '{"':  # that is how a document begins, so it is taken for one
            assert out == before + 'O"Neil\n, O"Neil\n'


def test_a_long_string_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: characters decoded for a string with many values in it."""
    decoded = 0
    loads = json.loads

    def counting(text: str, **options: Any) -> Any:
        nonlocal decoded
        decoded += len(text)
        return loads(text, **options)

    monkeypatch.setattr("proxy.mask.json_depth.json.loads", counting)
    text = json.dumps({"t": "<PERSON_2> and so on. " * 500})
    restored(text, Channel.JSON)
    assert decoded < 3 * len(text)
