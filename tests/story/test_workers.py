"""`privet serve --workers 2`: a port, models and files shared, a log each; killed, reloaded, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader
from audit.record import Kind
from audit.slot import take_slot
from audit.verify_site import verify_site
from proxy.cli import main
from proxy.config import Settings, load
from proxy.identity.keys import create_key
from proxy.yaml_file import ConfigError
from tests.alive import children_of, runs
from tests.authority import Authority
from tests.house import write_configuration
from tests.manager import listening_at
from tests.simulator import Simulator
from tests.story.test_commands import privet

SAID: Any = [{"role": "user", "content": "I am Jane Hollander."}]
SETTINGS = """\
admin_listen: 127.0.0.1:0
vault: {store: sqlite}
tls: {certificate: server.pem, key: server.key}
"""
Event = dict[str, Any]


@dataclass
class Site:
    """A running `privet serve --workers 2`, and what it has logged so far."""

    folder: Path
    key: str
    tls: ssl.SSLContext
    process: asyncio.subprocess.Process
    manager: socket.socket
    events: list[Event] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            async with self.news:
                self.events.append(json.loads(line))
                self.news.notify_all()
        async with self.news:
            self.events.append({"event": "end"})
            self.news.notify_all()

    async def logs(self, event: str, count: int = 1, **more: Any) -> Event:
        """Wait until something has been logged so often; gives the last."""

        def seen() -> list[Event]:
            return [e for e in self.events if e["event"] == event and more.items() <= e.items()]

        async with self.news:
            await self.news.wait_for(
                lambda: len(seen()) >= count or self.events[-1:] == [{"event": "end"}]
            )
        assert len(seen()) >= count, self.events
        return seen()[-1]

    @property
    def base_url(self) -> str:
        return str(next(e for e in self.events if e["event"] == "serving")["base_url"])

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncOpenAI]:
        """The official SDK over a connection of its own: any worker may get it."""
        async with (
            httpx.AsyncClient(verify=self.tls) as http,
            AsyncOpenAI(
                base_url=self.base_url, api_key=self.key, max_retries=0, http_client=http
            ) as client,
        ):
            yield client

    async def ask(self) -> str:
        async with self.client() as client:
            answer = await client.chat.completions.create(model="gpt-4o-mini", messages=SAID)
        return str(answer.choices[0].message.content)

    def workers(self) -> list[int]:
        return [
            pid for pid in children_of(self.process.pid) if "proxy.serving.working" in command(pid)
        ]

    def everybody(self) -> list[int]:
        """The workers, the nursery and its detector processes."""
        children = children_of(self.process.pid)
        return [*children, *(pid for child in children for pid in children_of(child))]

    def records(self, slot: str) -> list[tuple[Kind, Any]]:
        key = load_recipient_key(self.folder / "keys" / "auditor.key")
        with Reader(self.folder / "audit" / slot, key) as reader:
            return [(record.opened.kind, record.opened.body) for record in reader.records()]

    async def metric(self, line: str) -> float:
        admin = next(e for e in self.events if e["event"] == "administering")["admin_url"]
        text = 'check="worker"'
        async with httpx.AsyncClient(timeout=60) as client:
            while 'check="worker"' in text:  # one has no time to answer just now
                text = (await client.get(f"{admin}/metrics")).text
        found = re.search(rf"(?m)^{re.escape(line)} (.*)$", text)
        return float(found[1]) if found else 0.0


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


@asynccontextmanager
async def serving(folder: Path, upstream: str) -> AsyncIterator[Site]:
    authority = Authority(folder)
    authority.issue("server", "CN=privet")
    write_configuration(folder, upstream, extra=SETTINGS)
    key, _ = create_key(folder / "keys.yaml", "support", "desk")
    with listening_at(folder / "manager") as manager:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "proxy", "serve", "--config", folder / "privet.yaml"),
            *("--workers", "2"),
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "manager")},
            stderr=subprocess.PIPE,
        )
        site = Site(folder, key, authority.client(), process, manager)
        listening = asyncio.create_task(site.listen())
        try:
            await site.logs("serving")
            yield site
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await listening


async def test_a_day_of_two_workers(tmp_path: Path, simulator: Simulator) -> None:
    simulator.otherwise(lambda _: reply("Dear <PERSON_1>"))
    async with serving(tmp_path, simulator.base_url) as site:
        assert site.manager.recv(100) == b"READY=1"
        # Both get connections, and each writes a log of its own.
        while min(intents(site, slot) for slot in "01") < 1:
            assert await site.ask() == "Dear Jane Hollander"
        asked = sum(intents(site, slot) for slot in "01")
        name = 'privet_requests_total{code="",dialect="openai.chat",status="200"}'
        assert await site.metric(name) == asked

        # A conversation goes from one to the other, and each turn has its new text analysed only.
        analysed = 'privet_detect_chunks_total{by="process"}'
        turns: list[Any] = []
        for turn in range(8):
            turns.append({"role": "user", "content": f"Turn {turn}: Jane Hollander wrote."})
            before = await site.metric(analysed)
            async with site.client() as client:
                await client.chat.completions.create(model="gpt-4o-mini", messages=turns)
            assert await site.metric(analysed) == before + 1

        # What one stores, the other finds.
        async with site.client() as client:
            stored = await client.responses.create(
                model="gpt-4o-mini", input="I am Jane Hollander."
            )
        for _ in range(8):
            async with site.client() as client:
                again = await client.responses.retrieve(stored.id)
            assert again.output_text == "Dear Jane Hollander"

        # One is killed: the other goes on, another takes its slot and says so on record.
        victim = site.workers()[0]
        os.kill(victim, signal.SIGKILL)
        ended = await site.logs("a worker ended by itself, and is replaced")
        assert ended["how"] == "signal 9"
        slot = ended["worker"]
        while len(site.workers()) < 2:
            await asyncio.sleep(0.005)
        site.process.send_signal(signal.SIGHUP)  # it waits until the new one can take it
        await site.logs("worker serves", count=2, worker=slot)
        await site.logs("certificates loaded", worker=slot)
        assert (Kind.RECOVERY, {"worker": {"ended": "signal 9"}}) in site.records(slot)
        before = intents(site, slot)
        while intents(site, slot) == before:
            assert await site.ask() == "Dear Jane Hollander"
        assert await site.metric(f'privet_worker_restarts_total{{worker="{slot}"}}') == 1

        # A hang-up reaches all: another certificate, another policy.
        successor = Authority(tmp_path, "successor")
        successor.issue("server", "CN=privet")
        policy = tmp_path / "policy.yaml"
        policy.write_text(policy.read_text().replace("policy: starter/1", "policy: starter/2"))
        site.process.send_signal(signal.SIGHUP)
        for number in "01":
            await site.logs("certificates loaded", count=2, worker=number)
            await site.logs("policy loaded", worker=number, policy="starter/2")
        with pytest.raises(Exception, match="Connection error"):
            await site.ask()
        site.tls = successor.client()
        assert await site.ask() == "Dear Jane Hollander"

        # At the end a stream under way is delivered whole, and nothing is left.
        going_on = asyncio.Event()
        scene = simulator.says("Dear <PERSON_1>, that is all.").in_fragments(4)
        scene.waits(going_on, at=400)
        everybody = site.everybody()
        assert len(everybody) == 5, "two workers, the nursery, two detector processes"
        async with site.client() as client:
            stream = await client.chat.completions.create(
                model="gpt-4o-mini", messages=SAID, stream=True
            )
            await scene.paused.wait()
            site.process.send_signal(signal.SIGTERM)
            for number in "01":
                await site.logs("worker stops", worker=number)
            going_on.set()
            texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
        assert "".join(texts) == "Dear Jane Hollander, that is all."
        assert site.manager.recv(100) == b"STOPPING=1"
        assert await site.process.wait() == 0
        while any(map(runs, everybody)):
            await asyncio.sleep(0.01)
        keys = load_verifier_keys(tmp_path / "keys" / "log.pub")
        recipient = load_recipient_key(tmp_path / "keys" / "auditor.key")
        reports = verify_site(tmp_path / "audit", keys, recipient=recipient)
        names = {report.origin.rpartition("/")[2] for report in reports}
        assert names == {"manifest", "0", "1"}
        assert [finding for report in reports for finding in report.findings] == []


async def test_nothing_outlives_a_parent_that_is_killed(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with serving(tmp_path, simulator.base_url) as site:
        everybody = site.everybody()
        site.process.kill()
        await site.process.wait()
        while any(map(runs, everybody)):
            await asyncio.sleep(0.01)


def test_a_slot_that_somebody_holds_stops_them_all(tmp_path: Path) -> None:
    write_configuration(tmp_path, "http://127.0.0.1:1", extra="vault: {store: sqlite}\n")
    slot = tmp_path / "audit" / "1"
    slot.mkdir(parents=True)
    held = take_slot(slot)
    done = privet(tmp_path, "serve", "--workers", "2")
    os.close(held)
    assert done.returncode == 2
    assert "another process writes the audit log" in done.stderr
    assert '"event": "serving"' not in done.stderr


@pytest.mark.parametrize("number", ["0", "257", "-1"])
def test_a_number_of_workers_has_bounds(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--workers", number])
    assert ended.value.code == 2
    assert "--workers is a number from 1 to 256" in capsys.readouterr().err


def reply(text: str) -> Any:
    from proxy.assistant import Reply

    return Reply(text)


def intents(site: Site, slot: str) -> int:
    return sum(kind is Kind.INTENT for kind, _ in site.records(slot))


def settings_of(folder: Path, extra: str = "") -> Callable[..., Settings]:
    write_configuration(folder, "http://127.0.0.1:1", extra=extra)
    return lambda **more: load(folder / "privet.yaml", {}, **more).settings


def test_several_workers_need_a_vault_that_they_share(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert settings().workers == 1
    with pytest.raises(ConfigError, match="several workers need a vault on disk"):
        settings(workers=2)
    assert settings_of(tmp_path / "b", "vault: {store: sqlite}\n")(workers=2).workers == 2


def test_a_worker_gets_the_settings_as_its_parent_read_them(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, SETTINGS + "detect: {disabled: [Iban]}\n")(workers=2)
    told = json.dumps(settings.model_dump(mode="json"))
    assert Settings.model_validate_json(told) == settings
