"""Unicode smuggling: a value or a placeholder in characters that look like nothing, or like others.

Whoever reads a disguised value reads the value, a model included; so it is hidden as if it stood
there plainly. A disguised placeholder is nobody's: it stays what the model wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from proxy.assistant import Reply
from tests.house import House, said_to
from tests.promises.planted import INTRODUCTION, VALUES
from tests.simulator import Simulator

LOOKALIKE = str.maketrans("aeocpxHI", "\u0430\u0435\u043e\u0441\u0440\u0445\u041d\u0406")
ARABIC = {ord("0") + n: 0x660 + n for n in range(10)}
WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
BOLD = (
    {ord("A") + n: 0x1D400 + n for n in range(26)}
    | {ord("a") + n: 0x1D41A + n for n in range(26)}
    | {ord("0") + n: 0x1D7CE + n for n in range(10)}
)
CIRCLED = {ord("0"): 0x24EA} | {ord("0") + n: 0x245F + n for n in range(1, 10)}


def between(character: str) -> Callable[[str], str]:
    return character.join


def after_each(mark: str) -> Callable[[str], str]:
    return lambda value: re.sub(r"(\w)", rf"\1{mark}", value)


def instead(old: str, new: str) -> Callable[[str], str]:
    return lambda value: re.sub(old, new, value)


DISGUISES: dict[str, Callable[[str], str]] = {
    "zero-width spaces": between("\u200b"),
    "zero-width joiners": between("\u200d"),
    "word joiners": between("\u2060"),
    "byte order marks": between("\ufeff"),
    "soft hyphens": between("\u00ad"),
    "marks of direction": between("\u200e"),
    "grapheme joiners": between("\u034f"),
    "selectors of variants": between("\ufe0f"),
    "further selectors": between("\U000e0100"),
    "tags": between("\U000e0041"),
    "Korean fillers": between("\u3164"),
    "invisible multiplication": between("\u2062"),
    "struck through": after_each("\u0336"),
    "in circles": after_each("\u20dd"),
    "circled digits": lambda value: value.translate(CIRCLED),
    "full width": lambda value: value.translate(WIDE),
    "mathematical letters": lambda value: value.translate(BOLD),
    "Cyrillic letters": lambda value: value.translate(LOOKALIKE),
    "Arabic digits": lambda value: value.translate(ARABIC),
    "no-break spaces": instead(" ", "\u00a0"),
    "narrow no-break spaces": instead(" ", "\u202f"),
    "ideographic spaces": instead(" ", "\u3000"),
    "no-break hyphens": instead("[ -]", "\u2011"),
    "in an isolate": lambda value: f"\u2067{value}\u2069",
    "written backwards": lambda value: f"\u202e{value[::-1]}\u202c",
}
#: Names are known to the models only; disguised ones are hidden where they stand plainly, too.
PATTERNS = [value for name, value in VALUES.items() if name != "person"]


async def ask(privet: House, simulator: Simulator, *texts: str) -> tuple[str, str]:
    """What the provider read, and what came back of its repeating it."""
    simulator.otherwise(lambda asked: Reply(asked["messages"][-1]["content"]))
    answer = await privet.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": text} for text in texts]
    )
    return said_to(simulator.journal[-1].body), str(answer.choices[0].message.content)


async def test_a_disguised_value_is_hidden_and_comes_back(
    privet: House, simulator: Simulator
) -> None:
    for how, disguise in DISGUISES.items():
        for value in PATTERNS:
            text = f"For later: {disguise(value)} is what they use."
            seen, back = await ask(privet, simulator, text)
            assert disguise(value) not in seen, (how, value)
            assert re.search(r"<[A-Z_]+_1>", seen), (how, value)
            assert back == text, how


async def test_a_disguised_value_that_was_introduced_is_hidden_with_it(
    privet: House, simulator: Simulator
) -> None:
    for how, disguise in DISGUISES.items():
        text = "; ".join(disguise(value) for value in VALUES.values())
        seen, back = await ask(privet, simulator, INTRODUCTION, f"Or as they write it: {text}.")
        for value in VALUES.values():
            assert disguise(value) not in seen, (how, value)
        assert back == f"Or as they write it: {text}.", how


FORGED = [
    "<PER\u200bSON_1>",
    "<PERSON\uff3f1>",
    "<\u0420ERSON_1>",
    "<PERSON_\u0661>",
    "<PER\u0301SON_1>",
    "<P\u00adERSON_1>",
    "\u202e>1_NOSREP<\u202c",
    "\u2039PERSON\u0336_1\u203a",
    "<PERSON_\U0001d7cf>",
    "\u27e8PERSON_7\u27e9",
]


@pytest.mark.parametrize("size", [1, 1000])
async def test_a_disguised_placeholder_stays_what_the_model_wrote(
    size: int, privet: House, simulator: Simulator
) -> None:
    text = " and ".join(FORGED)
    simulator.says(text).in_fragments(size)
    stream = await privet.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": INTRODUCTION}], stream=True
    )
    said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert said == text


async def test_a_disguised_placeholder_in_a_request_restores_nobody(
    privet: House, simulator: Simulator
) -> None:
    text = " and ".join(FORGED)
    seen, back = await ask(privet, simulator, INTRODUCTION, text)
    assert back == text
    assert json.dumps("Hollander")[1:-1] not in seen
