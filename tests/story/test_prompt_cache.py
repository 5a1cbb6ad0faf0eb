"""Providers' prompt caches serve the same with Privet as without: 20 turns with tools.

A later turn leaves the bytes of the earlier ones alone, also when it brings an escalation: the values
that this hides had their numbers all along. Only where it hides something in an earlier turn does the
request that does so pay, from that place on, and no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from proxy.assistant import Reply, ToolCall
from proxy.commands import scaffold
from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.house import House, house, said_to
from tests.prompt_cache import LEAST, AnthropicCache, OpenAICache, Served
from tests.scene import Json
from tests.simulator import Simulator

TURNS = 20
ESCALATES = 15
NAMES = [
    *("Jane Hollander", "Peter Novak", "Maria Lopez", "John Smith", "Anna Schmidt"),
    *("Robert Brown", "Emily Clark", "David Miller", "Laura Wilson", "Thomas Baker"),
]
HANDBOOK = "\n".join(
    f"{n}. Whoever asks about case {n} gets an answer the same day, in plain words."
    for n in range(80)
)
SCHEMA: Json = {"type": "object", "properties": {"who": {"type": "string"}}}
LOOK_UP: Json = {"name": "look_up", "description": "Look up a customer"}
#: Towns are shown, until an account is named with them.
POLICY = re.sub(
    r"(?m)^escalate:\n(  - .*\n)+",
    "escalate:\n  - {all_of: [LOCATION, IBAN_CODE], class: confidential}\n",
    scaffold.starter_policy(),
)
_WHO = re.compile(r"look up: (.+?), please")


def question(turn: int, town: int) -> str:
    """What the user asks; from turn `town` on the town is named, and at one turn an account is."""
    asked = f"Turn {turn}, look up: {NAMES[turn % len(NAMES)]}, please."
    if turn == town:
        asked += " The customer moved to Boston."
    if turn == ESCALATES:
        asked += " The account is DE89 3704 0044 0532 0130 00."
    return asked


class Chat:
    """An agent on Chat Completions."""

    def __init__(self, client: AsyncOpenAI, _: AsyncAnthropic) -> None:
        self._client: Any = client
        self._turns: list[Json] = [{"role": "system", "content": HANDBOOK}]

    async def say(self, said: str) -> None:
        self._turns.append({"role": "user", "content": said})
        answer = await self._ask()
        (call,) = answer["tool_calls"]
        found = f"found {call['function']['arguments']}"
        self._turns.append({"role": "tool", "tool_call_id": call["id"], "content": found})
        await self._ask()

    async def _ask(self) -> Json:
        tools = [{"type": "function", "function": {**LOOK_UP, "parameters": SCHEMA}}]
        answer = await self._client.chat.completions.create(
            model="gpt-4o-mini", messages=self._turns, tools=tools
        )
        said: Json = answer.choices[0].message.model_dump(exclude_none=True)
        self._turns.append(said)
        return said


class Responses:
    """An agent on Responses, which hands in the whole conversation."""

    def __init__(self, client: AsyncOpenAI, _: AsyncAnthropic) -> None:
        self._client: Any = client
        self._items: list[Json] = []

    async def say(self, said: str) -> None:
        self._items.append({"role": "user", "content": said})
        (call,) = await self._ask()
        output = {"call_id": call["call_id"], "output": f"found {call['arguments']}"}
        self._items.append({"type": "function_call_output", **output})
        await self._ask()

    async def _ask(self) -> list[Json]:
        tools = [{"type": "function", **LOOK_UP, "parameters": SCHEMA, "strict": False}]
        asked = {"model": "gpt-4o-mini", "instructions": HANDBOOK, "tools": tools}
        # As `responses.create` does, but for checking every item of every turn, which takes seconds.
        answer = await self._client.post(
            "/responses", cast_to=object, body={**asked, "input": self._items}
        )
        output: list[Json] = answer["output"]
        self._items += output
        return output


class Messages:
    """An agent on Messages, which marks its instructions and the newest turn."""

    def __init__(self, _: AsyncOpenAI, client: AsyncAnthropic) -> None:
        self._client: Any = client
        self._turns: list[Json] = []

    async def say(self, said: str) -> None:
        (call,) = await self._ask({"type": "text", "text": said})
        result = {"type": "tool_result", "tool_use_id": call["id"]}
        await self._ask({**result, "content": f"found {json.dumps(call['input'])}"})

    async def _ask(self, block: Json) -> list[Json]:
        mark = {"cache_control": {"type": "ephemeral"}}
        turn = {"role": "user", "content": [{**block, **mark}]}
        answer = await self._client.messages.create(
            model="gpt-4o-mini",
            max_tokens=100,
            system=[{"type": "text", "text": HANDBOOK, **mark}],
            tools=[{**LOOK_UP, "input_schema": SCHEMA}],
            messages=[*self._turns, turn],
        )
        content = [each.model_dump(exclude_none=True) for each in answer.content]
        self._turns += [{"role": "user", "content": [block]}]
        self._turns += [{"role": "assistant", "content": content}]
        return content


#: An agent, the cache of its provider, and the provider's kind.
PROTOCOLS: dict[str, tuple[Any, Any, str]] = {
    "chat": (Chat, OpenAICache, ""),
    "responses": (Responses, OpenAICache, ""),
    "messages": (Messages, AnthropicCache, "anthropic"),
}


def model(simulator: Simulator, protocol: str) -> None:
    """Looks up whom it is asked about, and then says what was found."""

    def answer(asked: Json) -> Reply:
        last = said_to(json.dumps((asked.get("messages") or asked["input"])[-1]).encode())
        who = _WHO.search(last)
        if who is None:
            return Reply(f"This is what I {last[-60:]}")
        return Reply(tool_calls=(ToolCall("look_up", json.dumps({"who": who[1]})),))

    def blocks(asked: Json) -> list[Json]:
        reply = answer(asked)
        calls = [tool_use(call.name, json.loads(call.arguments)) for call in reply.tool_calls]
        return calls or [text(reply.content or "")]

    if protocol == "messages":
        simulator.messages_otherwise(blocks)
    else:
        simulator.otherwise(answer)


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def privet(
    tmp_path: Path, detector: Detector, simulator: Simulator, protocol: str
) -> AsyncIterator[House]:
    kind = PROTOCOLS[protocol][2]
    async with house(
        tmp_path / "privet", detector, simulator.base_url, cloud_type=kind, policy=POLICY
    ) as running:
        yield running


async def served(
    protocol: str, town: int, simulator: Simulator, privet: House | None = None
) -> list[Served]:
    """What the provider's cache serves of each request of a conversation, with or without Privet."""
    agent, cache, _ = PROTOCOLS[protocol]
    model(simulator, protocol)
    root = simulator.base_url.removesuffix("/v1")
    async with (
        AsyncOpenAI(base_url=simulator.base_url, api_key="any") as openai,
        AsyncAnthropic(base_url=root, api_key="any") as anthropic,
    ):
        clients = (privet.client, privet.anthropic) if privet else (openai, anthropic)
        speaker = agent(*clients)
        for turn in range(TURNS):
            await speaker.say(question(turn, town))
    serving = cache()
    return [serving.serve(heard.json) for heard in simulator.journal]


def hits(protocol: str, serves: list[Served]) -> list[bool]:
    """Of each request but the first: whether all that the one before it held came from the cache."""
    step = PROTOCOLS[protocol][1].step
    return [
        later.cached == earlier.tokens - earlier.tokens % step
        for earlier, later in pairwise(serves)
    ]


async def test_the_same_hits_with_and_without(
    privet: House, simulator: Simulator, protocol: str
) -> None:
    """The escalation's values stand in its own turn, or were hidden before."""
    async with Simulator() as direct:
        without = await served(protocol, ESCALATES, direct)

    through = await served(protocol, ESCALATES, simulator, privet)

    assert hits(protocol, through) == hits(protocol, without) == [True] * (2 * TURNS - 1)
    first, last = simulator.journal[0], simulator.journal[-1]
    assert "<PERSON_1>" in said_to(first.body)
    assert re.search(r"moved to <LOCATION_\d+>.*<IBAN_CODE_\d+>", said_to(last.body))
    assert not any(name in said_to(last.body) for name in NAMES)


async def test_what_is_hidden_after_the_fact_costs_one_request(
    privet: House, simulator: Simulator, protocol: str
) -> None:
    """The town of turn 2 was shown for twelve turns, and is hidden from the escalation on."""
    through = await served(protocol, 2, simulator, privet)

    escalated = 2 * ESCALATES
    assert [at for at, hit in enumerate(hits(protocol, through), 1) if not hit] == [escalated]
    shown, hidden = (said_to(simulator.journal[at].body) for at in (escalated - 1, escalated))
    assert "moved to Boston" in shown
    assert re.search(r"moved to <LOCATION_\d+>", hidden)
    before_the_town = 0 if protocol == "messages" else through[3].cached
    assert through[escalated].cached >= before_the_town
    # What the handbook takes is served even so.
    assert through[escalated].cached >= LEAST


@pytest.mark.parametrize("protocol", ["chat", "messages"], scope="function")
def test_a_cache_serves_nothing_behind_a_changed_character(protocol: str) -> None:
    cache = PROTOCOLS[protocol][1]()
    mark = {"cache_control": {"type": "ephemeral"}}
    handbook = {"type": "text", "text": HANDBOOK, **mark}

    def asked(*said: str) -> Json:
        turns = [
            {"role": "user", "content": [{"type": "text", "text": text, **mark}]} for text in said
        ]
        if protocol == "messages":
            return {"system": [handbook], "messages": turns}
        return {"messages": [{"role": "system", "content": HANDBOOK}, *turns]}

    one, same, changed, other = (
        cache.serve(asked(*said))
        for said in (
            ("Hello " * 200,),
            ("Hello " * 200, "Jane"),
            ("hello " + "Hello " * 199, "Jane"),
            ("Hello " * 200, "Jane", "Peter"),
        )
    )
    assert one.cached == 0
    assert same.cached == one.tokens - one.tokens % cache.step
    assert changed.cached < same.cached
    assert other.cached == same.tokens - same.tokens % cache.step
