"""A syslog receiver for tests: strict about RFC 5424 and about frames, over every way there is."""

from __future__ import annotations

import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

Handle: TypeAlias = Callable[[socket.socket, queue.Queue[str]], None]
#: HEADER, structured data and message (RFC 5424, 6), as far as a checkpoint's may go.
_MESSAGE = re.compile(
    r"<(?P<priority>\d{1,3})>1 "
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    r"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) "
    r"(?P<id>[!-~]{1,32}) (?P<data>-|\[.+\]) (?P<said>.*)",
    re.ASCII,
)


@dataclass
class Receiver:
    """A running receiver: where it is, and what it got, message by message."""

    to: str
    got: queue.Queue[str] = field(default_factory=queue.Queue)

    def message(self) -> dict[str, str]:
        """The parts of the next message."""
        said = self.got.get(timeout=30)
        found = _MESSAGE.fullmatch(said)
        assert found, said
        return found.groupdict()


def frames(stream: BinaryIO) -> Iterator[str]:
    """Messages behind their lengths (RFC 6587, 3.4.1), until the sender closes."""
    while digit := stream.read(1):
        number = digit
        while (digit := stream.read(1)) != b" ":
            number += digit
        assert re.fullmatch(rb"[1-9][0-9]*", number), number
        data = stream.read(int(number))
        assert len(data) == int(number), "the frame is cut"
        yield data.decode()


@contextmanager
def datagrams(path: Path | None = None) -> Iterator[Receiver]:
    """At a local socket, or a UDP port."""
    family, address = (
        (socket.AF_UNIX, str(path)) if path else (socket.AF_INET, ("127.0.0.1", 0))  # type: ignore[assignment]
    )
    with socket.socket(family, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        to = f"unix:{path}" if path else f"udp://127.0.0.1:{listener.getsockname()[1]}"
        receiver = Receiver(to)

        def listen() -> None:
            while said := listener.recv(64 * 1024):
                receiver.got.put(said.decode())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield receiver
        finally:
            with socket.socket(family, socket.SOCK_DGRAM) as last:
                last.sendto(b"", listener.getsockname())
            thread.join()


def keep(connection: socket.socket, got: queue.Queue[str]) -> None:
    """What a good receiver does with a connection: read it to its end, then close it."""
    with connection.makefile("rb") as stream:
        for said in frames(stream):
            got.put(said)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()


@contextmanager
def streams(
    tls: ssl.SSLContext | None = None,
    handle: Handle = keep,
    port: int = 0,
) -> Iterator[Receiver]:
    """At a TCP port, with or without TLS; `handle` has each connection before it is closed."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        scheme, number = "tls" if tls else "tcp", listener.getsockname()[1]
        receiver = Receiver(f"{scheme}://127.0.0.1:{number}")
        stop = threading.Event()

        def listen() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    if stop.is_set():
                        return
                    try:
                        if tls:
                            with tls.wrap_socket(connection, server_side=True) as shielded:
                                handle(shielded, receiver.got)
                        else:
                            handle(connection, receiver.got)
                    except OSError:  # a client that hangs up: the next one is waited for
                        continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield receiver
        finally:
            stop.set()
            with socket.create_connection(("127.0.0.1", number)):
                thread.join()
