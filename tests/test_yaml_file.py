"""Strict YAML: what is refused, where problems point, and that nothing else ever comes out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from proxy.yaml_file import MAX_CHARS, MAX_DEPTH, ConfigError, Document, Problem, read_yaml


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(Model):
    name: str
    level: Literal["low", "high"] = "low"
    on: bool = False
    until: date | None = None


class Shop(Model):
    items: dict[str, Item] = Field(default_factory=dict)
    rows: tuple[Item, ...] = ()
    tags: frozenset[str] = frozenset()
    ratio: float = 0.0
    count: int = 0


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text, "shop.yaml", Shop)
    return [str(problem) for problem in caught.value.problems]


def codes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text, "shop.yaml", Shop)
    return [problem.code for problem in caught.value.problems]


def test_reads_a_model() -> None:
    shop = read_yaml(
        "items:\n  NO: {name: 'on', until: 2027-01-31}\nrows: [{name: no}]\n"
        "tags: [a, b]\nratio: 1\ncount: -12\n",
        "shop.yaml",
        Shop,
    )
    assert shop.items["NO"] == Item(name="on", until=date(2027, 1, 31))
    assert shop.rows == (Item(name="no"),)
    assert (shop.tags, shop.ratio, shop.count) == (frozenset("ab"), 1.0, -12)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("count: 1\ncount: 2\n", "duplicate-key"),
        ("items: {a: {name: x, name: y}}", "duplicate-key"),
        ("items: &a {}\nrows: []", "anchor"),
        ("tags: &a [x]\nrows: *a", "anchor"),
        ("count: !!int '3'", "tag"),
        ("count: 1\n---\ncount: 2\n", "multiple-documents"),
        ("%YAML 1.1\n---\ncount: 1\n", "directive"),
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("? [a]\n: b\n", "key"),
        ("[" * (MAX_DEPTH + 5), "too-deep"),
        ("x" * (MAX_CHARS + 1), "too-large"),
        ("count: [1", "yaml"),
        ("count: \x00", "yaml"),
        ('tags: ["\\ud800"]', "yaml"),
        ("count:", "null"),
        ("tags: [~]", "null"),
        ("<<: {count: 1}", "unknown-key"),
    ],
)
def test_refuses(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "items: {a: {name: x, on: yes}}",  # a word is no boolean
        "items: {a: {name: 1}}",
        "items: {a: {name: x, until: 20270131}}",
        "items: {a: {name: x, until: 2027-02-30}}",
        "count: 010",
        "count: 1_000",
        "count: 0x10",
        "count: 1.0",
        "count: '1'",
        "count: " + "9" * 5000,
        "ratio: .nan",
        "ratio: 1:30",
        "tags: a",
        "- a",
    ],
)
def test_takes_nothing_for_something_else(text: str) -> None:
    assert problems(text)


def test_points_to_every_problem_at_once() -> None:
    assert problems("itmes: {}\nrows:\n  - {name: é, lvel: low}\n  - {level: hihg, on: no}\n") == [
        "shop.yaml:1:1: unknown key 'itmes' (did you mean 'items'?)",
        "shop.yaml:3:15: unknown key 'lvel' (did you mean 'level'?)",
        "shop.yaml:4:5: key 'name' is missing",
        "shop.yaml:4:13: level: should be 'low' or 'high' (did you mean 'high'?)",
        "shop.yaml:4:23: on: should be true or false (write false)",
    ]


def test_places_of_values_and_keys() -> None:
    document = Document("rows:\n  - {name: x}\n  - name: y\n", "f.yaml")
    assert document.at(("rows", 1, "name")) == (3, 11)
    assert document.at(("rows", 1, "name"), key=True) == (3, 5)
    assert document.at(("rows", 1, "absent")) == (3, 5)
    assert document.value == {"rows": [{"name": "x"}, {"name": "y"}]}


@given(st.text(alphabet=st.sampled_from("ab:{}[]-&*!|>%@#'\"\\u \n\t,?0é\x00😀"), max_size=60))
def test_any_text_gives_a_value_or_placed_problems(text: str) -> None:
    found: tuple[Problem, ...] = ()
    try:
        read_yaml(text, "f.yaml", Shop)
    except ConfigError as error:
        found = error.problems
    lines = text.count("\n") + 1
    assert all(1 <= p.line <= lines + 1 and p.column >= 1 for p in found)


#: What somebody gets wrong, where that is told, and what they are told to do.
COMPLAINTS = [
    ("\tcount: 1\n", "1:1: a tab can't indent (indent with spaces)"),
    (
        "rows: []\ncount 1\ntags: []\n",
        "2:1: there is no ': ' behind this key (a colon and a space)",
    ),
    (
        "items: {a: {name: x}\ncount: 1\n",
        "2:1: a comma or } should stand here (is the { at 1:8 closed?)",
    ),
    ("tags: [a\ncount: 1\n", "2:6: a comma or ] should stand here (is the [ at 1:7 closed?)"),
    (
        "rows:\n  - name: x\n   - name: y\n",
        "3:4: an item ('- ') should stand here (is it indented like the items beside it?)",
    ),
    ("count: 1\n tags: []\n", "2:6: there can't be a ': ' here"),
    ("count: @1\n", "1:8: no plain text can begin with '@' (put it in quotes)"),
    ("items:\n\u00a0 a: {name: x}\n", "2:1: U+00A0 is no space to YAML (indent with plain spaces)"),
    ("tags: a\n", "1:7: tags: should be a list (write [a])"),
    ("count: '3'\n", "1:8: count: should be a whole number (write it without quotes)"),
    ("count: 1.5\n", "1:8: count: should be a whole number"),
    ("rows: [{name: 4}]\n", '1:15: name: should be text (write it in quotes, "4")'),
    ("rows: [4]\n", "1:8: rows: should have keys of its own (known: level, name, on, until)"),
    (
        "rows: [{name: x, on: 'true'}]\n",
        "1:22: on: should be true or false (write it without quotes)",
    ),
    ("rows: [{name: x, until: soon}]\n", "1:25: until: should be a day, written as 2027-01-31"),
    ("rows: [{name: x, level: High}]\n", "level: should be 'low' or 'high' (did you mean 'high'?)"),
]


@pytest.mark.parametrize(("text", "told"), COMPLAINTS)
def test_complaints_say_what_to_do_next(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(text)), problems(text)


def test_what_is_empty_for_another_reason_is_not_told_twice() -> None:
    class Names(Model):
        names: Annotated[tuple[str, ...], Field(min_length=1)]

    with pytest.raises(ConfigError) as caught:
        read_yaml("names: [1]\n", "f.yaml", Names)
    assert len(caught.value.problems) == 1
    with pytest.raises(ConfigError, match=r"1:8: names: needs an entry \(or leave the key out\)"):
        read_yaml("names: []\n", "f.yaml", Names)
