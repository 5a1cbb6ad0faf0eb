"""Pseudonyms on the way: what the provider reads, what the caller gets, and what is left alone."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.simulator import Simulator
from tests.story.test_output import OUTPUT, answering
from tests.story.test_policy import Start, ask, start

__all__ = ["answering", "start"]  # the fixtures

PERSON = "PERSON: {class: confidential, action: placeholder}"
SURROGATES = {"old": PERSON, "new": PERSON.replace("placeholder", "pseudonymise, residual: public")}
NAME = r"[A-Z][a-z]{4,14}"


def read_by(simulator: Simulator) -> list[dict[str, Any]]:
    """The messages of the last request that the provider got."""
    messages: list[dict[str, Any]] = json.loads(simulator.journal[-1].body)["messages"]
    return messages


async def surrogate_of(privet: Any, simulator: Simulator, text: str) -> str:
    """What the provider reads in place of Jane Doe; the same each time that this caller asks."""
    simulator.says("Hm.")
    assert await ask(privet, text) == "Hm."
    seen = str(read_by(simulator)[-1]["content"])
    before, _, after = text.partition("Jane Doe")
    found = re.fullmatch(f"{re.escape(before)}({NAME} {NAME}){re.escape(after)}", seen)
    assert found is not None, seen
    return found[1]


async def test_the_provider_reads_an_invented_name_and_the_caller_the_real_one(
    start: Start, simulator: Simulator, answering: Any
) -> None:
    """Even where policy lets no model write names of its own: this one is the caller's."""
    privet = await start(OUTPUT, **SURROGATES)
    text = "My name is Jane Doe, whom do I ask?"
    surrogate = await surrogate_of(privet, simulator, text)
    given = surrogate.split()[0]
    simulator.says(f"Dear {surrogate}, ask Peter Hollander. {given}, that is all.").in_fragments(3)
    assert await answering(privet, text) == "Dear Jane Doe, ask xxxxx xxxxxxxxx. Jane, that is all."
    intent = next(r.opened.body for r in reversed(await privet.records()) if r.opened.kind == 1)
    assert intent["treatment"] == {"PERSON": "pseudonymise"}


async def test_who_is_withheld_stays_a_surrogate(start: Start, simulator: Simulator) -> None:
    rule = "  - {id: contractors, withhold: [PERSON]}\n"
    privet = await start(rule, **SURROGATES)
    text = "I am Jane Doe"
    surrogate = await surrogate_of(privet, simulator, text)
    simulator.says(f"Hello {surrogate}")
    assert await ask(privet, text) == f"Hello {surrogate}"


async def test_a_longer_conversation_keeps_its_surrogates(
    start: Start, simulator: Simulator
) -> None:
    privet = await start(**SURROGATES)
    turns = [{"role": "user", "content": "I am Jane Doe, and Peter Hollander is my doctor."}]
    simulator.says("Hm.")
    await privet.client.chat.completions.create(model="gpt-4o-mini", messages=turns)  # type: ignore[arg-type]
    first = str(read_by(simulator)[-1]["content"])
    turns += [
        {"role": "assistant", "content": "Hello Jane Doe."},
        {"role": "user", "content": "Write to Maria Santos that Doe is ill."},
    ]
    simulator.says("Hm.")
    await privet.client.chat.completions.create(model="gpt-4o-mini", messages=turns)  # type: ignore[arg-type]
    contents = [message["content"] for message in read_by(simulator)]
    assert contents[0] == first
    assert "Jane" not in str(contents)
    given, family = re.findall(NAME, first)[:2]
    assert contents[1] == f"Hello {given} {family}."
    assert contents[2].endswith(f"that {family} is ill.")
