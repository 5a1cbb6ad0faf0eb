"""The detector process: no network, no text in logs or errors, and no life after its parent."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.detect.chunk import Chunk
from proxy.detect.engine import Engine
from proxy.detect.processes import frames
from proxy.detect.processes.nursery import Nursery
from proxy.detect.processes.worker import analyse
from proxy.exchange import Finding
from tests.alive import runs

PLANTED = (
    "Mail zelda.quartz@example.co.uk or zelda@corp.internal, see "
    "https://zelda-quartz.example.com/x. "
    "IBAN GB82 WEST 1234 5698 7654 32, broken: DE00 1234 5678 9012 3456 78, XX00ZELDA0000QUARTZ00. "
    "SSN 123-45-6789, dob 1984-03-02, 943 476 5919, card 4111 1111 1111 1111."
)


def test_nothing_is_looked_up_on_the_network(
    find: Callable[..., list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a connection was tried")

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    entities = {entity for entity, _ in find(PLANTED, models=True)}
    assert {"EMAIL_ADDRESS", "IBAN_CODE", "URL", "US_SSN", "DATE_OF_BIRTH"} <= entities


def test_no_logger_gets_text_even_at_debug(
    find: Callable[..., list[tuple[str, str]]], caplog: pytest.LogCaptureFixture
) -> None:
    loggers = [logging.getLogger(), logging.getLogger("presidio-analyzer")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        with caplog.at_level(logging.DEBUG):
            find(PLANTED, models=True)
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    assert not [line for line in caplog.messages if any(word in line for word in PLANTED.split())]


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_a_detector_process_can_neither_connect_nor_spawn(attempt: str) -> None:
    guarded = _run(
        f"from proxy.detect.processes.worker import forbid_network\nforbid_network()\n{attempt}"
    )
    assert "PermissionError" in guarded.stderr


async def test_a_connection_carries_frames_only(
    engine: Engine, joined: Callable[[], Nursery]
) -> None:
    batch = [
        ["Anna Schmidt, SSN 123-45-6789", 0, 29, True, "en"],
        ["\ud800 Zelda", 0, 7, True, "en"],
    ]
    nursery = joined()
    await nursery.start()
    ours, theirs = socket.socketpair()
    nursery.ask(theirs)
    theirs.close()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    hello = await frames.read(reader)
    assert set(hello["produced"]) == engine.produced
    assert hello["pid"] != os.getpid()
    writer.write(frames.pack(batch))
    found, failed = (await frames.read(reader))["found"]
    assert [one[0] for one in found] == ["PERSON", "US_SSN"]
    assert failed == "UnicodeEncodeError"  # by name: the message would quote the text
    files = _files(hello["pid"])
    standard = [files[number] for number in (0, 1, 2)]
    assert standard == ["/dev/null"] * 3, "a stray print is nobody's to read"
    sockets = {link for link in files.values() if link.startswith("socket")}
    assert len(sockets) == 1, "no other than this connection"
    writer.close()
    await nursery.stop()


async def test_a_busy_process_ends_with_the_proxy_that_it_works_for(
    joined: Callable[[], Nursery],
) -> None:
    """Nobody reads its answer, so it is ended where it stands."""
    script = textwrap.dedent("""
        import asyncio, os, signal, sys
        from proxy.detect.detector import Detector
        from proxy.detect.processes.nursery import Nursery
        from proxy.detect.settings import DetectSettings

        async def main():
            settings = DetectSettings()
            detector = Detector(settings, bytes(32), nursery=Nursery(settings, int(sys.argv[1])))
            await detector.start()
            os.kill(*detector.pids, signal.SIGSTOP)  # so busy that it can't notice anything
            print(*detector.pids, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
    """)
    nursery = joined()
    await nursery.start()
    control = nursery.control
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(control)),
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[control],
    )
    assert worker.stdout is not None
    pid = int(await worker.stdout.readline())
    worker.kill()
    await worker.wait()
    async with asyncio.timeout(30):
        while runs(pid):
            await asyncio.sleep(0.02)
    await nursery.stop()


def test_one_bad_chunk_spoils_no_other() -> None:
    bad, good = Chunk("bad", 0, 3, 0), Chunk("good", 0, 4, 0)

    def detect(jobs: list[tuple[Chunk, bool]]) -> list[tuple[Finding, ...]]:
        if any(piece is bad for piece, _ in jobs):
            raise KeyError("bad")
        return [(Finding("X", 0, 1, 0.5, "r"),) for _ in jobs]

    answers = analyse(detect, [(good, True), (bad, True), (good, False)])
    assert answers == [[["X", 0, 1, 0.5, "r"]], "KeyError", [["X", 0, 1, 0.5, "r"]]]


async def test_no_process_outlives_a_parent_that_is_killed() -> None:
    script = textwrap.dedent("""
        import asyncio
        from proxy.detect.detector import Detector
        from proxy.detect.settings import DetectSettings

        async def main():
            detector = Detector(DetectSettings(), bytes(32))
            await detector.start()
            print(*detector.pids, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(30):
        while runs(pid):  # not our child: nobody tells us
            await asyncio.sleep(0.02)


def _files(pid: int) -> dict[int, str]:
    """What a process has open."""
    return {int(fd.name): str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
