"""OpenAI's Completions and Embeddings, told with the official client."""

from __future__ import annotations

from typing import Any

import pytest
from openai import PermissionDeniedError

from tests.house import House, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"


async def test_a_prompt_and_its_completion(privet: House, simulator: Simulator) -> None:
    simulator.says("<PERSON_1> lives there.")
    answer = await privet.client.completions.create(model=MODEL, prompt="Jane Doe lives in Ulm.")
    assert "Jane" not in said_to(simulator.journal[0].body)
    assert answer.choices[0].text == "Jane Doe lives there."


async def test_several_prompts_stream_as_several_choices(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Dear <PERSON_1>").in_fragments(1).byte_by_byte()
    prompts = ["Write to Jane Doe.", "Write to her again."]
    stream = await privet.client.completions.create(model=MODEL, prompt=prompts, stream=True)
    texts = ["", ""]
    async for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert texts == ["Dear Jane Doe", "Dear Jane Doe"]
    assert "Jane" not in said_to(simulator.journal[0].body)


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]]])
async def test_token_ids_cant_be_read(
    privet: House, simulator: Simulator, prompt: list[int]
) -> None:
    """Nobody here knows what they say, so they go only where unread content may."""
    with pytest.raises(PermissionDeniedError, match="tokens"):
        await privet.client.completions.create(model=MODEL, prompt=prompt)
    with pytest.raises(PermissionDeniedError, match="tokens"):
        await privet.client.embeddings.create(model=MODEL, input=prompt)
    assert not simulator.journal


async def test_a_text_among_token_ids_is_read(privet: House, simulator: Simulator) -> None:
    simulator.says("Hello")
    mixed: Any = [1, "Jane Doe lives in Ulm.", 2]
    await privet.client.completions.create(model=MODEL, prompt=mixed)
    assert "Jane" not in said_to(simulator.journal[0].body)


async def test_one_person_is_one_token_across_documents_and_queries(
    privet: House, simulator: Simulator
) -> None:
    """Spelled as it may be, in whatever order, in requests of their own."""
    simulator.says()
    simulator.says()
    simulator.says()
    documents = ["Bob Ray met Jane Hollander.", "JANE HOLLANDER signed. Jane Hollander agreed."]
    for asked in (documents[0], documents[1], "What did Jane Hollander sign?"):
        await privet.client.embeddings.create(model=MODEL, input=asked)

    first, second, query = [heard.json["input"] for heard in simulator.journal]
    token = query.removeprefix("What did ").removesuffix(" sign?")
    assert token.startswith("<VALUE_")
    assert first.endswith(f" met {token}.")
    assert second == f"{token} signed. {token} agreed."


async def test_retrieval_over_masked_text_finds_the_right_document(
    privet: House, simulator: Simulator
) -> None:
    """Twelve customers' files that differ in the customer only, and a question about each."""
    simulator.says()
    names = [
        *("Jane Hollander", "Peter Novak", "Maria Rossi", "Thomas Becker", "Anna Karlsson"),
        *("John Whitfield", "Laura Schmidt", "David Kowalski", "Emma Johnson", "Paul Martin"),
        *("Sophie Dubois", "Carlos Garcia"),
    ]
    files = [f"The contract of {name} was renewed in spring." for name in names]
    stored = await privet.client.embeddings.create(model=MODEL, input=files)
    vectors = [entry.embedding for entry in stored.data]
    assert not any(name in said_to(simulator.journal[0].body) for name in names)

    found = []
    for name in names:
        simulator.says()
        asked = await privet.client.embeddings.create(
            model=MODEL, input=f"When was {name}'s contract renewed?"
        )
        query = asked.data[0].embedding
        nearest = max(vectors, key=lambda v: sum(a * b for a, b in zip(v, query, strict=True)))
        found.append(names[vectors.index(nearest)])
    assert found == names
