"""OpenAI's encrypted reasoning comes back word for word, over conversations with tools.

The provider refuses a request in which a byte of it has changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from proxy.assistant import Reply, ToolCall
from proxy.detect.detector import Detector
from tests.house import House, house, said_to
from tests.scene import Json
from tests.simulator import Simulator

NAMES = [
    *("Jane Hollander", "Peter Novak", "Maria Lopez", "John Smith", "Anna Schmidt"),
    *("Robert Brown", "Emily Clark", "David Miller", "Laura Wilson", "Thomas Baker"),
]
LOOK_UP: Json = {
    "type": "function",
    "name": "look_up",
    "description": "Look up a customer",
    "strict": False,
    "parameters": {"type": "object", "properties": {"who": {"type": "string"}}},
}
HOUSE_FIRST = """\
  house-first:
    - {provider: cellar, model: house-model}
    - {provider: cloud, model: gpt-4o-mini}
"""
_WHO = re.compile(r"look up: (.+?), please")


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> AsyncIterator[House]:
    """One maker's models run in both places: what one sealed, the other takes."""
    cellar.sealer = simulator.sealer
    for each in (simulator, cellar):
        each.reasons(look_up_and_tell)
    async with house(
        tmp_path / "privet",
        detector,
        simulator.base_url,
        cellar.base_url,
        settings={"  either:\n": HOUSE_FIRST + "  either:\n"},
    ) as running:
        yield running


def look_up_and_tell(asked: Json) -> tuple[str, Reply]:
    """Thinks of the last person that it was asked about, calls the tool, and thinks again."""
    questions = [item["content"] for item in asked["input"] if item.get("role") == "user"]
    who = _WHO.findall(questions[-1])[0]
    thought = f"{who} <- the one I think of, of {len(questions)}."
    if asked["input"][-1].get("type") == "function_call_output":
        return thought, Reply(f"{who} is a customer.")
    return thought, Reply(tool_calls=(ToolCall("look_up", f'{{"who": "{who}"}}'),))


class Caller:
    """A caller that hands in the whole conversation, or the last `keep` items of it."""

    def __init__(self, privet: House, model: str, *, streaming: bool, keep: int = 1000) -> None:
        self.model = model
        self._privet, self._streaming, self._keep = privet, streaming, keep
        self.items: list[Any] = []

    async def ask(self, item: Json) -> list[Json]:
        """Say one thing more; what the model puts out."""
        self.items.append(item)
        answer = await respond(
            self._privet,
            streaming=self._streaming,
            model=self.model,
            input=self.items[-self._keep :],
            include=["reasoning.encrypted_content"],
            store=False,
        )
        self.items += answer["output"]
        output: list[Json] = answer["output"]
        return output


class Chainer:
    """A caller that goes on from the last response, and leaves the rest to whoever stored it."""

    def __init__(self, privet: House, model: str, *, streaming: bool) -> None:
        self._privet, self._model, self._streaming = privet, model, streaming
        self._last: str | None = None

    async def ask(self, item: Json) -> list[Json]:
        """Say one thing more; what the model puts out."""
        answer = await respond(
            self._privet,
            streaming=self._streaming,
            model=self._model,
            input=[item],
            previous_response_id=self._last,
            reasoning={"effort": "high"},
        )
        self._last = answer["id"]
        output: list[Json] = answer["output"]
        return output


async def respond(privet: House, *, streaming: bool, **asked: Any) -> Json:
    """One response, as the official SDK reads it."""
    create: Any = privet.client.responses.create
    if not streaming:
        answer = await create(tools=[LOOK_UP], **asked)
    else:
        events = [event async for event in await create(tools=[LOOK_UP], stream=True, **asked)]
        assert events[-1].type == "response.completed"
        answer = events[-1].response
    told: Json = answer.model_dump(exclude_none=True)
    return told


async def turn(caller: Any, name: str) -> None:
    """A question, the tool that it needs, and the answer: all about the real person."""
    thought, call = await caller.ask({"role": "user", "content": f"look up: {name}, please"})
    assert thought["summary"][0]["text"].startswith(name)
    assert call["arguments"] == f'{{"who": "{name}"}}'
    result = {"type": "function_call_output", "call_id": call["call_id"]}
    _, said = await caller.ask({**result, "output": f"{name} has an account."})
    assert said["content"][0]["text"] == f"{name} is a customer."


class Trusting:
    """A caller that hands back what it got, and trusts that the rest of it is stored."""

    def __init__(self, privet: House, model: str, *, streaming: bool) -> None:
        self._privet, self._model, self._streaming = privet, model, streaming
        self._items: list[Any] = []

    async def ask(self, item: Json) -> list[Json]:
        """Say one thing more; what the model puts out."""
        self._items.append(item)
        answer = await respond(
            self._privet, streaming=self._streaming, model=self._model, input=self._items
        )
        self._items += answer["output"]
        output: list[Json] = answer["output"]
        return output


def named_in(simulator: Simulator) -> set[str]:
    """The persons that a provider learned of."""
    told = "\n".join(said_to(heard.body) for heard in simulator.journal)
    return {name for name in NAMES if name in told}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("caller", [Caller, Chainer])
async def test_ten_turns_of_reasoning_and_tools(
    privet: House, simulator: Simulator, caller: Callable[..., Any], streaming: bool
) -> None:
    talking = caller(privet, "gpt-4o-mini", streaming=streaming)
    for name in NAMES:
        await turn(talking, name)

    assert len(simulator.journal) == 2 * len(NAMES)
    handed_back = [
        item for item in simulator.journal[-1].json["input"] if item.get("type") == "reasoning"
    ]
    assert len(handed_back) == 2 * len(NAMES) - 1, "each thought but the last came back"
    assert named_in(simulator) == set()


async def test_a_model_that_reasons_unasked_is_asked_for_it_from_then_on(
    privet: House, simulator: Simulator
) -> None:
    """Nobody has what the first answer was thought of: it is left out, and the caller told."""
    caller = Trusting(privet, "gpt-4o-mini", streaming=True)
    for name in NAMES[:3]:
        await turn(caller, name)

    first, second, *_, last = [heard.json for heard in simulator.journal]
    assert "include" not in first
    assert second["include"] == ["reasoning.encrypted_content"]
    assert [item.get("type") for item in second["input"]] == [
        *(None, "function_call", "function_call_output")
    ]
    handed_back = [item for item in last["input"] if item.get("type") == "reasoning"]
    assert len(handed_back) == 2 * 3 - 2
    assert named_in(simulator) == set()


async def test_a_trimmed_history_means_the_same_persons(
    privet: House, simulator: Simulator
) -> None:
    """Six items are the last turn and the beginning of this one."""
    caller = Caller(privet, "gpt-4o-mini", streaming=False, keep=6)
    for name in NAMES:
        await turn(caller, name)

    tokens = [set(re.findall(r"<PERSON_\w+>", said_to(h.body))) for h in simulator.journal]
    assert len(set.union(*tokens)) == len(NAMES), "one token each, whatever was left"
    assert named_in(simulator) == set()


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_fallback_to_the_cloud_leaves_out_what_the_cellar_thought(
    privet: House, simulator: Simulator, cellar: Simulator, streaming: bool
) -> None:
    """Five turns on the premises, five in the cloud, and one where everything may be seen."""
    caller = Caller(privet, "house-first", streaming=streaming)
    for name in NAMES[:5]:
        await turn(caller, name)
    assert named_in(cellar) == set(NAMES[:5])
    assert not simulator.journal

    cellar.fails(503)
    for name in NAMES[5:]:
        await turn(caller, name)

    assert named_in(simulator) == set()
    thoughts = [
        item for item in simulator.journal[-1].json["input"] if item.get("type") == "reasoning"
    ]
    assert len(thoughts) == 2 * 5 - 1, "its own came back, the cellar's were left out"

    caller.model = "house-model"
    await turn(caller, NAMES[0])
    thoughts = [
        item for item in cellar.journal[-1].json["input"] if item.get("type") == "reasoning"
    ]
    assert len(thoughts) == 2 * 11 - 1


async def test_in_the_middle_of_a_turn_there_is_no_way_to_the_cloud(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    caller = Caller(privet, "house-first", streaming=False)
    _, call = await caller.ask({"role": "user", "content": f"look up: {NAMES[0]}, please"})
    cellar.fails(503)
    with pytest.raises(openai.InternalServerError):
        await caller.ask(
            {"type": "function_call_output", "call_id": call["call_id"], "output": "found"}
        )
    assert simulator.journal == []


def test_a_changed_byte_is_refused() -> None:
    """The check that the other stories rest on."""
    simulator = Simulator()
    item = simulator.sealer.item("Jane")
    question = {"role": "user", "content": "look up: x, please"}
    assert simulator.sealer.objection({"input": [item, question]}) is None
    for name, changed in (
        ("encrypted_content", item["encrypted_content"][:-4] + "AAAA"),
        ("id", "rs_other"),
    ):
        assert simulator.sealer.objection({"input": [{**item, name: changed}, question]})
    assert simulator.sealer.objection({"input": [question, item]})
