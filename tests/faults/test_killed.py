"""SIGKILL in every step of the journey: nothing leaks, no acknowledged record is lost, nobody stays."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openai import APIConnectionError, APIError, AsyncOpenAI

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader
from audit.verify import verify
from proxy.config import AUDIT_SLOT, Configuration
from proxy.detect.processes.nursery import Nursery
from proxy.identity.keys import create_key
from proxy.serving.audit_settings import open_audit_log
from tests.alive import runs
from tests.faults.holding import DEPARTED, ON_RECORD
from tests.faults.killable import STEPS
from tests.house import write_configuration
from tests.promises.planted import INTRODUCTION, leaks
from tests.simulator import Simulator


@dataclass
class Killable:
    """The process of killable.py, and what it serves."""

    process: asyncio.subprocess.Process
    configuration: Configuration
    key: str
    upstream: Simulator

    async def begin(self, step: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{step}\n".encode())
        return await self.hears("root")

    async def hears(self, name: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(120):
            while line := await self.process.stdout.readline():
                said: dict[str, Any] = json.loads(line)
                if name in said:
                    return said
        raise EOFError

    async def recovered(self) -> list[tuple[str, str]]:
        """The log after a restart: the kind of each record, and how an outcome says it ended."""
        await open_audit_log(self.configuration).close()
        folder = self.configuration.folder
        key = load_recipient_key(folder / "keys" / "auditor.key")
        slot = folder / "audit" / AUDIT_SLOT
        assert verify(slot, load_verifier_keys(folder / "keys" / "log.pub")).findings == []
        with Reader(slot, key) as reader:
            found = [(r.opened.kind.name.lower(), r.opened.body) for r in reader.records()]
        return [
            (kind, str(body.get("status", "")))
            for kind, body in found
            if kind in ("intent", "part", "outcome", "refusal")
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def killable(
    tmp_path_factory: pytest.TempPathFactory, joined: Callable[[], Nursery]
) -> AsyncIterator[Killable]:
    folder: Path = tmp_path_factory.mktemp("killed")
    nursery = joined()
    await nursery.start()
    async with Simulator() as upstream:
        configuration = write_configuration(folder, upstream.base_url)
        key, _ = create_key(folder / "keys.yaml", "support", "desk")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.killable"),
            *(folder / "privet.yaml", str(nursery.control)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[nursery.control],
        )
        yield Killable(process, configuration, key, upstream)
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
    await nursery.stop()


@pytest.mark.parametrize("step", STEPS)
async def test_killed_in(step: str, killable: Killable) -> None:
    upstream = killable.upstream
    before, heard = await killable.recovered(), len(upstream.journal)
    serving = await killable.begin(step)
    scene = upstream.says("Dear <PERSON_1>, bye.").in_fragments(3)
    if step in ("forward", "restore"):
        scene.waits(asyncio.Event(), at=-1 if step == "forward" else 400)
    async with AsyncOpenAI(
        base_url=f"{serving['root']}/v1", api_key=killable.key, max_retries=0
    ) as client:
        asking = asyncio.create_task(ask(client, stream=step == "restore"))
        if step in ("forward", "restore"):
            await scene.paused.wait()
        else:
            await killable.hears("reached")
        os.kill(serving["pid"], signal.SIGKILL)
        if step == "record outcome":
            await asking  # the answer goes ahead of it
        else:
            with pytest.raises(APIError) as cut:
                await asking
            assert step == "restore" or isinstance(cut.value, APIConnectionError)
    if step in ("forward", "restore"):
        await scene.abandoned.wait()
    await killable.hears("ended")
    async with asyncio.timeout(60):
        while any(map(runs, serving["detectors"])):
            await asyncio.sleep(0.005)
    assert len(upstream.journal) - heard == (step in DEPARTED)
    assert [leak for one in upstream.journal for leak in leaks(one.body)] == []
    upstream._script.clear()
    new = (await killable.recovered())[len(before) :]
    # An outcome that is whole on the disk counts, though nobody was told of it.
    ended = "delivered" if step == "record outcome" else "unknown"
    assert new == ([("intent", ""), ("outcome", ended)] if step in ON_RECORD else [])


async def ask(client: AsyncOpenAI, *, stream: bool) -> None:
    said: Any = [{"role": "user", "content": INTRODUCTION}]
    answer: Any = await client.chat.completions.create(
        model="gpt-4o-mini", messages=said, stream=stream
    )
    if stream:
        async for _ in answer:
            pass
