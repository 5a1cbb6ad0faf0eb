"""The audit disk fills up while Privet serves, and later has room again."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, OpenAI

from tests.house import House, intents, write_configuration
from tests.simulator import Simulator
from tests.story.test_commands import privet, running


async def test_a_full_disk_refuses_and_forwards_nothing_until_there_is_room(
    tmp_path: Path, simulator: Simulator
) -> None:
    """No file of the serving process may grow: what a full disk is to it (EFBIG for ENOSPC)."""
    write_configuration(tmp_path, simulator.base_url)
    made = privet(tmp_path, "keys", "create", "--team", "support", "--app", "desk")
    unlimited = resource.RLIM_INFINITY
    with running(tmp_path, "serve") as (base_url, process):
        client = OpenAI(base_url=base_url, api_key=made.stdout.strip(), max_retries=0)

        async def ask(text: str) -> str:
            simulator.says("Fine.")
            said: Any = [{"role": "user", "content": text}]
            create = client.chat.completions.create
            reply = await asyncio.to_thread(create, model="gpt-4o-mini", messages=said)
            return reply.choices[0].message.content or ""

        assert await ask("before") == "Fine."
        heard = len(simulator.journal)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, unlimited))
        for attempt in range(3):
            with pytest.raises(APIStatusError) as refused:
                await ask(f"full {attempt}")
            assert (refused.value.status_code, refused.value.code) == (503, "audit_unavailable")
        assert len(simulator.journal) == heard, "nothing was forwarded"
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        assert await ask("after") == "Fine."
        client.close()
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)
    before, after = intents(tmp_path / "audit" / "0", tmp_path / "keys")
    assert b"before" in before
    assert b"after" in after


@pytest.mark.parametrize("stream", [True, False])
async def test_an_outcome_that_finds_the_disk_full_is_written_when_there_is_room(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    go_on = asyncio.Event()
    simulator.says("One two three four five six seven eight").in_fragments(8).waits(
        go_on, at=700 if stream else 100
    )

    async def ask() -> str:
        response = await privet.client._client.post(
            f"{privet.root}/v1/chat/completions",
            headers={"Authorization": f"Bearer {privet.key}"},
            json={
                "model": "gpt-4o-mini",
                "messages": [{"role": "user", "content": "Count for Jane Doe."}],
                "stream": stream,
            },
        )
        return response.text

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    asking = asyncio.create_task(ask())
    await simulator.heard(1)
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", full)
    go_on.set()
    answer = await asking
    assert ("[DONE]" in answer) is stream
    assert "audit_unavailable" not in answer, "what the provider has answered is delivered"
    assert await privet.kinds() == ["intent"]
    monkeypatch.setattr(os, "fdatasync", real)
    while await privet.kinds() != ["intent", "outcome"]:
        await asyncio.sleep(0.01)
    said: Any = (await privet.records())[-1].opened.body
    assert said["late"] is True
    assert said["status"] == "delivered"
    assert said["code"] == ""
    assert (await privet.verify()).exit_code == 0
