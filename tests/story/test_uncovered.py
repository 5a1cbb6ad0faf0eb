"""Text in a language whose names can't be found, under a policy that minds and one that doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openai import PermissionDeniedError

from proxy.commands.scaffold import starter_policy
from proxy.detect.detector import Detector
from tests.house import House, house, said_to
from tests.simulator import Simulator

SAID = "Пожалуйста, отправьте договор Ивану Петрову, ivan.petrov@example.com, до пятницы."
ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": SAID}]}


async def test_the_starter_policy_lets_it_go_and_says_so_on_record(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Да")
    await privet.client.chat.completions.create(**ASK)
    heard = said_to(simulator.journal[0].body)
    assert "Пожалуйста" in heard
    assert "ivan.petrov" not in heard, "patterns read every language"
    (intent,) = [one for one in await privet.records() if one.opened.kind.name == "INTENT"]
    body: Any = intent.opened.body
    assert body["opaque"] == ["uncovered"]


async def test_a_policy_that_says_nothing_treats_it_as_unreadable(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    lines = starter_policy().splitlines(keepends=True)
    strict = "".join(line for line in lines if "opaque: {uncovered" not in line)
    folder = tmp_path / "strict"
    async with house(folder, detector, simulator.base_url, policy=strict) as privet:
        with pytest.raises(PermissionDeniedError, match="uncovered"):
            await privet.client.chat.completions.create(**ASK)
        simulator.says("Yes")
        ask = ASK | {"messages": [{"role": "user", "content": "Is the contract there?"}]}
        await privet.client.chat.completions.create(**ask)
    assert len(simulator.journal) == 1
