"""A serving Privet and the log collectors that keep its checkpoints: there, gone, and back."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import InternalServerError

from audit.checkpoint import notes_in, read_checkpoint
from proxy import exposition
from proxy.assistant import Reply
from proxy.detect.detector import Detector
from proxy.records import elsewhere
from proxy.reporting import report
from tests.audit.receiver import Receiver, datagrams, streams
from tests.house import House, house
from tests.simulator import Simulator

ASK: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Where is my parcel?"}],
}


def sinks(*entries: str) -> dict[str, str]:
    return {"  content: masked": f"  sinks: [{', '.join(entries)}]\n  content: masked"}


def heard(receiver: Receiver) -> tuple[str, int]:
    """Of the next message, the log's folder and size."""
    (note,) = notes_in([receiver.message()["said"]])
    checkpoint = read_checkpoint(note)
    return checkpoint.origin.rpartition("/")[2], checkpoint.size


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


async def test_a_collector_gets_every_logs_newest_checkpoint_also_the_last(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    simulator.otherwise(lambda _: Reply("Soon."))
    with datagrams(tmp_path / "log") as receiver:
        entry = f"{{to: 'unix:{tmp_path}/log', every_s: 0.02, required: true}}"
        async with house(
            tmp_path / "etc", detector, simulator.base_url, settings=sinks(entry)
        ) as privet:
            assert privet.services.elsewhere.lacking() == ""
            await privet.client.chat.completions.create(**ASK)
        last = ("0", len(privet.on_disk()))
        got = [heard(receiver)]
        while got[-1] != last:
            got.append(heard(receiver))
    assert got.count(("manifest", 1)) == 1
    assert got == sorted(got, key=lambda one: one[1] if one[0] == "0" else 0)


async def test_nothing_is_forwarded_while_a_required_collector_is_gone(
    tmp_path: Path, detector: Detector, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "AGAIN_S", 0.02)
    simulator.otherwise(lambda _: Reply("Soon."))
    with streams() as receiver:
        port = int(receiver.to.rpartition(":")[2])
    entry = f"{{to: '{receiver.to}', required: true, every_s: 0.02}}"
    async with house(tmp_path, detector, simulator.base_url, settings=sinks(entry)) as privet:
        await refused(privet)
        assert simulator.journal == []
        checks = (await report(privet.services)).checks
        assert checks["audit"] == "The audit log's checkpoints aren't kept elsewhere just now."
        assert "privet_audit_sink_up" in await metrics(privet)
        with streams(port=port) as receiver:
            await until(lambda: not privet.services.elsewhere.lacking())
            await privet.client.chat.completions.create(**ASK)
            assert (await report(privet.services)).ready
        # It went away: that is noticed as soon as there is something to tell it.
        await privet.services.recorder.policy_changed("acme/2", "00", accepted=False)
        await until(lambda: bool(privet.services.elsewhere.lacking()))
        await refused(privet)
        assert len(simulator.journal) == 1
    kinds = [record.opened.kind.name.lower() for record in privet.on_disk()]
    assert kinds == [
        *("policy_change", "refusal", "intent", "outcome", "policy_change", "refusal"),
    ]


async def refused(privet: House) -> None:
    with pytest.raises(InternalServerError) as caught:
        await privet.client.chat.completions.create(**ASK)
    assert (caught.value.status_code, caught.value.code) == (503, "audit_unavailable")


async def metrics(privet: House) -> str:
    return exposition.expose({"0": await report(privet.services)}).decode()


async def test_another_collector_that_is_gone_is_counted_and_hinders_nobody(
    tmp_path: Path, detector: Detector, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "AGAIN_S", 0.02)
    simulator.otherwise(lambda _: Reply("Soon."))

    def stuck(connection: Any, got: queue.Queue[str]) -> None:
        """Takes connections, and then nothing more."""
        got.put("connected")
        released.wait()
        connection.recv(1 << 20)

    released = threading.Event()
    gone = f"unix:{tmp_path}/nobody"
    with streams(handle=stuck) as receiver:
        entries = [f"{{to: '{one}', every_s: 0.02}}" for one in (gone, receiver.to)]
        async with house(
            tmp_path / "etc", detector, simulator.base_url, settings=sinks(*entries)
        ) as privet:
            await asyncio.to_thread(receiver.got.get)
            await privet.client.chat.completions.create(**ASK)
            counts = privet.services.counts
            await until(lambda: counts["sinks", gone, "failed"] > 1)
            assert f'privet_audit_sink_up{{sink="{gone}",worker="0"}} 0.0' in await metrics(privet)
            assert (await report(privet.services)).ready
            released.set()
