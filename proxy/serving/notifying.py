"""Tells the service manager when Privet takes requests, and when it is being stopped.

Source: sd_notify(3), "Standalone Implementations": one datagram to the socket that it names.
"""

from __future__ import annotations

import os
import socket

import structlog

READY, STOPPING = "READY=1", "STOPPING=1"

log = structlog.get_logger(__name__)


def tell_manager(state: str) -> None:
    """Say what is so; nothing is said where nobody asked for it (`NOTIFY_SOCKET`)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract one
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(state.encode(), address)
    except OSError as error:
        log.error("the service manager can't be told", state=state, why=type(error).__name__)
