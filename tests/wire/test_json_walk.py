"""The walker: what it finds where, and how a changed string goes back in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.errors import BadRequest, CannotMask
from proxy.exchange import Alphabet, Author, Inside, Key, Path, Reach
from proxy.wire import strict_json
from proxy.wire.answer_strings import map_strings
from proxy.wire.json_rewrite import rewrite
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk, describe
from proxy.wire.strict_json import MAX_DEPTH

JSON, DATA = Inside.JSON, Inside.DATA_URL
FULL, PATTERNS = Reach.FULL, Reach.PATTERNS
TEXT, NAME, DIGITS = Alphabet.TEXT, Alphabet.NAME, Alphabet.DIGITS


def walked(tree: Any, spec: Spec = DEFAULT) -> Walk:
    walk = Walk(Author.USER)
    walk.visit(tree, spec, ())
    return walk


def found(tree: Any, spec: Spec = DEFAULT) -> list[tuple[Path, str]]:
    return [(part.path, part.text) for part in walked(tree, spec).parts]


def rewritten(tree: Any, edits: dict[Path, str]) -> Any:
    return rewrite(tree, edits, walked(tree).documents)


# What is found.


def test_every_string_key_and_long_number_is_found_in_document_order() -> None:
    tree = strict_json.parse(
        '{"a": "x", "b": [true, null, "y", {"c": 1234567}], "d": {"e": {"f": "z"}}, "g": ""}'
    )
    assert found(tree) == [
        *[((Key("a"),), "a"), (("a",), "x"), ((Key("b"),), "b"), (("b", 2), "y")],
        *[(("b", 3, Key("c")), "c"), (("b", 3, "c"), "1234567")],
        *[((Key("d"),), "d"), (("d", Key("e")), "e"), (("d", "e", Key("f")), "f")],
        *[(("d", "e", "f"), "z"), ((Key("g"),), "g")],
    ]


def test_a_declared_field_is_read_and_its_key_is_protocol() -> None:
    spec = Spec(fields={"content": DEFAULT, "other": DEFAULT})
    assert found({"content": "x", "news": "y"}, spec) == [
        *[(("content",), "x"), ((Key("news"),), "news"), (("news",), "y")]
    ]


def test_a_part_knows_the_key_that_it_stands_under() -> None:
    parts = walked({"birth_date": ["1.2.1980"], "id": '{"name": "Zoe"}'}).parts
    assert [(part.text, part.context) for part in parts if part.context] == [
        *[("1.2.1980", "birth_date"), ("Zoe", "name")]
    ]


def test_values_of_a_finite_set_are_exempt_and_all_others_are_not() -> None:
    spec = Spec(fields={"role": Spec(values=frozenset({"user"}))})
    assert found({"role": "user"}, spec) == []
    assert found({"role": "Peter"}, spec) == [(("role",), "Peter")]
    assert found({"role": "user "}, spec) == [(("role",), "user ")]
    assert found({"role": ["user"]}, spec) == [(("role", 0), "user")]
    assert found({"role": {"user": "x"}}, spec) == [
        *[(("role", Key("user")), "user"), (("role", "user"), "x")]
    ]


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        *[("call_abc-1.2:3", PATTERNS), ("a" * 128, PATTERNS)],
        *[("Peter Miller", FULL), ("id/with/slash", FULL), ("Zoë", FULL)],
    ],
)
def test_an_id_skips_the_models_only_inside_its_alphabet(text: str, reach: Reach) -> None:
    (part,) = walked({"id": text}, Spec(fields={"id": Spec(leaf=Leaf.ID)})).parts
    assert (part.text, part.reach, part.alphabet) == (text, reach, NAME)


@pytest.mark.parametrize(
    ("name", "reach"),
    [
        *[("customer_name", PATTERNS), ("getUser", PATTERNS), ("MAX_SIZE", PATTERNS)],
        *[("UserName", PATTERNS), ("Peter", FULL), ("Peter Miller", FULL), ("notes on Zoe", FULL)],
    ],
)
def test_keys_that_are_plain_identifiers_skip_the_models(name: str, reach: Reach) -> None:
    (part,) = walked({name: True}).parts
    assert (part.text, part.reach, part.alphabet) == (name, reach, NAME)


@pytest.mark.parametrize(
    "source",
    [
        *("1234567", "-1234567", "12345678901234567890", "1234567.5", "0.1234567", "1.5e1234567"),
        *("1234567.5e0", "79927398713", "-0.00000001"),
    ],
)
def test_seven_digits_in_a_row_in_a_number_are_a_part(source: str) -> None:
    (part,) = walked(strict_json.parse(f"[{source}]")).parts
    assert (part.path, part.text, part.alphabet, part.reach) == ((0,), source, DIGITS, PATTERNS)


@pytest.mark.parametrize("source", ["1.234567E6", "1234567e0", "12345670e-1", "0.1234567e+7"])
def test_a_whole_number_with_an_exponent_is_inspected_as_its_digits(source: str) -> None:
    tree = strict_json.parse(f"[{source}]")
    (part,) = walked(tree).parts
    assert (part.text, part.alphabet, part.reach) == ("1234567", DIGITS, PATTERNS)
    assert strict_json.dumps(rewritten(tree, {part.path: "7654321"})) == b"[7654321]"
    assert strict_json.dumps(tree) == f"[{source}]".encode()


@pytest.mark.parametrize("source", ["0", "1234", "1234.1234", "1E400", "1e99", "true", "null"])
def test_shorter_numbers_are_none(source: str) -> None:
    assert found(strict_json.parse(f"[{source}]")) == []


@pytest.mark.parametrize("source", ["12345", "123456", "-12345.5", "12345.123456"])
def test_five_digits_in_a_row_are_swept_only(source: str) -> None:
    (part,) = walked(strict_json.parse(f"[{source}]")).parts
    assert (part.text, part.alphabet, part.reach) == (source, DIGITS, Reach.SWEEP)


@pytest.mark.parametrize("source", ["123", "4821", "48213", "482193"])
def test_under_a_key_of_the_callers_own_short_numbers_are_inspected(source: str) -> None:
    tree = strict_json.parse(f'{{"cvv": {source}, "pins": [{source}], "n": {source}}}')
    inside = [
        part
        for part in walked(tree, Spec(fields={"n": DEFAULT})).parts
        if part.alphabet is DIGITS and part.path[0] != "n"
    ]
    assert [(part.path, part.reach, part.context) for part in inside] == [
        (("cvv",), PATTERNS, "cvv"),
        (("pins", 0), PATTERNS, "pins"),
    ]


@pytest.mark.parametrize("source", ["0", "12", "1.25", "-123", "12.5e3", "1.5e16", "123.4"])
def test_what_has_under_three_digits_or_counts_is_none(source: str) -> None:
    tree = strict_json.parse(f'{{"cvv": {source}}}')
    assert [part.text for part in walked(tree).parts] == ["cvv"]


def test_end_user_ids_are_no_parts_but_pseudonyms() -> None:
    spec = Spec(fields={"user": Spec(leaf=Leaf.PSEUDONYM)})
    walk = walked({"user": "peter@example.org"}, spec)
    assert (walk.pseudonyms, walk.parts) == ([("user",)], [])
    walk = walked({"user": ["a", "b"]}, spec)
    assert (walk.pseudonyms, walk.parts) == ([("user", 0), ("user", 1)], [])
    assert found({"user": {"name": "Zoe"}}, spec) == [
        *[(("user", Key("name")), "name"), (("user", "name"), "Zoe")]
    ]
    assert found({"user": 12345678}, spec) == [(("user",), "12345678")]


# Documents inside strings.


def test_json_inside_a_string_is_read_leaf_by_leaf() -> None:
    tree = {"arguments": json.dumps({"to": "Zoe", "ids": [1234567]})}
    assert found(tree, Spec(fields={"arguments": DEFAULT})) == [
        (("arguments", JSON, Key("to")), "to"),
        (("arguments", JSON, "to"), "Zoe"),
        (("arguments", JSON, Key("ids")), "ids"),
        (("arguments", JSON, "ids", 0), "1234567"),
    ]


def test_json_inside_json_inside_json_is_read_and_rewritten() -> None:
    inner = json.dumps(['J\u00fcrgen "J" O\'Neil'])
    outer = json.dumps({"a": json.dumps({"b": inner, "n": 1})})
    path: Path = (0, JSON, "a", JSON, "b", JSON, 0)
    assert (path, 'J\u00fcrgen "J" O\'Neil') in found([outer])
    (again,) = rewritten([outer], {path: 'new "text"\n'})
    decoded = json.loads(json.loads(again)["a"])
    assert json.loads(decoded["b"]) == ['new "text"\n']
    assert decoded["n"] == 1


def test_what_isnt_strict_json_is_raw_text_as_a_whole() -> None:
    for text in ('{"a": NaN}', "{not json", '["\\ud800"]', '{"a": 1, "a": 2} clash?', '["a" "b"]'):
        assert found([text]) == [((0,), text)]


def test_scalars_in_strings_are_raw_text() -> None:
    for text in ('"Zoe"', "12345678", "true"):
        assert found([text]) == [((0,), text)]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', ' [{"b": {"a": 1, "a": 2}}]\n'])
def test_a_document_with_a_key_twice_is_refused_in_strings_too(text: str) -> None:
    for tree in ([text], [json.dumps([text])]):
        with pytest.raises(BadRequest, match="twice"):
            walked(tree)


def test_untouched_documents_keep_their_bytes() -> None:
    odd = '{ "a" :  1.0,\t"b": [ ] }'
    tree = {"x": odd, "y": "Zoe", "z": json.dumps([odd, "Zoe"])}
    edited = rewritten(tree, {("y",): "<P>", ("z", JSON, 1): "<P>"})
    assert edited["x"] == odd
    assert json.loads(edited["z"]) == [odd, "<P>"]


def test_numbers_in_an_edited_document_keep_their_source_text() -> None:
    (edited,) = rewritten(['{"a":"x","n":1.10,"m":12345678901234567890}'], {(0, JSON, "a"): "y"})
    assert edited == '{"a":"y","n":1.10,"m":12345678901234567890}'


def test_indented_documents_stay_indented() -> None:
    (edited,) = rewritten([json.dumps({"a": "x", "b": [1]}, indent=2)], {(0, JSON, "a"): "y"})
    assert edited == json.dumps({"a": "y", "b": [1]}, indent=2)


# Limits.


def in_strings(levels: int) -> list[Any]:
    tree: Any = ["x"]
    for _ in range(levels):
        tree = [json.dumps(tree)]
    return tree


def test_depth_is_counted_through_strings() -> None:
    deep = "[" * 60 + '"x"' + "]" * 60
    assert len(found([deep])) == 1
    nested = json.dumps([deep])
    assert len(found([deep, nested])) == 2
    sixty: Any = strict_json.parse(deep)
    for _ in range(45):
        sixty = [sixty]
    with pytest.raises(BadRequest, match="deeper"):
        walked(sixty)
    half: Any = [deep]
    for _ in range(45):
        half = [half]
    with pytest.raises(BadRequest, match="deeper"):
        walked(half)


def test_documents_in_documents_end_at_the_limit_and_not_in_a_crash() -> None:
    assert len(found(in_strings(12))) == 1
    url = "data:," * (MAX_DEPTH - 2) + "x"
    assert found([url])[0][1] == "x"
    with pytest.raises(BadRequest, match="deeper"):
        walked(["data:," * 5_000 + "x"])


def test_a_document_that_is_too_deep_is_refused_in_a_string_too() -> None:
    for levels in (MAX_DEPTH + 1, 500, 10_000):
        with pytest.raises(BadRequest, match="deeper"):
            walked(["[" * levels + "]" * levels])


# Rewriting.


def test_nothing_edited_is_the_same_tree() -> None:
    tree = {"a": ["x"]}
    assert rewrite(tree, {}, {}) is tree


def test_the_tree_is_never_changed_in_place() -> None:
    tree = {"a": ["x", {"b": "y"}], "c": {"d": 1}}
    before = json.dumps(tree)
    edited = rewritten(tree, {("a", 1, "b"): "z", ("a", 1, Key("b")): "k"})
    assert edited == {"a": ["x", {"k": "z"}], "c": {"d": 1}}
    assert json.dumps(tree) == before
    assert edited["c"] is tree["c"]


def test_renamed_keys_keep_their_order_and_may_swap() -> None:
    tree = {"a": 1, "b": 2, "c": 3}
    edited = rewritten(tree, {(Key("a"),): "b", (Key("b"),): "a"})
    assert list(edited.items()) == [("b", 1), ("a", 2), ("c", 3)]


@pytest.mark.parametrize(
    "edits",
    [{(Key("a"),): "b"}, {(Key("a"),): "<P>", (Key("b"),): "<P>"}],
    ids=["an existing key", "two edits"],
)
def test_keys_that_would_collide_cant_be_masked(edits: dict[Path, str]) -> None:
    with pytest.raises(CannotMask) as caught:
        rewritten({"a": 1, "b": 2}, edits)
    assert "<P>" not in caught.value.message


def test_a_number_becomes_a_number() -> None:
    assert strict_json.dumps(rewritten([1234567, 2], {(0,): "7654321"})) == b"[7654321,2]"
    big = strict_json.parse("[12345678901234567890, 0.1234567]")
    edited = rewritten(big, {(0,): "98765432109876543210", (1,): "0.7654321"})
    assert strict_json.dumps(edited) == b"[98765432109876543210,0.7654321]"


@pytest.mark.parametrize("text", ["<P_1>", "", "0123", "1 2", '"1"', "true", "null", "[1]", "NaN"])
def test_what_isnt_a_number_cant_stand_for_one(text: str) -> None:
    with pytest.raises(CannotMask):
        rewritten([1234567], {(0,): text})


@pytest.mark.parametrize(
    "path",
    [
        *(("b",), ("a", 5), ("a", "x"), (Key("b"),), ("a", 0, "x"), ("a", 0, JSON, "x")),
        *(("a", 0, DATA), ("c",), ("d",), ("a",), ("c", JSON), ("a", 1, JSON, "zz")),
    ],
)
def test_an_edit_without_a_place_is_an_error(path: Path) -> None:
    tree = {"a": ["x", '{"y": 1}'], "c": None, "d": True}
    with pytest.raises((LookupError, TypeError)):
        rewritten(tree, {path: "secret stays"})


def test_a_string_and_what_is_inside_it_cant_both_be_edited() -> None:
    tree = ['{"y": "z"}']
    inside: Path = (0, JSON, "y")
    for edits in ({(0,): "a", inside: "b"}, {inside: "b", (0,): "a"}):
        with pytest.raises(LookupError):
            rewritten(tree, edits)


# Paths and answers.


def test_a_path_is_described_without_free_keys() -> None:
    assert describe(("messages", 3, "content", JSON, "Zoe", Key("Zoe"))) == (
        "messages[3].content.(json inside).*.(a key)"
    )
    assert describe(("Zoe Miller", "x")) == "*.x"
    assert describe(()) == "the body"


def test_answers_are_mapped_with_their_own_indices_and_nothing_is_lost() -> None:
    seen = []

    def change(path: Path, leaf: Leaf, text: str) -> str:
        seen.append((path, leaf))
        return text.replace("P_1", "Zoe")

    spec = Spec(fields={"list": Spec(items=Spec(fields={"index": DEFAULT, "t": DEFAULT}))})
    answer = {"list": [{"index": 4, "t": "P_1"}, {"t": "x"}], "P_1": 1, "Zoe": 2, "n": 1}
    assert map_strings(answer, spec, change) == {
        "list": [{"index": 4, "t": "Zoe"}, {"t": "x"}],
        "P_1": 1,
        "Zoe": 2,
        "n": 1,
    }
    assert (("list", 4, "t"), Leaf.TEXT) in seen
    assert (("list", 1, "t"), Leaf.TEXT) in seen
    assert map_strings({"P_1": 1, "<P_1>": 2}, DEFAULT, change) == {"Zoe": 1, "<Zoe>": 2}
