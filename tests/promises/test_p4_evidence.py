"""P4 Evidence: nothing is forwarded before its intent is durable; tampering is found.

Replaced by a no-op: `Recorder.intent` (then the provider hears what no record tells of).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audit.keys import load_verifier_keys
from audit.verify import verify
from proxy.recording import Recorder
from tests.house import House
from tests.simulator import Simulator

ASK: Any = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "I am Jane Hollander."}],
}


async def test_the_intent_is_on_disk_when_the_provider_hears_the_request(
    privet: House, simulator: Simulator
) -> None:
    answer = asyncio.Event()
    simulator.says("Hi").waits(answer, at=0)
    asking = asyncio.create_task(privet.client.chat.completions.create(**ASK))
    await simulator.heard(1)
    assert await privet.kinds() == ["intent"]
    answer.set()
    await asking
    assert await privet.kinds() == ["intent", "outcome"]


async def test_without_the_record_of_intent_the_provider_hears_what_no_log_tells(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any, **__: Any) -> None:
        return

    monkeypatch.setattr(Recorder, "intent", nothing)
    answer = asyncio.Event()
    simulator.says("Hi").waits(answer, at=0)
    asking = asyncio.create_task(privet.client.chat.completions.create(**ASK))
    await simulator.heard(1)
    assert await privet.kinds() == []
    answer.set()
    await asking


async def test_a_client_that_leaves_ends_the_upstream_and_is_recorded(
    privet: House, simulator: Simulator
) -> None:
    never = asyncio.Event()
    scene = simulator.says("One two three four").in_fragments(4).waits(never, at=400)
    stream = await privet.client.chat.completions.create(**ASK, stream=True)
    async for _ in stream:
        break
    await stream.close()
    await scene.abandoned.wait()
    while await privet.kinds() != ["intent", "outcome"]:
        await asyncio.sleep(0)
    body: Any = (await privet.records())[-1].opened.body
    assert body["status"] == "client_left"
    assert body["received_bytes"] > 0


async def test_an_edited_record_is_found(privet: House, simulator: Simulator) -> None:
    simulator.says("Hi")
    await privet.client.chat.completions.create(**ASK)
    await privet.services.recorder.settled()
    keys = load_verifier_keys(privet.folder / "keys" / "log.pub")
    assert verify(privet.log_folder, keys).exit_code == 0

    copy = privet.folder / "copy"
    shutil.copytree(privet.log_folder, copy)
    (segment,) = (copy / "segments").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[-40] ^= 1
    segment.write_bytes(data)
    assert verify(copy, keys).exit_code == 2


_CRASHING = """
import asyncio, os, sys, time
from pathlib import Path
from audit.keys import load_recipient, load_signing_key
from audit.log import AuditLog
from audit.record import Kind

async def main(folder):
    log = AuditLog.open(folder / "audit" / "0", origin="privet.example/main/0",
        signing_key=load_signing_key(folder / "keys" / "log.key"),
        recipients=[load_recipient(folder / "keys" / "auditor.pub")], clock=time.time_ns)
    async def one(number):
        await log.append(Kind.REFUSAL, f"x-{number}", {"n": number})
        print(number, flush=True)
    number = 0
    while True:
        await asyncio.gather(*(one(number + i) for i in range(8)))
        number += 8

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_kill_loses_no_acknowledged_record(tmp_path: Path) -> None:
    from proxy.commands import scaffold

    scaffold.write(tmp_path, scaffold.Choices())
    acknowledged: set[str] = set()
    for rounds in (1, 3, 5):
        command = [sys.executable, "-c", _CRASHING, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(rounds * 8 - 3)]
            os.kill(writer.pid, signal.SIGKILL)
            lines += writer.stdout.readlines()
        acknowledged = {f"{rounds}:{line.strip()}" for line in lines if line.endswith("\n")}
        keys = load_verifier_keys(tmp_path / "keys" / "log.pub")
        report = verify(tmp_path / "audit" / "0", keys)
        assert {finding.code for finding in report.findings} <= {"incomplete-batch"}
        assert report.records >= len(acknowledged)
