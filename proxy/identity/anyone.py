"""Nobody is asked for a key: the demo, whose listener is reachable from this machine only."""

from __future__ import annotations

from collections.abc import Mapping

from proxy.exchange import Principal

_ANYONE = Principal(tenant="default", team="demo", app="demo")


def identify_anyone(headers: Mapping[str, str], certificate: bytes | None = None) -> Principal:
    """Every caller is the demo's own application."""
    return _ANYONE
