"""P7 Invisible: detector work grows with new text only; a stream waits for a placeholder at most.

Work is counted, not timed (`make bench` measures). Replaced by no-ops: what a conversation's earlier
turns left, and the cache of findings.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxy.detect.cache import FindingCache
from proxy.exchange import Channel
from proxy.mask.masked import Restorable
from proxy.mask.restorer import Restorer
from proxy.steps.memory import Known, Memory, Turn
from tests.house import House
from tests.simulator import Simulator

TURNS = 6


async def analysed_per_turn(privet: House, simulator: Simulator, name: str) -> list[int]:
    """Hold a conversation; how many chunks each turn gave the detector to look at."""
    messages: list[Any] = []
    work: list[int] = []
    for turn in range(TURNS):
        messages.append({"role": "user", "content": f"{name} asks {turn}: where is my parcel?"})
        simulator.says(f"Dear <PERSON_1>, parcel {turn} is on its way.")
        before = privet.services.detector.counts.analysed
        answer = await privet.client.chat.completions.create(model="gpt-4o-mini", messages=messages)
        work.append(privet.services.detector.counts.analysed - before)
        messages.append(answer.choices[0].message.model_dump(exclude_none=True))
    return work


async def test_turn_n_analyses_its_new_chunks_only(privet: House, simulator: Simulator) -> None:
    work = await analysed_per_turn(privet, simulator, "Jane Hollander")
    # Each later turn brings the last answer and a new question, and nothing else.
    assert work[1:] == [2] * (TURNS - 1)


async def test_without_what_is_remembered_work_grows_with_the_conversation(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Memory, "turn", lambda memory, *_: Turn(memory, b"", Known()))
    monkeypatch.setattr(FindingCache, "get", lambda *_: None)
    work = await analysed_per_turn(privet, simulator, "Peter Miller")
    assert work == sorted(work)
    assert work[-1] > work[1]


def test_a_stream_waits_only_in_the_middle_of_a_placeholder() -> None:
    stream = Restorer(Restorable(tokens={"PERSON_1": "Jane Hollander"}), []).stream(Channel.TEXT)
    assert stream.feed("Hello ") == "Hello "
    assert stream.feed("<PERS") == ""
    assert stream.feed("ON_1>") == "Jane Hollander"
    assert stream.feed(" and a < b") == " and a < b"


async def test_a_long_document_does_not_stop_the_loop(privet: House, simulator: Simulator) -> None:
    """While a document is analysed in its process, another request goes through whole."""
    simulator.otherwise(lambda _: __import__("proxy.assistant", fromlist=["Reply"]).Reply("Hi"))
    paragraph = "The committee met on Tuesday and agreed to meet again on Thursday. " * 8
    document = "\n\n".join(f"{number}. {paragraph}" for number in range(150))
    long = asyncio.create_task(
        privet.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": document}]
        )
    )
    await asyncio.sleep(0)
    await privet.client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "A short question?"}]
    )
    assert not long.done(), "the short text overtakes the long one"
    await long
