"""Checkpoints in syslog: what a collector gets, what it can do wrong, and what verify makes of it."""

from __future__ import annotations

import asyncio
import json
import queue
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import audit.sinks.syslog
from audit.checkpoint import Checkpoint, line_of, notes_in, sign
from audit.cli import main
from audit.errors import AuditError, FormatError
from audit.layout import newest_note
from audit.note import signature_line
from audit.record import Kind
from audit.sinks import SINKS
from audit.sinks.syslog import Syslog, message
from tests.audit.receiver import Handle, Receiver, datagrams, streams
from tests.audit.sites import ORIGIN, SECOND, Site
from tests.authority import Authority

NOW = 1_790_000_000 * SECOND + 123_456_789
KEY = Ed25519PrivateKey.generate()
NOTE = sign(Checkpoint(ORIGIN, 7, bytes(32)), KEY)


@pytest.fixture(params=["unix", "udp", "tcp", "tls", "tls, with a client's certificate"])
def collector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Receiver, Syslog]]:
    """A collector, and the sink that sends to it."""
    authority = Authority(tmp_path)
    with ExitStack() as stack:
        match request.param:
            case "unix":
                receiver, tls = stack.enter_context(datagrams(tmp_path / "log")), None
            case "udp":
                receiver, tls = stack.enter_context(datagrams()), None
            case "tcp":
                receiver, tls = stack.enter_context(streams()), None
            case "tls":
                receiver = stack.enter_context(streams(authority.server()))
                tls = authority.client()
            case _:
                strict = authority.server()
                strict.verify_mode = ssl.CERT_REQUIRED
                strict.load_verify_locations(authority.file)
                receiver = stack.enter_context(streams(strict))
                tls = authority.client("sender", "CN=privet")
        yield receiver, SINKS["syslog"](receiver.to, tls)


def test_a_collector_gets_one_message_with_the_checkpoint_in_one_line(
    collector: tuple[Receiver, Syslog],
) -> None:
    receiver, sink = collector
    sink.reach()
    sink.take(NOTE, NOW)
    got = receiver.message()
    assert (got["priority"], got["app"], got["id"], got["data"]) == (
        *("110", "privet", "checkpoint", "-"),
    )
    assert got["time"] == "2026-09-21T14:13:20.123456Z"
    assert got["host"] == socket.gethostname()
    assert list(notes_in([got["said"]])) == [NOTE]
    sink.take(NOTE, NOW)  # twice is as once
    assert receiver.message() == got
    assert receiver.got.empty(), "looking whether it is there told it nothing"


def test_the_message_to_the_byte() -> None:
    said = message(NOTE, NOW, "gate way\t.example", 4711).decode()
    head, _, line = said.partition(" - ")
    assert head == "<110>1 2026-09-21T14:13:20.123456Z gateway.example privet 4711 checkpoint"
    signature = NOTE.split(" ")[2].strip()
    assert line == f"privet-checkpoint {ORIGIN} 7 {'A' * 43}= {ORIGIN} {signature}"
    assert message(NOTE, NOW, "\x00", 1).startswith(b"<110>1 2026-09-21T14:13:20.123456Z - privet")


def test_a_line_is_found_whatever_stands_around_it() -> None:
    both = NOTE + signature_line(NOTE.partition("\n\n")[0] + "\n", ORIGIN, KEY)
    lines = [
        "Oct  3 10:00:00 gateway privet[7]: nothing of interest",
        f"Oct  3 10:00:00 gateway privet[7]: {line_of(NOTE)}",
        json.dumps({"event": "checkpoint", "line": line_of(both)}),
        f"cut: {line_of(NOTE)[:-9]}",
    ]
    assert list(notes_in(lines)) == [NOTE, both]
    for wrong in ("", "three\nlines\nonly\n", NOTE.replace(ORIGIN, 'a"b')):
        with pytest.raises(FormatError, match="one line"):
            line_of(wrong)


def test_verify_takes_the_collectors_file_as_what_was_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every checkpoint in it counts: the log is rolled back and written on, and the file tells."""
    site = Site(tmp_path / "site")
    file, key = tmp_path / "privet.log", tmp_path / "log.pub"
    key.write_text(f"{site.key}\n")
    verify = ["verify", str(site.root), "--key", str(key), "--since", str(file)]

    def write(records: int, written: Site = site) -> str:
        async def run() -> None:
            log = written.open()
            for number in range(records):
                await log.append(Kind.REFUSAL, f"e-{number}", {})
            await log.close()

        asyncio.run(run())
        return message(newest_note(written.folder)[0], NOW, "gateway", 7).decode()

    file.write_text(write(5) + "\n")
    rolled_back = site.copy(tmp_path / "early")
    file.write_text(f"{file.read_text()}an unfinished line\n{write(4)}\n")
    assert main(verify) == 0
    assert "by the checkpoint you hold (size 9)" in capsys.readouterr().out
    with file.open("a") as collected:
        collected.write(write(7, rolled_back))
    verify[1] = str(rolled_back.root)
    assert main(verify) == 2
    assert "checkpoint-mismatch at the held checkpoint, size 9" in capsys.readouterr().out
    file.write_text("nothing\n")
    assert main(verify) == 2
    assert "holds no checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    "to",
    [
        *("", "localhost", "unix:relative", "udp://127.0.0.1", "http://127.0.0.1:80"),
        *("tcp://127.0.0.1:65536", "tcp://user@host:1", "tls://[::1]:1/path", "tcp://a b:1"),
    ],
)
def test_an_address_that_is_none(to: str) -> None:
    with pytest.raises(ValueError, match="write unix:/PATH"):
        Syslog(to)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    return number


def test_nobody_there(tmp_path: Path) -> None:
    stream = tmp_path / "stream"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stream))
        for to, why in (
            (f"unix:{tmp_path}/log", "No such file"),
            (f"unix:{stream}", "rotocol wrong type"),
            (f"tcp://127.0.0.1:{free_port()}", "refused"),
            (f"tls://127.0.0.1:{free_port()}", "refused"),
            ("tcp://a..b:601", "label"),
        ):
            for ask in (Syslog(to).reach, lambda to=to: Syslog(to).take(NOTE, NOW)):
                with pytest.raises(AuditError, match=why):
                    ask()
    Syslog(f"udp://127.0.0.1:{free_port()}").take(NOTE, NOW)
    assert not Syslog("udp://127.0.0.1:514").confirms, "so it can't be required"


def reset(connection: socket.socket, _: queue.Queue[str]) -> None:
    """Read a little, then go away as a process that is killed does."""
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(_: socket.socket, got: queue.Queue[str]) -> None:
    """Neither read nor close until the sender has given up."""
    assert got.get(timeout=60) == "given up"


@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("wrong", [reset, hang])
def test_what_may_not_have_been_read_was_not_taken(
    tmp_path: Path, wrong: Handle, secured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.sinks.syslog, "_TIMEOUT_S", 0.3)
    authority = Authority(tmp_path)
    with streams(authority.server() if secured else None, wrong) as receiver:
        sink = Syslog(receiver.to, authority.client() if secured else None)
        with pytest.raises(AuditError, match="syslog at "):
            sink.take(NOTE, NOW)
        receiver.got.put("given up")


def test_a_collector_that_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with streams(authority.server()) as receiver:
        with pytest.raises(AuditError, match="CERTIFICATE_VERIFY_FAILED"):
            Syslog(receiver.to).take(NOTE, NOW)
        other = receiver.to.replace("127.0.0.1", "localhost")
        with pytest.raises(AuditError, match="CERTIFICATE_VERIFY_FAILED"):
            Syslog(other, authority.client()).reach()
        assert receiver.got.empty()
        Syslog(receiver.to, authority.client()).take(NOTE, NOW)
        assert receiver.message()["id"] == "checkpoint"
