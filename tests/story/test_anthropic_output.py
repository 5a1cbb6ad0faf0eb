"""Who gets real values back, and what tools get of them, over Anthropic's Messages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.anthropic_scene import text, tool_use
from tests.house import House
from tests.scene import Json
from tests.simulator import Simulator
from tests.story.test_output import CARD, LINK, TOOLS
from tests.story.test_policy import Start, start

__all__ = ["start"]  # the fixture

KINDS: Any = {"cloud_type": "anthropic", "cellar_type": "anthropic"}


@pytest.fixture(params=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "streamed")


async def answer(privet: House, said: str, *, stream: bool, tools: list[Json] | None = None) -> Any:
    """The message that the official client makes of an answer, whole or streamed."""
    asked: Any = {
        "model": "gpt-4o-mini",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": said}],
        "tools": tools or [],
    }
    if not stream:
        return await privet.anthropic.messages.create(**asked)
    async with privet.anthropic.messages.stream(**asked) as events:
        return await events.get_final_message()


async def test_a_team_that_sees_placeholders(
    start: Start, simulator: Simulator, *, stream: bool
) -> None:
    rule = "  - {id: names-stay, scope: {team: support}, withhold: [PERSON]}\n"
    privet = await start(rule, **KINDS)
    simulator.messages(text("<PERSON_1> paid with <CREDIT_CARD_1>.")).in_fragments(3)
    said = await answer(privet, f"Jane Doe paid with card {CARD}", stream=stream)
    assert said.content[0].text == f"<PERSON_1> paid with {CARD}."


async def test_what_is_withheld_is_withheld_from_tools_too(
    start: Start, simulator: Simulator, *, stream: bool
) -> None:
    privet = await start("  - {id: names-stay, withhold: [PERSON]}\n" + TOOLS, **KINDS)
    simulator.messages(tool_use("book", {"who": "<PERSON_1>", "by": "<CREDIT_CARD_1>"}))
    tool = {"name": "book", "input_schema": {"type": "object"}}
    said = await answer(privet, f"Jane Doe has {CARD}", stream=stream, tools=[tool])
    assert said.content[0].input == {"who": "<PERSON_1>", "by": CARD}


@pytest.mark.parametrize(
    ("tool", "name", "link"),
    [
        ("search", "<PERSON_1>", "<PERSON_1>"),
        ("book", "Jane Doe", "Jane Doe"),
        ("tell", "Jane Doe", "<PERSON_1>"),
    ],
)
async def test_a_tool_gets_what_policy_gives_it(
    start: Start, simulator: Simulator, tool: str, name: str, link: str, *, stream: bool
) -> None:
    """`search` never, `book` always, any other but in URLs of foreign hosts."""
    privet = await start(TOOLS, **KINDS)
    arguments = {"who": "<PERSON_1>", "link": LINK + "<PERSON_1>"}
    simulator.messages(text("For <PERSON_1>:"), tool_use(tool, arguments)).in_fragments(4)
    offered = {"name": tool, "input_schema": {"type": "object"}}
    said = await answer(privet, "I am Jane Doe.", stream=stream, tools=[offered])
    assert said.content[0].text == "For Jane Doe:"
    assert said.content[1].input == {"who": name, "link": LINK + link}
