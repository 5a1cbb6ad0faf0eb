"""Debian's own rsyslog gets checkpoints over every way, and `verify --since` reads its file."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from audit.asking import held_checkpoints
from audit.errors import AuditError
from audit.layout import newest_note
from audit.record import Kind
from audit.sinks.syslog import Syslog
from audit.verify import verify
from tests.audit.sites import Site
from tests.authority import Authority
from tests.deploy.debian import program

CONFIGURATION = """\
global(workDirectory="{folder}" defaultNetstreamDriverCAFile="{folder}/test-ca.pem"
       defaultNetstreamDriverCertFile="{folder}/collector.pem"
       defaultNetstreamDriverKeyFile="{folder}/collector.key")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{udp}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{tcp}")
input(type="imtcp" address="127.0.0.1" port="{tls}" streamDriver.name="gtls"
      streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
action(type="omfile" file="{folder}/collected.log")
"""


@contextmanager
def rsyslog(folder: Path) -> Iterator[dict[str, Syslog]]:
    """A running one, as sinks: by the way that messages come to it."""
    daemon = program("rsyslogd", "rsyslog rsyslog-gnutls")
    with ExitStack() as stack:
        kinds = {"tcp": socket.SOCK_STREAM, "tls": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
        ports = {}
        for name, kind in kinds.items():
            free = stack.enter_context(socket.socket(type=kind))
            free.bind(("127.0.0.1", 0))
            ports[name] = free.getsockname()[1]
    authority = Authority(folder)
    authority.issue("collector", "CN=collector")
    (folder / "rsyslog.conf").write_text(CONFIGURATION.format(folder=folder, **ports))
    command = [daemon, "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "pid")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            tls = authority.client("sender", "CN=privet")
            yield {
                "unix": Syslog(f"unix:{folder}/log"),
                **{name: Syslog(f"{name}://127.0.0.1:{ports[name]}", tls) for name in ports},
            }
        finally:
            process.terminate()


@pytest.mark.parametrize("way", ["unix", "udp", "tcp", "tls"])
def test_what_rsyslog_collects_is_held(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path / "site")

    async def write() -> None:
        log = site.open()
        await log.append(Kind.REFUSAL, "e-1", {})
        await log.close()

    asyncio.run(write())
    note, _ = newest_note(site.folder)
    collected = tmp_path / "collected.log"
    with rsyslog(tmp_path) as sinks:
        until(lambda: reached(sinks["unix"]) and reached(sinks["tcp"]) and reached(sinks["tls"]))
        sinks[way].take(note, site.clock())
        until(lambda: collected.exists() and "privet-checkpoint" in collected.read_text())
    held = held_checkpoints([collected])
    assert held == [note]
    report = verify(site.folder, [site.key], since=held)
    assert (report.findings, report.held) == ([], 1)


def reached(sink: Syslog) -> bool:
    try:
        sink.reach()
    except AuditError:
        return False
    return True


def until(holds: Callable[[], bool]) -> None:
    """Another program's doing: nothing tells when it is done but a look."""
    while not holds():
        time.sleep(0.02)
