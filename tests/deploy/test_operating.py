"""What deploy/README.md tells operators to type, typed beside a serving Privet."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from audit.keys import load_recipient_key, load_verifier_keys
from audit.verify_site import verify_site
from deploy import backup
from proxy.assistant import Reply
from proxy.detect.detector import Detector
from tests.house import House, house
from tests.simulator import Simulator
from tests.story.test_compliance import fits, until

README = Path("deploy/README.md").read_text("utf-8")
INDEXED = {"site: privet.example/main": "site: privet.example/main\n  index: true"}


def transcript(heading: str) -> list[tuple[str, str]]:
    """The console block under a heading: commands, and what they print."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    steps = re.split(r"(?m)^\$ ", block)[1:]
    return [(step.split("\n", 1)[0], step.split("\n", 1)[1]) for step in steps]


async def follow(steps: list[tuple[str, str]], folder: Path) -> None:
    """Type each command in a shell, in the folder, and compare what comes back."""
    root = shlex.quote(str(Path.cwd()))
    before = (
        f'export PYTHONPATH={root}; privet() {{ {sys.executable} -m proxy "$@"; }};'
        f'python() {{ {sys.executable} "$@"; }}; cd {shlex.quote(str(folder))};'
    )
    for command, expected in steps:
        typed = command.replace("deploy/backup.py", f"{root}/deploy/backup.py")
        done = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-c", before + typed],
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert fits(expected, printed), f"{command}\n{printed}\nwanted:\n{expected}"


async def ask(privet: House, text: str, model: str = "gpt-4o-mini") -> None:
    said: Any = [{"role": "user", "content": text}]
    await privet.client.chat.completions.create(model=model, messages=said)


async def test_a_value_leaked(tmp_path: Path, detector: Detector, simulator: Simulator) -> None:
    simulator.otherwise(lambda _asked: Reply("Noted."))
    folder = tmp_path / "etc"
    async with house(folder, detector, simulator.base_url, settings=INDEXED) as privet:
        await ask(privet, "Write to jane@acme.com about badge QX-77-ZULU.")
        await ask(privet, "Write to jane@acme.com again.", "house-model")
        await ask(privet, "Nothing personal here.")
        await privet.services.recorder.settled()
        await until(lambda: privet.services.recorder.backlog.unprotected == 0)
        await follow(transcript("A value leaked"), folder)


async def test_a_backup_of_a_serving_privet_verifies(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    simulator.otherwise(lambda _asked: Reply("Noted."))
    folder = tmp_path / "etc"
    async with house(folder, detector, simulator.base_url) as privet:
        await ask(privet, "Write to jane@acme.com.")
        await follow(transcript("Backup and restore"), folder)
        stop = asyncio.Event()

        async def traffic() -> None:
            while not stop.is_set():
                await ask(privet, "Write to jane@acme.com.")

        asking = asyncio.create_task(traffic())
        try:
            for number in range(5):
                await asyncio.to_thread(backup.copy, folder / "audit", tmp_path / f"{number}")
        finally:
            stop.set()
            await asking
    keys = load_verifier_keys(folder / "keys" / "log.pub")
    auditor = load_recipient_key(folder / "keys" / "auditor.key")
    for number in range(5):
        site = verify_site(tmp_path / str(number), keys, recipient=auditor)
        # An intent that waits for its outcome is a warning.
        assert max(log.exit_code for log in site) <= 1, [log.as_text() for log in site]
        assert max(log.opened or 0 for log in site) > 1
