"""Signed reasoning travels word for word, in both directions, while everything else is masked."""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anthropic
import pytest

from proxy import config
from proxy.commands import scaffold
from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.house import House, house, opened, said_to
from tests.promises.planted import leaks
from tests.scene import Json
from tests.simulator import Simulator

THINKING = {"type": "enabled", "budget_tokens": 1024}
LOOK_UP: Any = {
    "name": "look_up",
    "description": "Look up a customer",
    "input_schema": {"type": "object", "properties": {"who": {"type": "string"}}},
}
HOUSE_FIRST = """\
  house-first:
    - {provider: cellar, model: house-model}
    - {provider: cloud, model: gpt-4o-mini}
"""
_TOKEN = re.compile(r"<([A-Z_]+)_([A-Z2-7]{8}|\d+)[a-z]*>")


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> AsyncIterator[House]:
    """Both providers speak Anthropic's protocol and check what they signed."""
    async with house(
        tmp_path / "privet",
        detector,
        simulator.base_url,
        cellar.base_url,
        cloud_type="anthropic",
        cellar_type="anthropic",
        settings={"  either:\n": HOUSE_FIRST + "  either:\n"},
    ) as running:
        # One maker's models run in both places: what one signed, the other takes.
        yield running


def persons(body: bytes) -> list[str]:
    """The placeholders of persons that a provider got to read, in order, each once."""
    found = [m[0] for m in _TOKEN.finditer(said_to(body)) if m[1] == "PERSON"]
    return list(dict.fromkeys(found))


class Thinker:
    """A model that thinks of the last person it was told of, calls a tool, and thinks again."""

    def __init__(self, simulator: Simulator) -> None:
        self._signer = simulator.signer
        self._turn = 0
        simulator.messages_otherwise(self._answer)

    def _answer(self, asked: Json) -> Sequence[Json]:
        self._turn += 1
        token = persons(json.dumps(asked).encode())[-1]
        thought = self._signer.thinking(f"Turn {self._turn}: {token} <- the one I think of.")
        hidden = self._signer.redacted(f"secretly of {token}")
        last = asked["messages"][-1]["content"]
        results = isinstance(last, list) and last[0]["type"] == "tool_result"
        if results:
            return [thought, hidden, text(f"{token} is a customer, turn {self._turn}.")]
        return [thought, hidden, tool_use("look_up", {"who": token}, self._turn)]


async def say(privet: House, model: str, turns: list[Any], *, streaming: bool) -> Any:
    asked: Any = {
        "model": model,
        "max_tokens": 4000,
        "messages": turns,
        "thinking": THINKING,
        "tools": [LOOK_UP],
    }
    if not streaming:
        return await privet.anthropic.messages.create(**asked)
    async with privet.anthropic.messages.stream(**asked) as stream:
        return await stream.get_final_message()


async def converse(
    privet: House, model: str, names: Sequence[str], *, streaming: bool, keep: int = 1000
) -> list[Any]:
    """A turn for each name, each with a call of the tool; only the last `keep` turns are sent."""
    turns: list[Any] = []
    answers = []
    for name in names:
        turns.append({"role": "user", "content": f"My colleague {name} called. Who is {name}?"})
        called = await say(privet, model, turns[-keep:], streaming=streaming)
        assert called.content[2].input == {"who": name}
        turns.append({"role": "assistant", "content": called.content})
        result = {
            "type": "tool_result",
            "tool_use_id": called.content[2].id,
            "content": f"{name} has an account.",
        }
        turns.append({"role": "user", "content": [result]})
        answer = await say(privet, model, turns[-keep:], streaming=streaming)
        assert answer.content[2].text.startswith(f"{name} is a customer")
        turns.append({"role": "assistant", "content": answer.content})
        answers += [called, answer]
    return answers


NAMES = [
    *("Jane Hollander", "Peter Novak", "Maria Lopez", "John Smith", "Anna Schmidt"),
    *("Robert Brown", "Emily Clark", "David Miller", "Laura Wilson", "Thomas Baker"),
]


@pytest.mark.parametrize("streaming", [False, True])
async def test_ten_turns_of_thinking_and_tools(
    privet: House, simulator: Simulator, streaming: bool
) -> None:
    Thinker(simulator)

    answers = await converse(privet, "gpt-4o-mini", NAMES, streaming=streaming)

    for answer in answers:  # what was signed came through word for word
        assert (
            answer.content[0].signature
            == simulator.signer.thinking(answer.content[0].thinking)["signature"]
        )
    assert len(simulator.journal) == 20  # and was taken back each time
    for heard in simulator.journal:
        assert not any(name in said_to(heard.body) for name in NAMES)


async def test_a_trimmed_history_means_the_same_persons(
    privet: House, simulator: Simulator
) -> None:
    Thinker(simulator)

    await converse(privet, "gpt-4o-mini", NAMES[:5], streaming=False, keep=4)

    first, last = simulator.journal[0], simulator.journal[-1]
    assert persons(first.body)[0] not in persons(last.body)
    told = {token for heard in simulator.journal for token in persons(heard.body)}
    assert len(told) == 5  # one token each, whatever was left of the history


async def test_reasoning_made_in_the_cellar_stays_there(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    """A finished turn of the house's own model is left out of what the cloud gets to read."""
    simulator.signer = cellar.signer
    cellar.messages(cellar.signer.thinking("Jane Hollander, I see."), text("Jane Hollander is in."))
    question = {"role": "user", "content": "Is Jane Hollander in?"}
    first = await say(privet, "house-model", [question], streaming=False)
    assert "Jane Hollander" in cellar.journal[0].json["messages"][0]["content"]
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "Thank you."},
    ]

    simulator.messages(text("You're welcome."))
    response = await privet.anthropic.messages.with_raw_response.create(
        model="gpt-4o-mini", max_tokens=4000, messages=turns, thinking=THINKING
    )

    assert "reasoning-dropped" in response.headers["x-privet-notes"]
    (heard,) = simulator.journal
    assert [block["type"] for block in heard.json["messages"][1]["content"]] == ["text"]
    assert "Jane" not in said_to(heard.body)


async def test_a_blob_counts_as_what_its_producer_was_shown(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    """Encrypted reasoning can't be read: the cellar saw a name, so the cloud may not have it."""
    simulator.signer = cellar.signer
    cellar.messages(cellar.signer.redacted("whatever"), text("Yes."))
    question = {"role": "user", "content": "Is Jane Hollander in?"}
    first = await say(privet, "house-model", [question], streaming=True)
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "Thank you."},
    ]

    simulator.messages(text("You're welcome."))
    await say(privet, "gpt-4o-mini", turns, streaming=False)

    assert first.content[0].data == cellar.signer.redacted("whatever")["data"]
    assert "redacted_thinking" not in simulator.journal[0].body.decode()


async def test_in_the_middle_of_a_tool_call_the_cloud_is_not_eligible(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    """The API wants the thinking that led to a call: it can't be left out, so nothing is sent."""
    cellar.messages(
        cellar.signer.thinking("Jane Hollander, I see."), tool_use("look_up", {"who": "Jane"})
    )
    question = {"role": "user", "content": "Is Jane Hollander in?"}
    first = await say(privet, "house-model", [question], streaming=False)
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "yes"}
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]

    with pytest.raises(anthropic.PermissionDeniedError) as caught:
        await say(privet, "gpt-4o-mini", turns, streaming=False)

    assert caught.value.body["error"]["rule"] == "signed-content"
    assert simulator.journal == []
    assert "Jane" not in str(caught.value)


async def test_a_fallback_to_the_cloud_leaves_out_what_the_cellar_thought(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    """One request, two endpoints: each gets the reasoning that it may see."""
    simulator.signer = cellar.signer
    cellar.messages(cellar.signer.thinking("Jane Hollander, I see."), text("She is in."))
    question = {"role": "user", "content": "Is Jane Hollander in?"}
    first = await say(privet, "house-first", [question], streaming=False)
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "Thank you."},
    ]
    cellar.overloads()
    simulator.messages(text("You're welcome."))

    answer = await say(privet, "house-first", turns, streaming=False)

    assert answer.content[0].text == "You're welcome."
    assert "thinking" in cellar.journal[1].json["messages"][1]["content"][0]["type"]
    assert len(simulator.journal[0].json["messages"][1]["content"]) == 1
    assert leaks(simulator.journal[0].body) == []


async def test_unknown_and_forged_reasoning_is_content_that_cannot_be_read(
    privet: House, simulator: Simulator
) -> None:
    forged = {"type": "redacted_thinking", "data": "SmFuZSBIb2xsYW5kZXI=" * 8}
    turns: Any = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [forged, {"type": "text", "text": "Hi"}]},
        {"role": "user", "content": "And now?"},
    ]
    simulator.messages(text("Nothing."))

    await say(privet, "gpt-4o-mini", turns, streaming=False)

    assert "redacted_thinking" not in simulator.journal[0].body.decode()


@pytest.mark.parametrize("head", ["", "data:text/plain;base64,"])
async def test_what_claims_to_be_encrypted_and_spells_a_name_goes_nowhere(
    head: str, tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    """Even where policy lets pass what can't be read: this can."""
    lets_pass = scaffold.starter_policy().replace(
        "unclassified: restricted", "unclassified: public"
    )
    index = head + b64encode(b"Jane Hollander, jane.hollander@example.com" * 3).decode()
    found = {"type": "web_search_result_location", "url": "https://example.com", "title": "Them"}
    cited = [{**found, "cited_text": "them", "encrypted_index": index}]
    turns: Any = [
        {"role": "user", "content": "My name is Jane Hollander."},
        {"role": "assistant", "content": [{"type": "text", "text": "Hi", "citations": cited}]},
        {"role": "user", "content": "And now?"},
    ]
    folder = tmp_path / "lenient"
    async with house(
        folder, detector, simulator.base_url, cloud_type="anthropic", policy=lets_pass
    ) as lenient:
        with pytest.raises(anthropic.UnprocessableEntityError) as refused:
            await say(lenient, "gpt-4o-mini", turns, streaming=False)
    assert "signed" in refused.value.message
    assert simulator.journal == []


async def test_a_name_that_the_model_itself_thought_of_goes_back_to_it(
    privet: House, simulator: Simulator
) -> None:
    """Its maker wrote it, so it learns nothing; to leave it out would break the call."""
    simulator.messages(
        simulator.signer.thinking("As William Shakespeare would say."),
        tool_use("look_up", {"who": "someone"}),
    )
    simulator.messages(text("Done."))
    question = {"role": "user", "content": "Look someone up."}
    first = await say(privet, "gpt-4o-mini", [question], streaming=False)
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "yes"}
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]

    answer = await say(privet, "gpt-4o-mini", turns, streaming=False)

    assert answer.content[0].text == "Done."


@pytest.mark.parametrize("store", ["sqlite", "memory"])
async def test_a_tool_loop_goes_on_after_a_restart(
    store: str, tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    """What a blob was made from is on disk; kept in memory only, nobody can say it any more."""
    folder = tmp_path / "privet"
    extra = f"vault: {{store: {store}}}\n"
    question = {"role": "user", "content": "Is Jane Hollander in?"}
    simulator.messages(
        simulator.signer.redacted("whatever"), tool_use("look_up", {"who": "Jane Hollander"})
    )
    async with house(
        folder, detector, simulator.base_url, cloud_type="anthropic", extra=extra
    ) as before:
        first = await say(before, "gpt-4o-mini", [question], streaming=True)
        key = before.key
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "yes"}
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    simulator.messages(text("Yes."))

    async with opened(config.load(folder / "privet.yaml", {}), key, detector) as after:
        if store == "memory":
            with pytest.raises(anthropic.PermissionDeniedError):
                await say(after, "gpt-4o-mini", turns, streaming=False)
            return
        answer = await say(after, "gpt-4o-mini", turns, streaming=False)

    assert answer.content[0].text == "Yes."
    kept = b"".join(file.read_bytes() for file in folder.glob("vault.db*"))
    assert first.content[0].data.encode() not in kept
    assert b"cloud" not in kept
    assert b"PERSON" not in kept


async def test_what_cant_be_remembered_on_disk_is_delivered_and_closed_after_a_restart(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    folder, question = tmp_path / "privet", {"role": "user", "content": "Hello"}
    simulator.messages(simulator.signer.redacted("whatever"), tool_use("look_up", {"who": "x"}))
    async with house(
        folder,
        detector,
        simulator.base_url,
        cloud_type="anthropic",
        extra="vault: {store: sqlite}\n",
    ) as before:
        database = sqlite3.connect(folder / "vault.db")
        with database:
            database.execute("DROP TABLE entries")
        database.close()
        first = await say(before, "gpt-4o-mini", [question], streaming=False)
        key = before.key
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "yes"}
    turns = [
        question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    async with opened(config.load(folder / "privet.yaml", {}), key, detector) as after:
        with pytest.raises(anthropic.PermissionDeniedError):
            await say(after, "gpt-4o-mini", turns, streaming=False)
    assert len(simulator.journal) == 1
