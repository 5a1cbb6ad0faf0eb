"""The disk of the audit log or of the vault stops answering while Privet serves, and later answers again.

The disk is a real one, a file system that the kernel has frozen: the sync doesn't return, and no
signal reaches the thread that waits for it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import APIError, APIStatusError, AsyncOpenAI, OpenAI
from openai.types.responses import Response

from audit.keys import load_verifier_keys
from audit.verify import verify
from tests.bench.processes import free_port
from tests.faults.hurting import LONG
from tests.freezable import freezable
from tests.house import intents, write_configuration
from tests.simulator import Simulator
from tests.story.test_commands import privet, running


async def test_a_hung_disk_refuses_and_forwards_nothing_until_it_answers(
    tmp_path: Path, simulator: Simulator
) -> None:
    admin = f"http://127.0.0.1:{free_port()}"
    folder = tmp_path / "etc"
    with freezable(tmp_path, 32) as disk:
        write_configuration(
            folder,
            simulator.base_url,
            extra=f"admin_listen: {admin.removeprefix('http://')}\n",
            settings={"dir: audit ": f"dir: {disk.path}/audit\n  disk_timeout_s: 1\n  # "},
        )
        made = privet(folder, "keys", "create", "--team", "support", "--app", "desk")
        with running(folder, "serve") as (base_url, process):
            client = OpenAI(base_url=base_url, api_key=made.stdout.strip(), max_retries=0)

            async def ask(text: str) -> str:
                simulator.says("Fine.")
                said: Any = [{"role": "user", "content": text}]
                create = client.chat.completions.create
                reply = await asyncio.to_thread(create, model="gpt-4o-mini", messages=said)
                return reply.choices[0].message.content or ""

            async def ready() -> httpx.Response:
                return await asyncio.to_thread(httpx.get, f"{admin}/readyz", timeout=60)

            assert await ask("before") == "Fine."
            heard = len(simulator.journal)
            assert (await ready()).status_code == 200
            disk.freeze()
            for attempt in range(3):
                with pytest.raises(APIStatusError) as refused:
                    await ask(f"hung {attempt}")
                assert (refused.value.status_code, refused.value.code) == (503, "audit_unavailable")
            assert len(simulator.journal) == heard, "nothing was forwarded"
            said = await ready()
            assert said.status_code == 503
            checks = said.json()["workers"]["0"]["checks"]
            assert checks["audit"] == "The audit disk doesn't answer."
            disk.thaw()
            while (await ready()).status_code != 200:
                await asyncio.sleep(0.01)
            assert await ask("after") == "Fine."
            client.close()
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait)
        before, after = intents(disk.path / "audit" / "0", folder / "keys")
    assert b"before" in before
    assert b"after" in after


async def test_a_hung_vault_refuses_what_needs_it_and_holds_up_nothing_else(
    tmp_path: Path, simulator: Simulator
) -> None:
    admin = f"http://127.0.0.1:{free_port()}"
    folder = tmp_path / "etc"
    with freezable(tmp_path, 32) as disk:
        vault = f"{{store: sqlite, path: {disk.path}/vault.db, disk_timeout_s: 1}}"
        extra = f"admin_listen: {admin.removeprefix('http://')}\nvault: {vault}\n"
        write_configuration(folder, simulator.base_url, extra=extra)
        made = privet(folder, "keys", "create", "--team", "support", "--app", "desk")
        with running(folder, "serve") as (base_url, process):
            client = AsyncOpenAI(base_url=base_url, api_key=made.stdout.strip(), max_retries=0)

            async def ask(said: str, **more: Any) -> Response:
                simulator.says("Dear <PERSON_1>.")
                return await client.responses.create(model="gpt-4o-mini", input=said, **more)

            async def ready() -> httpx.Response:
                return await asyncio.to_thread(httpx.get, f"{admin}/readyz", timeout=60)

            async def refused(asking: Awaitable[Any]) -> None:
                with pytest.raises(APIStatusError) as failure:
                    await asking
                assert (failure.value.status_code, failure.value.code) == (503, "vault_unavailable")

            first = await ask("I am Jane Hollander.")
            heard = len(simulator.journal)
            disk.freeze()
            storing = asyncio.create_task(ask("I am Jane Hollander."))
            while len(simulator.journal) == heard:
                await asyncio.sleep(0.01)
            # One that the disk holds up holds up nobody who doesn't need it.
            apart = await asyncio.gather(*(ask(LONG, store=False) for _ in range(8)))
            assert {one.output_text for one in apart} == {"Dear Jane Hollander."}
            await refused(storing)
            await refused(client.responses.retrieve(first.id))
            heard = len(simulator.journal)
            await refused(ask("And now?", previous_response_id=first.id))
            assert len(simulator.journal) == heard, "nothing was forwarded"
            with pytest.raises(APIError, match="can't be stored"):
                async for _ in await ask("I am Jane Hollander.", stream=True):
                    pass
            said = await ready()
            checks = said.json()["workers"]["0"]["checks"]
            assert (said.status_code, checks["audit"]) == (503, "ok")
            assert checks["vault"] == "stored responses can't be read"
            disk.thaw()
            while (await ready()).status_code != 200:
                await asyncio.sleep(0.01)
            next_one = await ask("And now?", previous_response_id=first.id)
            assert next_one.output_text == "Dear Jane Hollander."
            disk.freeze()
            await refused(ask("I am Jane Hollander."))
            await client.close()
            process.send_signal(signal.SIGTERM)
            lines = process.stdout or ()
            await asyncio.to_thread(lambda: next(li for li in lines if "vault not closed" in li))
            disk.thaw()
            assert await asyncio.to_thread(process.wait) == 0
        keys = load_verifier_keys(folder / "keys" / "log.pub")
        report = verify(folder / "audit" / "0", keys)
        assert report.findings == []
