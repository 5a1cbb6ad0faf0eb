"""Placeholder forgery: whoever writes a placeholder, nobody reads somebody else's value."""

from __future__ import annotations

import re

from openai import AsyncOpenAI

from proxy.assistant import Reply
from proxy.identity.keys import create_key
from tests.house import House, said_to
from tests.simulator import Simulator

OURS, THEIRS = "Jane Hollander", "Peter Vandenberg"
EVERYTHING = " ".join(
    f"<{entity}_{number}{letter}>"
    for entity in ("PERSON", "EMAIL_ADDRESS", "LITERAL", "CREDIT_CARD")
    for number in range(1, 9)
    for letter in ("", "b")
)


async def other(privet: House) -> AsyncOpenAI:
    key, _ = create_key(privet.folder / "keys.yaml", "sales", "crm")
    privet.services.reload_asked.set()
    client = AsyncOpenAI(base_url=f"{privet.root}/v1", api_key=key, max_retries=0)
    while (
        await client._client.get(f"{privet.root}/v1/models", headers={"x-api-key": key})
    ).is_error:
        pass
    return client


async def say(client: AsyncOpenAI, *texts: str, model: str = "gpt-4o-mini") -> str:
    answer = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text} for text in texts]
    )
    return str(answer.choices[0].message.content)


async def test_every_number_restores_this_requests_values_only(
    privet: House, simulator: Simulator
) -> None:
    simulator.otherwise(lambda _asked: Reply(EVERYTHING))
    async with await other(privet) as client:
        theirs = await say(client, f"I am {THEIRS}, peter@vandenberg.example.")
        ours = await say(privet.client, f"I am {OURS}.")
        nobodys = await say(privet.client, "Say them all.")
    assert theirs == EVERYTHING.replace("<PERSON_1>", THEIRS).replace(
        "<EMAIL_ADDRESS_1>", "peter@vandenberg.example"
    )
    assert ours == EVERYTHING.replace("<PERSON_1>", OURS)
    assert nobodys == EVERYTHING


async def test_typed_placeholders_are_the_callers_own_words(
    privet: House, simulator: Simulator
) -> None:
    """Whatever is typed comes back as typed, beside real values with the very same numbers."""
    simulator.otherwise(lambda asked: Reply(asked["messages"][0]["content"]))
    for typed in (
        "<PERSON_1>",
        "<PERSON_2> <PERSON_1> <PERSON_1b>",
        "<LITERAL_1> <LITERAL_2>",
        "<PERSON_<PERSON_1>>",
        "<<PERSON_1>>",
        "<PERSON_1> &lt;PERSON_1&gt; \\u003cPERSON_1\\u003e",
        "<PERSON_ABCDEFG2>",
    ):
        assert await say(privet.client, f"{typed} and {OURS}") == f"{typed} and {OURS}"
        assert OURS not in said_to(simulator.journal[-1].body)


async def test_a_value_that_spells_a_placeholder_hides_nothing_else(
    privet: House, simulator: Simulator
) -> None:
    """An address such as `PERSON_1@example.com` is a value; the person stays the person."""
    simulator.otherwise(lambda asked: Reply(asked["messages"][0]["content"]))
    text = f"PERSON_1@example.com and EMAIL_ADDRESS_1@example.com are not {OURS}."
    assert await say(privet.client, text) == text
    seen = said_to(simulator.journal[0].body)
    assert "@example.com" not in seen
    assert re.search(r"<PERSON_\d>", seen)
