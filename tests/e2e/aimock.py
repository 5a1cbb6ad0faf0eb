"""The npm package `@copilotkit/aimock` as an upstream: providers' protocols, written by others.

Invariant: the server listens on loopback only and is gone when `stop` returns.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from tests.e2e import node

Json = dict[str, Any]

_SCRIPT = node.PACKAGES / "@copilotkit" / "aimock" / "dist" / "cli.js"
_START_SECONDS = 60
_READY = "listening on "


@dataclass(frozen=True, slots=True)
class Call:
    """One request as aimock journals it; `body` is as parsed, over 64 KiB a truncation mark."""

    path: str
    headers: dict[str, str]
    body: Any
    status: int


class Aimock:
    """One running server. `root` serves every dialect; `base_url` is its OpenAI part."""

    def __init__(self, process: subprocess.Popen[str], output: IO[str], root: str) -> None:
        """Use `start`."""
        self._process = process
        self._drain = threading.Thread(target=_drain, args=(output,), daemon=True)
        self._drain.start()
        self.root = root
        self.base_url = f"{root}/v1"

    @classmethod
    def start(cls) -> Aimock:
        """Start it on a free port, wait until it listens; it has to be installed.

        Raises:
            RuntimeError: the server ended, or didn't listen within a minute.
        """
        fixtures = str(node.HERE / "fixtures.json")
        process = subprocess.Popen(
            [*node.command(_SCRIPT), "--port", "0", "--fixtures", fixtures],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        return cls(process, process.stdout, _root(process, process.stdout))

    def stop(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()
        self._drain.join()

    def plays(self, *fixtures: Json) -> None:
        """Add fixtures: objects with `match` and `response`; the first that matches answers."""
        self._control("POST", "/fixtures", {"fixtures": list(fixtures)})

    def greets(self, response: Json, **more: Any) -> None:
        """Answer so whoever asks to greet somebody."""
        self.plays({"match": {"userMessage": "Please greet"}, "response": response, **more})

    def journal(self) -> list[Call]:
        """Every request to a provider's protocol since the last reset, oldest first."""
        return [
            Call(entry["path"], entry["headers"], entry["body"], entry["response"]["status"])
            for entry in self._control("GET", "/journal")
        ]

    def heard(self) -> str:
        """The bodies of all of these, as JSON."""
        return json.dumps([call.body for call in self.journal()])

    def fails_next(self, status: int, message: str, kind: str = "server_error") -> None:
        """Answer the next request with an error; `kind` is its `type`."""
        body = {"message": message, "type": kind}
        self._control("POST", "/error", {"status": status, "body": body})

    def chaos(self, **rates: float) -> None:
        """Inject faults until `reset`, each with its probability.

        The names are aimock's: dropRate (a 500), malformedRate, disconnectRate, rateLimitRate.
        """
        self._control("POST", "/chaos", rates)

    def reset(self) -> None:
        """Forget fixtures, journal and faults."""
        self._control("POST", "/reset")

    def _control(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.root).netloc, timeout=10)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/__aimock{path}", payload)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"aimock refused {method} {path}: {answer}")
        return answer


def _root(process: subprocess.Popen[str], output: IO[str]) -> str:
    """The address that the server prints once it listens."""
    limit = threading.Timer(_START_SECONDS, process.kill)
    limit.start()
    printed = []
    try:
        for line in output:
            printed.append(line)
            if _READY in line:
                return line.split(_READY)[1].strip()
    finally:
        limit.cancel()
    raise RuntimeError("aimock didn't start:\n" + "".join(printed))


def _drain(output: IO[str]) -> None:
    """Read what the server prints to its end, so that it never waits for a reader."""
    with output:
        for _ in output:
            pass
