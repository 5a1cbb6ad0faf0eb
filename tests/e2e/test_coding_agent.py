"""A coding agent mends a file with personal data in it, and its model never sees any.

The agent is Claude Code, as npm installs it: a hundred kilobytes of instructions and tools of its
own, streams, thinking, and an end that is checked on the disk. Its model is scripted, and speaks
Anthropic's protocol or, as a vLLM in the basement does, OpenAI's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from proxy.assistant import Reply, ToolCall
from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.e2e import node
from tests.house import house
from tests.promises.planted import VALUES, leaks
from tests.scene import Json
from tests.simulator import Simulator

AGENT = node.PACKAGES / "@anthropic-ai" / "claude-code" / "cli.js"
TASK = "The address of Jane Hollander in customer.txt is old: make it jane.new@example.com."
FILE = "".join(f"{name}: {value}\n" for name, value in VALUES.items())
#: Numbered lines, as the agent hands a file to its model: what stands behind `mail:` there.
_OLD = re.compile(r"mail: (<EMAIL_ADDRESS_\w+>)")
_NEW = re.compile(r"make it (<EMAIL_ADDRESS_\w+>)")
_WHO = re.compile(r"address of (<PERSON_\w+>)")


@dataclass(frozen=True, slots=True)
class Step:
    """What the model does next: it thinks, says something, calls a tool."""

    thought: str = ""
    said: str = ""
    tool: str = ""
    arguments: Json = field(default_factory=dict)


def act(file: Path, task: str, results: Sequence[str]) -> Step:
    """Read the file, edit it, and say so, from nothing but what was told."""
    who, new = _found(_WHO, task), _found(_NEW, task)
    if not results:
        return Step(f"{who} wants {new}.", tool="Read", arguments={"file_path": str(file)})
    if len(results) == 1:
        old = _found(_OLD, results[0])
        edit = {"file_path": str(file), "old_string": old, "new_string": new}
        return Step(f"{old} has to go.", f"I change {old}.", "Edit", edit)
    assert "has been updated" in results[1]
    return Step(said=f"{who} is now at {new}.")


def of_anthropics(simulator: Simulator, file: Path) -> None:
    """A model that speaks Anthropic's protocol; what it signs has to come back as it was."""

    def answer(asked: Json) -> Sequence[Json]:
        task = asked["messages"][0]["content"][-1]["text"]
        results = [
            block["content"]
            for message in asked["messages"]
            for block in message["content"]
            if block["type"] == "tool_result"
        ]
        step = act(file, task, results)
        thought = [simulator.signer.thinking(step.thought)] if step.thought else []
        said = [text(step.said)] if step.said else []
        called = [tool_use(step.tool, step.arguments, len(results) + 1)] if step.tool else []
        return [*thought, *said, *called]

    simulator.messages_otherwise(answer)


def of_the_basement(simulator: Simulator, file: Path) -> None:
    """A model that speaks OpenAI's protocol, with the reasoning that vLLM adds to it."""
    steps: list[Step] = []

    def answer(asked: Json) -> Reply:
        turns = asked["messages"]
        task = next(turn["content"] for turn in turns if turn["role"] == "user")
        said = task if isinstance(task, str) else "\n".join(part["text"] for part in task)
        results = [turn["content"] for turn in turns if turn["role"] == "tool"]
        steps.append(step := act(file, said, results))
        call = ToolCall(step.tool, json.dumps(step.arguments))
        return Reply(step.said or None, (call,) if step.tool else ())

    def think(document: Json) -> None:
        for choice in document["choices"]:
            if "role" in choice.get("delta", ()):
                choice["delta"]["reasoning_content"] = steps[-1].thought

    simulator.otherwise(answer).additions.append(think)


def _found(pattern: re.Pattern[str], told: str) -> str:
    found = pattern.search(told)
    assert found, told
    return found[1]


@pytest.mark.parametrize(
    ("kind", "model", "route"),
    [
        ("anthropic", of_anthropics, "/v1/messages"),
        ("vllm", of_the_basement, "/v1/chat/completions"),
    ],
)
async def test_it_mends_a_file_that_its_model_never_reads(
    installed: None,
    tmp_path: Path,
    detector: Detector,
    simulator: Simulator,
    kind: str,
    model: Callable[[Simulator, Path], None],
    route: str,
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    file = folder / "customer.txt"
    file.write_text(FILE)
    model(simulator, file)

    async with house(tmp_path / "privet", detector, simulator.base_url, cloud_type=kind) as privet:
        done = await node.run(
            AGENT,
            *("--print", TASK, "--output-format", "json", "--allowedTools", "Read,Edit"),
            folder=folder,
            environment={
                "ANTHROPIC_BASE_URL": privet.root,
                "ANTHROPIC_API_KEY": privet.key,
                "ANTHROPIC_MODEL": "gpt-4o-mini",
                "ANTHROPIC_SMALL_FAST_MODEL": "gpt-4o-mini",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            },
        )
        assert await privet.kinds() == ["intent", "outcome"] * 3

    assert done["result"] == "Jane Hollander is now at jane.new@example.com."
    assert file.read_text() == FILE.replace(VALUES["mail"], "jane.new@example.com")
    assert [heard.target.partition("?")[0] for heard in simulator.journal] == [route] * 3
    for heard in simulator.journal:
        assert leaks(heard.body) == []
        assert b"jane.new" not in heard.body
