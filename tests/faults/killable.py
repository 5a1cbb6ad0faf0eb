"""`privet serve`, made to hang in one step of the journey, for a test that kills it there.

Run by test_killed.py. Imports take seconds, so they happen once: each line on standard input (a step)
is served by a fork. What it has to tell are lines of JSON on standard output.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import uvloop

from proxy import config, logs, pipeline, server
from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.identity.keys import KeyStore
from proxy.policy.compiled import Policy
from proxy.recording import Recorder
from proxy.routing import Health
from proxy.serving.services import detect_settings, detecting, running

#: Step -> what hangs. In `forward` and `restore` the provider holds things up.
STEPS: dict[str, tuple[Any, str] | None] = {
    "receive": (server.Server, "_receive"),
    "identify": (KeyStore, "identify"),
    "parse": (server, "BY_PATH"),
    "detect": (Detector, "detect"),
    "classify": (Policy, "classify"),
    "decide": (pipeline, "decide"),
    "route": (Health, "rank"),
    "mask": (pipeline, "prepare"),
    "record intent": (Recorder, "intent"),
    "forward": None,
    "restore": None,
    "record outcome": (Recorder, "outcome"),
}


def tell(**said: Any) -> None:
    os.write(1, orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))


def hang(*_: Any, **__: Any) -> Any:
    tell(reached=True)
    time.sleep(3600)  # nobody waits it out: the test kills this process here


def made_to_hang(step: str) -> None:
    """Put what hangs in the place of the step."""
    place = STEPS[step]
    if place is None:
        return
    owner, name = place
    if step == "parse":
        for path, dialect in server.BY_PATH.items():
            server.BY_PATH[path] = replace(dialect, parse=hang)  # type: ignore[index]
    elif step.startswith("record"):
        setattr(owner, name, on_the_disk(getattr(owner, name)))
    else:
        setattr(owner, name, hang)


def on_the_disk(record: Callable[..., Any]) -> Callable[..., Any]:
    """The record is written, and its sync hangs."""

    async def write(*arguments: Any, **named: Any) -> Any:
        os.fdatasync = hang
        return await record(*arguments, **named)

    return write


async def serve(configuration: config.Configuration, control: int) -> None:
    nursery = Nursery(detect_settings(configuration), os.dup(control))
    async with (
        detecting(configuration, nursery) as detector,
        running(configuration, detector) as services,
        server.listening(services, configuration.settings.limits, "127.0.0.1", 0) as root,
    ):
        tell(root=root, pid=os.getpid(), detectors=detector.pids)
        await asyncio.Event().wait()


def main(path: str, control: int) -> None:
    configuration = config.load(Path(path), {})
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            logs.configure("critical", "json")
            made_to_hang(line.strip())
            uvloop.run(serve(configuration, control))
        os.waitpid(child, 0)
        tell(ended=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
