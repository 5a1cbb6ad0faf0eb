"""P8 No phoning home: connections go to the configured upstreams, and nowhere else.

Every connection of the serving process is seen, by the interpreter's own audit hook. Replaced: our
e-mail recognizer by stock Presidio's, which then asks the network for a list of public suffixes.
(That a detector process can open no socket at all is tested in tests/detect.) What native code does is
out of the interpreter's sight, so it is looked for where it leaves traces.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import tldextract
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from tests.house import House
from tests.simulator import Simulator

_connections: list[Any] = []
_listening = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in ("socket.connect", "socket.getaddrinfo"):
        _connections.append(arguments[1] if event == "socket.connect" else arguments[:2])


@pytest.fixture
def connections() -> Any:
    global _listening  # noqa: PLW0603 — an audit hook can't be taken away again
    if not hasattr(sys, "_privet_hook"):
        sys.addaudithook(_hook)
        sys._privet_hook = True  # type: ignore[attr-defined]
    _connections.clear()
    _listening = True
    yield _connections
    _listening = False


async def test_a_conversation_connects_to_its_upstream_only(
    privet: House, simulator: Simulator, connections: list[Any]
) -> None:
    simulator.says("Dear <PERSON_1>, see <EMAIL_ADDRESS_1>.")
    await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {
                "role": "user",
                "content": "Jane Hollander, jane@hollander.co.uk, https://a.example.co.jp/x, "
                "IBAN DE89 3704 0044 0532 0130 00",
            }
        ],
    )
    allowed = {urlsplit(privet.root).port, urlsplit(simulator.base_url).port}
    ports = {address[1] for address in connections if isinstance(address, tuple)}
    assert ports <= allowed, connections
    hosts = {str(address[0]) for address in connections if isinstance(address, tuple)}
    assert hosts <= {"127.0.0.1"}


async def test_a_connection_elsewhere_would_be_seen(connections: list[Any]) -> None:
    with socket.socket() as other:
        other.settimeout(0.01)
        with pytest.raises(OSError):
            other.connect(("127.0.0.1", 9))
    assert ("127.0.0.1", 9) in connections


async def test_stock_presidio_would_fetch_a_list(
    connections: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(host: str, *_: Any, **__: Any) -> Any:
        connections.append((host,))
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    stock = tldextract.TLDExtract(cache_dir=str(tmp_path))
    monkeypatch.setattr(tldextract, "extract", stock)
    EmailRecognizer().validate_result("jane@hollander.co.uk")
    assert any("publicsuffix" in str(address) for address in connections)


def test_the_runtime_of_the_names_model_reports_to_nobody(tmp_path: Path) -> None:
    """By default it starts a thread that queues events in a database in HOME and sends them."""
    script = """
        from pathlib import Path
        from proxy.detect.names.model import SecondOpinion
        SecondOpinion().judge("Jane Hollander")
        print(len(list(Path("/proc/self/task").iterdir())))
    """
    environment = {**os.environ, "HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**environment, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1"], "no thread but ours"
    assert list(tmp_path.rglob("*")) == []
