"""A coding agent mends a file with personal data in it, and its model never sees any.

The agent is Claude Code, as npm installs it: a hundred kilobytes of instructions and tools of its
own, streams, thinking, and an end that is checked on the disk. Its model is scripted.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.e2e import node
from tests.house import House, house
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


class Model:
    """Reads the file, edits it, and says so, from nothing but what it is told."""

    def __init__(self, simulator: Simulator, file: Path) -> None:
        self._file = str(file)
        self._signer = simulator.signer
        simulator.messages_otherwise(self._answer)

    def _answer(self, asked: Json) -> Sequence[Json]:
        task = asked["messages"][0]["content"][-1]["text"]
        results = [
            block["content"]
            for message in asked["messages"]
            for block in message["content"]
            if block["type"] == "tool_result"
        ]
        who, new = _found(_WHO, task), _found(_NEW, task)
        thought = self._signer.thinking(f"{who} wants {new}.")
        if not results:
            return [thought, tool_use("Read", {"file_path": self._file})]
        if len(results) == 1:
            old = _found(_OLD, results[0])
            edit = {"file_path": self._file, "old_string": old, "new_string": new}
            return [thought, text(f"I change {old}."), tool_use("Edit", edit, 2)]
        assert "has been updated" in results[1]
        return [thought, text(f"{who} is now at {new}.")]


def _found(pattern: re.Pattern[str], told: str) -> str:
    found = pattern.search(told)
    assert found, told
    return found[1]


@pytest.fixture
async def privet(tmp_path: Path, detector: Detector, simulator: Simulator) -> AsyncIterator[House]:
    folder = tmp_path / "privet"
    async with house(folder, detector, simulator.base_url, cloud_type="anthropic") as running:
        yield running


async def test_it_mends_a_file_that_its_model_never_reads(
    installed: None, privet: House, simulator: Simulator, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    file = folder / "customer.txt"
    file.write_text(FILE)
    Model(simulator, file)

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

    assert done["result"] == "Jane Hollander is now at jane.new@example.com."
    assert file.read_text() == FILE.replace(VALUES["mail"], "jane.new@example.com")
    assert len(simulator.journal) == 3
    for heard in simulator.journal:
        assert leaks(heard.body) == []
        assert b"jane.new" not in heard.body
    assert await privet.kinds() == ["intent", "outcome"] * 3
