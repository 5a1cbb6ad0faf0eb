"""What one process has found, another doesn't have analysed; and nothing else comes out of the table."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from proxy.detect.cache import Findings
from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.detect.shared import SharedFindings
from proxy.exchange import Finding, TextPart

FOUND: Findings = (Finding("PERSON", 3, 9, 0.85, "r"), Finding("EMAIL_ADDRESS", 11, 30, 1.0, "e"))


def key(number: int) -> bytes:
    """As good as random, as keys are."""
    return bytes((number * 37 + 11 * place) % 256 for place in range(16))


@pytest.fixture
def table() -> Iterator[SharedFindings]:
    made = SharedFindings.create(1_000)
    yield made
    made.close()


def test_what_one_puts_there_another_finds(table: SharedFindings) -> None:
    other = SharedFindings(os.dup(table.descriptor), table.key)
    assert other.get(key(1)) is None
    table.put(key(1), FOUND)
    table.put(key(2), ())
    assert (other.get(key(1)), other.get(key(2)), other.get(key(3))) == (FOUND, (), None)
    other.close()


def test_under_another_key_it_is_nothing(table: SharedFindings) -> None:
    table.put(key(1), FOUND)
    stranger = SharedFindings(os.dup(table.descriptor), bytes(32))
    assert stranger.get(key(1)) is None
    stranger.close()


def test_an_entry_of_which_one_byte_is_another_is_none(table: SharedFindings) -> None:
    """Half written or partly overwritten, wherever."""
    table.put(key(1), FOUND)
    at = next(place for place in table._where(key(1)) if table._taken(place))
    length = int.from_bytes(table._memory[at + 32 : at + 34], "big")
    for place in range(at, at + 34 + length):
        byte = table._memory[place]
        table._memory[place] = byte ^ 1
        assert table.get(key(1)) is None, place - at
        table._memory[place] = byte
    assert table.get(key(1)) == FOUND


def test_it_forgets_and_doesnt_grow() -> None:
    table = SharedFindings.create(8)
    size = len(table._memory)
    long = tuple(replace(FOUND[0], start=n, end=n + 1) for n in range(40))  # over several places
    for number in range(200):
        table.put(key(number), long if number % 3 else FOUND)
        assert table.get(key(number)) == (long if number % 3 else FOUND)
    assert len(table._memory) == size
    known = [table.get(key(number)) for number in range(200)]
    assert known.count(None) > 150
    assert all(one in (None, FOUND, long) for one in known)
    table.put(key(999), long * 100)
    assert table.get(key(999)) is None, "more than an entry holds"
    table.close()


def part(text: str) -> TextPart:
    return TextPart(path=("messages",), text=text)


@pytest.fixture
async def two(
    table: SharedFindings, joined: Callable[[], Nursery]
) -> Iterator[tuple[Detector, Detector]]:
    """Two workers' detectors."""
    pair = [Detector(DetectSettings(), table.key, nursery=joined(), shared=table) for _ in range(2)]
    for one in pair:
        await one.start()
    yield pair[0], pair[1]
    for one in pair:
        await one.stop()


async def test_turn_n_analyses_exactly_its_new_chunks_whoever_gets_it(
    two: tuple[Detector, Detector],
) -> None:
    conversation: list[TextPart] = []
    found = []
    for turn in range(8):
        conversation.append(part(f"Turn {turn}: Anna Schmidt wrote to Bob Jones."))
        before = [one.counts.analysed for one in two]
        found.append(await two[turn % 2].detect("acme", conversation))
        assert sum(one.counts.analysed for one in two) - sum(before) == 1
    assert found[-1][:-1] == found[-2]
    await two[0].detect("another tenant", conversation)
    assert two[0].counts.analysed == 4 + 8, "whose text it is counts here, too"


async def test_what_was_found_under_other_knowledge_isnt_taken(
    two: tuple[Detector, Detector],
) -> None:
    await two[0].detect("acme", [part("Anna Schmidt wrote.")])
    two[1].learn(Knowledge(taught=b" " + Knowledge().taught))
    await two[1].detect("acme", [part("Anna Schmidt wrote.")])
    assert [one.counts.analysed for one in two] == [1, 1]


async def test_what_is_learnt_while_a_chunk_waits_is_nobody_elses(
    two: tuple[Detector, Detector],
) -> None:
    """It may have been analysed under the new knowledge: the first has changed its mind since."""
    (pid,) = two[0].pids
    os.kill(pid, signal.SIGSTOP)
    asking = asyncio.create_task(two[0].detect("acme", [part("Anna Schmidt wrote.")]))
    while two[0].counts.analysed == 0:
        await asyncio.sleep(0)
    two[0].learn(Knowledge())
    os.kill(pid, signal.SIGCONT)
    await asking
    await two[1].detect("acme", [part("Anna Schmidt wrote.")])
    assert two[1].counts.analysed == 1
