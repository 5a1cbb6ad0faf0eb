"""Checkpoints as syslog messages: RFC 5424, over the local socket, UDP, TCP or TLS.

A checkpoint is one line (`checkpoint.line_of`), so it survives collectors that cut or escape line
breaks; nobody gave us an enterprise number, so there is no structured data.

Each goes over a connection of its own. In a stream it stands behind its length (RFC 6587 3.4.1,
RFC 5425 4.3); then our side is closed, and when the receiver closes its own, too, it has read
everything. The local socket takes a message or refuses it. UDP (RFC 5426) can't tell.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from audit.checkpoint import line_of
from audit.errors import AuditError

#: Facility 13, "log audit", and severity 6, "informational" (RFC 5424, 6.2.1).
_PRIORITY = 13 * 8 + 6
_MOST_HOST = 255
_TIMEOUT_S = 10.0
_ADDRESS = re.compile(
    r"unix:(?P<path>/\S+)"
    r"|(?P<scheme>udp|tcp|tls)://(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})",
    re.ASCII,
)


class Syslog:
    """A syslog daemon, or a collector.

    Args:
        to: ``unix:/dev/log``, ``udp://HOST:514``, ``tcp://HOST:601`` or ``tls://HOST:6514``.
        tls: how a TLS server is checked, and what it is shown; by default the system's CAs count.

    Raises ValueError for another address.
    """

    def __init__(self, to: str, tls: ssl.SSLContext | None = None) -> None:
        found = _ADDRESS.fullmatch(to)
        if found is None or int(found["port"] or 0) > 65_535:
            raise ValueError(
                "write unix:/PATH, udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT"
            )
        self._to = to
        self._path = found["path"]
        self._host, self._port = (found["host"] or "").strip("[]"), int(found["port"] or 0)
        self._tls = tls
        self.secured = found["scheme"] == "tls"
        #: Whether it is noticed when nothing arrives.
        self.confirms = found["scheme"] != "udp"
        self._streams = found["scheme"] in {"tcp", "tls"}

    def take(self, note: str, time: int) -> None:
        """Send one signed checkpoint; raises AuditError unless it has arrived, UDP excepted."""
        said = message(note, time, socket.gethostname(), os.getpid())
        with self._connected() as connection:
            if self._streams:
                connection.sendall(b"%d %b" % (len(said), said))
                _finish(connection)
            else:
                connection.send(said)

    def reach(self) -> None:
        """Connect, in TLS with its handshake, and send nothing; raises AuditError."""
        with self._connected():
            pass

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        try:
            with self._connect() as connection:
                if not self.secured:
                    yield connection
                    return
                tls = self._tls or ssl.create_default_context()
                with tls.wrap_socket(connection, server_hostname=self._host) as shielded:
                    yield shielded
        except (OSError, UnicodeError) as error:  # no name: "a..b" can't be looked up
            said = getattr(error, "strerror", None) or error
            raise AuditError(f"syslog at {self._to}: {said}") from error

    def _connect(self) -> socket.socket:
        if self._path:
            return _opened(socket.AF_UNIX, socket.SOCK_DGRAM, self._path)
        kind = socket.SOCK_STREAM if self._streams else socket.SOCK_DGRAM
        failed = OSError("it has no address")
        for family, _, _, _, address in socket.getaddrinfo(self._host, self._port, type=kind):
            try:
                return _opened(family, kind, address)
            except OSError as error:
                failed = error
        raise failed


def message(note: str, time: int, host: str, process: int) -> bytes:
    """A signed checkpoint as RFC 5424 wants it; `time` is in nanoseconds since 1970."""
    when = datetime.fromtimestamp(time // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    named = re.sub(r"[^!-~]", "", host)[:_MOST_HOST] or "-"
    head = f"<{_PRIORITY}>1 {when}.{time % 10**9 // 1000:06d}Z {named} privet {process} checkpoint"
    return f"{head} - {line_of(note)}".encode()


def _opened(family: int, kind: int, address: str | tuple[object, ...]) -> socket.socket:
    connection = socket.socket(family, kind)
    try:
        connection.settimeout(_TIMEOUT_S)
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _finish(connection: socket.socket) -> None:
    """Close our side and wait until the receiver closes its own: then it has read everything.

    In TLS it has to answer close_notify (RFC 5425, 4.4). rsyslog doesn't, it only hangs up, which
    somebody on the way could do as well; that it is reset, or takes too long, is told from it.
    """
    if isinstance(connection, ssl.SSLSocket):
        with contextlib.suppress(ssl.SSLEOFError):
            connection.unwrap().close()
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass
