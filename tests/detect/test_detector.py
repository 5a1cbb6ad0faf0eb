"""Detection as the pipeline sees it: complete or refused, and work grows with new text only."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.errors import DetectorUnavailable
from proxy.exchange import Reach, TextPart
from tests.alive import parent_of, runs

KEY = bytes(range(32))


def part(text: str, **more: object) -> TextPart:
    return TextPart(path=("messages",), text=text, **more)  # type: ignore[arg-type]


async def found(detector: Detector, *parts: TextPart) -> list[list[tuple[str, str]]]:
    findings = await detector.detect("acme", parts)
    return [
        [(one.entity, asked.text[one.start : one.end]) for one in of_part]
        for asked, of_part in zip(parts, findings, strict=True)
    ]


async def test_findings_are_parallel_to_parts_and_slice_their_text(detector: Detector) -> None:
    names, nothing, number, empty = await found(
        detector,
        part("Anna Schmidt met Bob Jones in Berlin."),
        part("Nothing to see here."),
        part("123456789", context="ssn"),
        part(""),
    )
    assert names == [("PERSON", "Anna Schmidt"), ("PERSON", "Bob Jones"), ("LOCATION", "Berlin")]
    assert nothing == empty == []
    assert number == [("US_SSN", "123456789")]


async def test_models_leave_plain_identifiers_alone(detector: Detector) -> None:
    text = "Vangie Tellechea 123-45-6789"
    (by_patterns,) = await found(detector, part(text, reach=Reach.PATTERNS))
    assert by_patterns == [("US_SSN", "123-45-6789")]
    (by_all,) = await found(detector, part(text))
    assert by_all == [("PERSON", "Vangie Tellechea"), ("US_SSN", "123-45-6789")]


async def test_turn_n_analyses_exactly_its_new_chunks(detector: Detector) -> None:
    conversation: list[TextPart] = []
    for turn in range(8):
        new = "\n\n".join(
            f"Turn {turn}, paragraph {n}: Anna wrote. " + "Words " * 200 for n in "ab"
        )
        conversation.append(part(new))
        before = detector.counts
        await detector.detect("acme", conversation)
        after = detector.counts
        assert after.analysed - before.analysed == 2
        assert after.chunks - before.chunks == 2 * (turn + 1)
    before = detector.counts
    await detector.detect("acme", conversation)
    assert detector.counts.analysed == before.analysed
    await detector.detect("another tenant", conversation)
    assert detector.counts.analysed == before.analysed + 16


async def test_a_text_that_grows_costs_its_end(detector: Detector) -> None:
    text = "\n\n".join(f"Paragraph {n} by Anna Schmidt. " + "More. " * 150 for n in range(20))
    await detector.detect("acme", [part(text)])
    before = detector.counts.analysed
    await detector.detect("acme", [part(text + "\n\nOne more line.")])
    assert detector.counts.analysed - before <= 2


async def test_the_same_text_twice_at_once_is_analysed_once(detector: Detector) -> None:
    before = detector.counts.analysed
    text = "Carla Gomez moved to Lisbon last spring."
    asked = [detector.detect("acme", [part(text), part(text)]) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert detector.counts.analysed - before == 1
    assert len({findings for answer in answers for findings in answer}) == 1


async def test_an_unreadable_text_fails_and_takes_nobody_with_it(detector: Detector) -> None:
    broken, fine = await asyncio.gather(
        detector.detect("acme", [part("\ud800 is no character, said Dora")]),
        detector.detect("acme", [part("Erik Larsen lives in Oslo.")]),
        return_exceptions=True,
    )
    assert isinstance(broken, DetectorUnavailable)
    assert "Dora" not in f"{broken} {broken.hint} {broken.__cause__}"
    assert isinstance(fine, tuple)
    assert len(fine[0]) == 2


async def test_what_can_be_found_is_known_after_the_start(detector: Detector) -> None:
    assert detector.ready
    assert {"PERSON", "API_KEY", "US_SSN"} <= detector.produced


async def test_before_the_start_nothing_passes() -> None:
    detector = Detector(DetectSettings(), KEY)
    assert not detector.ready
    with pytest.raises(DetectorUnavailable):
        await detector.detect("acme", [part("Anna")])


async def test_a_missing_model_is_said_at_the_start() -> None:
    detector = Detector(DetectSettings(model="en_core_web_lg"), KEY)
    with pytest.raises(DetectorUnavailable) as failure:
        await detector.start()
    assert "en_core_web_lg" in failure.value.hint
    assert not detector.ready


async def test_a_dead_process_fails_its_work_and_is_replaced(joined: Callable[[], Nursery]) -> None:
    detector = Detector(DetectSettings(chunk_chars=500), KEY, nursery=joined())
    await detector.start()
    try:
        (first,) = detector.pids
        text = "\n\n".join(f"Paragraph {n}. Anna wrote this. " * 10 for n in range(40))
        asking = asyncio.create_task(detector.detect("acme", [part(text)]))
        await asyncio.sleep(0.02)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(DetectorUnavailable):
            await asking
        ((name,),) = await detector.detect("acme", [part("Later, Bob Jones wrote.")])
        assert name.entity == "PERSON"
        assert detector.ready
        assert detector.pids != (first,)
    finally:
        await detector.stop()
    assert not detector.ready


async def test_an_idle_process_that_dies_fails_nobody(joined: Callable[[], Nursery]) -> None:
    detector = Detector(DetectSettings(), KEY, nursery=joined())
    await detector.start()
    try:
        (first,) = detector.pids
        os.kill(first, signal.SIGKILL)
        while first in detector.pids:  # its end is an event of the pool, not ours
            await asyncio.sleep(0)
        ((name,),) = await detector.detect("acme", [part("Bob Jones wrote.")])
        assert name.entity == "PERSON"
    finally:
        await detector.stop()


async def test_when_the_loaded_models_are_gone_they_are_loaded_again() -> None:
    """The process that detector processes are forked from ends, and they with it."""
    detector = Detector(DetectSettings(processes=2), KEY)
    await detector.start()
    try:
        before = detector.pids
        nursery = parent_of(before[0])
        assert parent_of(before[1]) == nursery, "both share its memory"
        os.kill(nursery, signal.SIGKILL)
        while detector.ready:
            await asyncio.sleep(0)
        ((name,),) = await detector.detect("acme", [part("Bob Jones wrote.")])
        assert name.entity == "PERSON"
        assert not set(before) & set(detector.pids)
    finally:
        await detector.stop()


async def test_two_proxies_share_one_set_of_models(joined: Callable[[], Nursery]) -> None:
    detectors = [Detector(DetectSettings(), KEY, nursery=joined()) for _ in range(2)]
    try:
        for detector in detectors:
            await detector.start()
        (one,), (other,) = (detector.pids for detector in detectors)
        assert one != other
        assert parent_of(one) == parent_of(other)
        await detectors[0].stop()
        assert not runs(one)
        ((name,),) = await detectors[1].detect("acme", [part("Bob Jones wrote.")])
        assert name.entity == "PERSON", "one proxy's end is not the other's"
    finally:
        await detectors[1].stop()
    assert not runs(other)


async def test_deadline_and_overload_refuse(joined: Callable[[], Nursery]) -> None:
    """A stopped process answers nothing: the call fails in time, and so does one too many."""
    settings = DetectSettings(deadline_s=0.3, queue_limit=3, chunk_chars=200)
    detector = Detector(settings, KEY, nursery=joined())
    await detector.start()
    (pid,) = detector.pids
    try:
        os.kill(pid, signal.SIGSTOP)
        waiting = asyncio.create_task(detector.detect("acme", [part("Bob Jones wrote.")]))
        await asyncio.sleep(0.01)
        with pytest.raises(DetectorUnavailable, match="overloaded"):
            await detector.detect("acme", [part("Anna wrote again. " * 60)])
        with pytest.raises(DetectorUnavailable):
            await waiting
    finally:
        await detector.stop()


async def test_a_short_text_overtakes_a_long_document(joined: Callable[[], Nursery]) -> None:
    detector = Detector(DetectSettings(chunk_chars=1_000), KEY, nursery=joined())
    await detector.start()
    try:
        document = "\n\n".join(f"Section {n}. Anna Schmidt wrote. " * 15 for n in range(60))
        long = asyncio.create_task(detector.detect("acme", [part(document)]))
        await asyncio.sleep(0.02)
        await detector.detect("acme", [part("Is Bob Jones here?")])
        assert not long.done()
        (findings,) = await long
        assert all(document[one.start : one.end] for one in findings)
    finally:
        await detector.stop()


async def test_stopping_fails_what_waits_and_leaves_no_process(
    joined: Callable[[], Nursery],
) -> None:
    detector = Detector(replace(DetectSettings(), chunk_chars=500), KEY, nursery=joined())
    await detector.start()
    (pid,) = detector.pids
    asking = asyncio.create_task(detector.detect("acme", [part("Anna Schmidt. \n\n" * 2_000)]))
    await asyncio.sleep(0.02)
    await detector.stop()
    with pytest.raises(DetectorUnavailable):
        await asking
    assert not runs(pid)
