"""The compliance officer's day: the transcript in audit/README.md, typed beside a serving Privet."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openai import AsyncOpenAI

from audit.cli import main
from audit.keys import load_recipient_key
from audit.layout import newest_note
from audit.reading import Reader, Record
from audit.record import Kind
from proxy import config
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.server import listening
from proxy.serving import audit_settings
from proxy.serving.services import running
from tests.house import write_configuration
from tests.simulator import Simulator

README = Path(__file__).parents[2] / "audit" / "README.md"
OCTOBER = 1_791_000_000 * 10**9  # 2026-10-03
JANE, BOB = "jane@acme.com", "bob@acme.com"


def transcripts() -> Iterator[list[tuple[str, str]]]:
    """Each console block of the README: commands, and what they print."""
    for block in re.findall(r"```console\n(.*?)```", README.read_text("utf-8"), re.DOTALL):
        steps = re.split(r"(?m)^\$ ", block)[1:]
        yield [(step.split("\n", 1)[0], step.split("\n", 1)[1]) for step in steps]


def typed(command: str) -> str:
    """Run one command of the transcript; returns what it printed, errors included."""
    words = shlex.split(command)
    assert words[:2] == ["privet", "audit"], command
    target = None
    if ">" in words:
        target = Path(words[-1])
        words = words[: words.index(">")]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(words[2:])
    assert code == 0, f"{command}\n{printed.getvalue()}"
    if target is None:
        return printed.getvalue()
    target.write_text(printed.getvalue())
    return ""


def fits(expected: str, printed: str) -> bool:
    """Whether a printed text is the README's, `…` standing for anything on one line."""
    pattern = ".*?".join(re.escape(piece) for piece in expected.rstrip("\n").split("…"))
    return re.fullmatch(pattern, printed.rstrip("\n")) is not None


async def follow(steps: list[tuple[str, str]]) -> None:
    for command, expected in steps:
        printed = await asyncio.to_thread(typed, command)
        assert fits(expected, printed), f"{command}\n{printed}\nwanted:\n{expected}"


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


def passing_time() -> Callable[[], int]:
    """A clock in October that goes on by a millisecond with each look."""
    ticks = iter(range(10**9))
    return lambda: OCTOBER + next(ticks) * 10**6


async def test_the_transcript_in_the_readme(
    tmp_path: Path, detector: Detector, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, desk, whole, answer, order, forgotten, access = transcripts()
    settings = {
        "site: privet.example/main": (
            "site: privet.example/main\n  index: true\n"
            "  retention_days: {masked: 365, original: 90, received: 365, value: 365}\n"
            "  approvers: [keys/ciso@acme.pub, keys/dpo@acme.pub]"
        ),
        "content: masked": "content: full",
    }
    write_configuration(tmp_path, simulator.base_url, settings=settings)
    for name in ("privet.yaml", "policy.yaml"):
        path = tmp_path / name
        path.write_text(path.read_text().replace("cloud", "openai"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit_settings, "time", SimpleNamespace(time_ns=passing_time()))
    await follow(setup)
    configuration = config.load(tmp_path / "privet.yaml", {})
    key, _ = create_key(tmp_path / "keys.yaml", "support", "desk")
    async with (
        running(configuration, detector) as built,
        listening(built, configuration.settings.limits, "127.0.0.1", 0) as root,
        AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as client,
    ):
        for address in (JANE, JANE, BOB):
            simulator.says("I wrote to <EMAIL_ADDRESS_1>.")
            said: Any = [{"role": "user", "content": f"Write to {address} about her order."}]
            reply = await client.chat.completions.create(model="gpt-4o-mini", messages=said)
            assert address in (reply.choices[0].message.content or "")
        await until(lambda: _signed(tmp_path) >= len(_records(tmp_path)))
        for steps in (desk, whole, answer, order):
            await follow(steps)
        exported = list(csv.DictReader((tmp_path / "jane.csv").read_text().splitlines()))
        assert [row["outcome"] for row in exported] == ["delivered", "delivered"]
        assert "Whole: nothing is missing" in (tmp_path / "october.html").read_text()
        assert any(JANE in text for text in _texts(tmp_path))
        await until(lambda: bool(list((tmp_path / "audit/orders").glob("*.done"))))
        await until(lambda: _signed(tmp_path) >= len(_records(tmp_path)))
        for steps in (forgotten, access):
            await follow(steps)
        assert not any(JANE in text for text in _texts(tmp_path))
        assert sum(BOB in text for text in _texts(tmp_path)) == 2, "Bob's text and Bob's value"
    certificate = json.loads((tmp_path / "jane.certificate.json").read_text())
    assert certificate["complete"]
    assert JANE not in json.dumps(certificate)
    assert JANE not in (tmp_path / "jane.order").read_text()


def _signed(folder: Path) -> int:
    """How many records the newest checkpoint covers."""
    return int(newest_note(folder / "audit" / "0")[0].split("\n")[1])


def _records(folder: Path) -> list[Record]:
    key = load_recipient_key(folder / "keys" / "auditor.key")
    with Reader(folder / "audit" / "0", key) as reader:
        return list(reader.records())


def _texts(folder: Path) -> list[str]:
    """Every content that can still be read."""
    return [
        data.decode()
        for record in _records(folder)
        if record.opened.kind is not Kind.ERASURE
        for _, data in record.contents
        if data is not None
    ]
