"""P3 Fail closed: whatever breaks, the request is refused and nothing is forwarded.

Replaced by no-ops: detection (a dead detector that is taken for one that found nothing).
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, InternalServerError

from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.errors import DetectorUnavailable
from tests.house import House, house
from tests.promises.planted import INTRODUCTION, leaks
from tests.simulator import Simulator

ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": INTRODUCTION}]}


async def refused(privet: House) -> APIStatusError:
    with pytest.raises(APIStatusError) as failure:
        await privet.client.chat.completions.create(**ASK)
    return failure.value


async def test_a_detector_that_dies_in_the_middle(
    tmp_path: Path, simulator: Simulator, joined: Callable[[], Nursery]
) -> None:
    detector = Detector(DetectSettings(processes=1), bytes(32), nursery=joined())
    await detector.start()
    try:
        async with house(tmp_path / "privet", detector, simulator.base_url) as privet:
            for pid in detector.pids:
                os.kill(pid, signal.SIGSTOP)  # it has the request in hand, and doesn't answer
            asking = asyncio.create_task(refused(privet))
            while not detector.counts.analysed:
                await asyncio.sleep(0)
            for pid in detector.pids:
                os.kill(pid, signal.SIGKILL)
            failure = await asking
            assert (failure.status_code, failure.code) == (503, "detector_unavailable")
            assert simulator.journal == []
            assert await privet.kinds() == ["refusal"]
    finally:
        await detector.stop()


async def test_without_detection_it_would_leak(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def finds_nothing(_self: Any, _tenant: str, parts: Any, _coverage: Any) -> Any:
        return tuple(() for _ in parts)

    monkeypatch.setattr(Detector, "detect", finds_nothing)
    simulator.says("Fine.")
    await privet.client.chat.completions.create(**ASK)
    assert leaks(simulator.journal[0].body)


async def test_a_detector_that_refuses(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overloaded(*_: Any) -> Any:
        raise DetectorUnavailable("The detector is overloaded.")

    monkeypatch.setattr(Detector, "detect", overloaded)
    assert (await refused(privet)).code == "detector_unavailable"
    assert simulator.journal == []


async def test_a_full_audit_disk(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdatasync

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", full)
    failure = await refused(privet)
    assert (failure.status_code, failure.code) == (503, "audit_unavailable")
    assert simulator.journal == []
    monkeypatch.setattr(os, "fdatasync", real)
    simulator.says("Fine.")
    await privet.client.chat.completions.create(**ASK)
    assert (await privet.verify()).exit_code == 0


async def test_a_policy_that_becomes_invalid_leaves_the_last_good_one(
    privet: House, simulator: Simulator
) -> None:
    before = privet.services.policies.current.digest
    (privet.folder / "policy.yaml").write_text("policy: broken\nrules: [")
    reload = privet.services.policies.reload()
    assert reload.problems
    assert privet.services.policies.current.digest == before
    simulator.says("Fine.")
    await privet.client.chat.completions.create(**ASK)
    assert leaks(simulator.journal[0].body) == []


async def test_a_defect_inside_is_a_500_without_a_word_of_the_text(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError(INTRODUCTION)

    monkeypatch.setattr("proxy.pipeline.decide", broken)
    failure = await refused(privet)
    assert isinstance(failure, InternalServerError)
    assert failure.code == "internal"
    assert leaks(failure.response.content) == []
    assert simulator.journal == []
    assert await privet.kinds() == ["refusal"]
