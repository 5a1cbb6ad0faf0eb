"""`make soak`: mixed traffic while processes are killed, and the disk fills or stops answering.

Two workers on loopback, callers and provider in processes of their own. At the end the audit log
verifies, every whole answer has its intent and outcome, no planted value reached the provider,
every whole answer was right, and memory and descriptors of what lived through it are flat; exit 1
otherwise. The audit log lies on a small file system of its own, which takes root and a loop device;
for anybody else the disk neither fills nor hangs, and the report says so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from proxy.identity.keys import create_key
from tests.freezable import can_be_made, freezable
from tests.house import write_configuration
from tests.soak.chaos import HANGS_S, Chaos, Watch, command
from tests.soak.judging import Verdict

#: Caches that are full after a minute: what grows afterwards isn't one that fills.
_EXTRA = """vault: {store: sqlite}
admin_listen: 127.0.0.1:0
limits: {memory_bytes: 2000000}
detect: {cache_entries: 1000}
"""
_AUDIT = f"dir: {{}}/audit\n  disk_timeout_s: {HANGS_S / 2}\n  # "
#: Minutes from which on what grows isn't what is still warming up.
_LONG = 5


async def soak(minutes: float, callers: int, seed: int, disk_mb: int) -> Verdict:
    """One soak."""
    seconds, verdict = minutes * 60, Verdict()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch) / "etc"
        disk = stack.enter_context(freezable(Path(scratch), disk_mb)) if can_be_made() else None
        place = disk.path if disk else Path(scratch)
        async with _started("tests.soak.provider") as (provider, upstream):
            write_configuration(
                folder, upstream, extra=_EXTRA, settings={"dir: audit ": _AUDIT.format(place)}
            )
            (folder / "audit").rmdir()
            (folder / "audit").symlink_to(place / "audit")
            key, _ = create_key(folder / "keys.yaml", "support", "desk")
            privet, root = await _serve(folder)
            stack.callback(_kill, privet)  # if something else fails here
            pace = min(5.0, seconds / 12)
            chaos = Chaos(privet.pid, disk, random.Random(seed), pace)
            watch = Watch({"the parent": privet.pid, "the spared worker": chaos.spared})
            end = time.monotonic() + seconds
            asking = [_asking(root, key, seed + n, seconds) for n in range(callers)]
            beside = [chaos.rage(end), watch.look(end)]
            *said, raged, looked = await asyncio.gather(*asking, *beside, return_exceptions=True)
            for what, ended in (("chaos", raged), ("the watch", looked)):
                if ended is not None:
                    verdict.says(f"{what} ended early: {ended!r}", problem=True)
            verdict.says(f"after {minutes} minutes: {dict(chaos.done)}")
            if minutes >= _LONG:
                verdict.judge_growth(watch.growth())
            if privet.returncode is None:
                privet.terminate()
            code = await privet.wait()
            verdict.says(f"privet ended with {code}", problem=code != 0)
            verdict.judge_diary(folder / "privet.log", chaos.done["workers killed"])
            told, _ = await provider.communicate(b"")
        verdict.judge_provider(told)
        verdict.judge_log(folder, verdict.judge_callers(said))
    return verdict


@asynccontextmanager
async def _started(module: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=2**24,
    )
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _serve(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    """`privet serve` with two workers; gives its root URL. Its log goes to a file."""
    with (folder / "privet.log").open("wb") as log:
        privet = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "proxy", "serve", "--config", folder / "privet.yaml"),
            *("--workers", "2"),
            stderr=log,
        )
    while True:
        written = (folder / "privet.log").read_text().rpartition("\n")[0]
        events = [json.loads(line) for line in written.splitlines()]
        for event in events:
            if event["event"] == "serving" and "workers" in event:
                return privet, str(event["base_url"]).removesuffix("/v1")
        if privet.returncode is not None:
            raise RuntimeError(f"privet didn't start: {events[-3:]}, {command(privet.pid)}")
        await asyncio.sleep(0.2)


async def _asking(root: str, key: str, seed: int, seconds: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak.traffic", root, key, str(seed), str(seconds)),
        stdout=subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said


def main() -> int:
    """Run a soak and print its report."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--callers", type=int, default=2, help="processes of four callers each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--disk", type=int, default=512, help="MB that the audit log has")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        print("not root: the disk won't fill")
    verdict = asyncio.run(soak(chosen.minutes, chosen.callers, chosen.seed, chosen.disk))
    print("\n".join(verdict.lines))
    print("GOOD" if not verdict.problems else f"{len(verdict.problems)} PROBLEMS")
    return int(bool(verdict.problems))


if __name__ == "__main__":
    sys.exit(main())
