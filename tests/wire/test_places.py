"""A place in a text and its place after masking lead to each other, in JSON documents too."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from proxy.detect.sweep import load_lexicon, sweep
from proxy.exchange import Action, ActionKind, Channel, Finding
from proxy.mask import Masked, number
from proxy.mask.restorer import Restorer
from proxy.wire import openai_chat
from proxy.wire.places import Places
from proxy.wire.writing import write

LEXICON = load_lexicon()
KEY = b"a key for tests only............"
TREATMENT = dict.fromkeys(("PERSON", "PHONE"), Action(ActionKind.PLACEHOLDER))
VALUES = {"Jane Doe": "PERSON", "Bob": "PERSON", "4915123456": "PHONE"}
PATH = ("messages", 0, "content")
TEXT = "Ask Jane Doe, then Bob, now."
#: Escapes of every kind, blanks as nobody writes them, a number, a name as a key, documents inside.
DOCUMENT = r"""
 { "na\u006de" :"Jane Doe", "city":"Z\u00fcrich \ud83d\ude00 of Jane Doe, \"that\" Bob",
   "Bob"  : [1.50, 4915123456, true,  "pays late", "pays late"],
   "inner": "{\"who\": \"it is Jane Doe\\u0021\", \"rest\":  [\"Bob\"]}" }
"""


def masked(text: str) -> tuple[Masked, Places, str]:
    """A question masked, its places, and what the provider reads of it."""
    asked = {"model": "m", "messages": [{"role": "user", "content": text}]}
    exchange = openai_chat.parse(json.dumps(asked).encode(), "id")
    findings = [
        tuple(
            Finding(entity, start, start + len(value), 0.9, "test")
            for value, entity in VALUES.items()
            if (start := part.text.find(value)) >= 0
        )
        for part in exchange.parts
    ]
    found = number(exchange.parts, sweep(exchange.parts, findings, LEXICON))
    what = found.render(TREATMENT, KEY)
    sent: Any = json.loads(write(exchange, dict(what.edits), "m", {}).body)
    places = Places(exchange, what.edits, what.moved)
    return what, places, sent["messages"][0]["content"]


def test_what_a_text_says() -> None:
    what, places, sent = masked(TEXT)
    for start, end in ((0, 3), (4, 12), (14, 18), (19, 22), (24, 28), (0, 28)):
        first, last = places.sent(PATH, start, end=False), places.sent(PATH, end, end=True)
        told = Restorer(what.mapping, ()).text(sent[first:last], Channel.TEXT)
        assert told == TEXT[start:end]
        assert places.said(PATH, first or 0, end=False) == start
        assert places.said(PATH, last or 0, end=True) == end
    inside = TEXT.index("Doe")
    assert places.sent(PATH, inside, end=False) == sent.index("<PERSON_1>")
    assert places.sent(PATH, inside, end=True) == sent.index(", then")
    assert places.sent(("elsewhere",), 7, end=False) == 7


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ('"Jane Doe"', '"<PERSON_1>"'),
        (r"Z\u00fcrich \ud83d\ude00 of Jane Doe", "Zürich \U0001f600 of <PERSON_1>"),
        (r'Jane Doe, \"that\" Bob"', r'<PERSON_1>, \"that\" <PERSON_2>"'),
        (r"\ud83d\ude00 of", "\U0001f600 of"),
        ('"Bob"  : [1.50', '"PERSON_2": [\n    1.50'),
        ("1.50", "1.50"),
        ("true", "true"),
        (r"it is Jane Doe\\u0021", "it is <PERSON_1>!"),
        (r"[\"Bob\"]}", r"[\"<PERSON_2>\"]}"),
    ],
)
def test_what_a_document_says(said: str, sent: str) -> None:
    _, places, text = masked(DOCUMENT)
    start, first = DOCUMENT.index(said), text.index(sent)
    end, last = start + len(said), first + len(sent)
    assert places.sent(PATH, start, end=False) == first
    assert places.sent(PATH, end, end=True) == last
    assert places.said(PATH, first, end=False) == start
    assert places.said(PATH, last, end=True) == end


def test_of_words_that_stand_twice_the_ones_that_were_meant() -> None:
    _, places, text = masked(DOCUMENT)
    assert places.said(PATH, text.rindex("pays"), end=False) == DOCUMENT.rindex("pays")
    assert places.said(PATH, text.index("pays"), end=False) == DOCUMENT.index("pays")


@pytest.mark.parametrize("end", [False, True])
def test_every_place_has_one_and_their_order_stays(end: bool) -> None:
    _, places, text = masked(DOCUMENT)
    for move, here, there in ((places.sent, DOCUMENT, text), (places.said, text, DOCUMENT)):
        moved = [move(PATH, offset, end=end) for offset in range(len(here) + 1)]
        assert all(place is not None and 0 <= place <= len(there) for place in moved)
        assert all((a or 0) <= (b or 0) for a, b in pairwise(moved))


def test_a_document_in_which_nothing_is_hidden_is_where_it_was() -> None:
    _, places, _ = masked('{"a":   "pays late"}')
    assert places.sent(PATH, 9, end=False) == 9


def test_a_text_in_an_encoding_leaves_no_places() -> None:
    _, places, text = masked("data:text/plain;base64,SmFuZSBEb2U=")
    assert "SmFu" not in text
    assert places.said(PATH, 3, end=False) is None
