"""One worker of `privet serve --workers N`: what `privet serve` is, under a parent's eyes.

Run as ``python -m proxy.serving.working`` by `supervising.py`, over a connection on standard input:
one line with the order, its answer when this process serves, then a report for every line that
asks. When the connection ends the parent is gone, and this process drains as after SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog
import uvloop

from audit.errors import AuditError, FormatError
from proxy import logs
from proxy.config import Configuration, Settings
from proxy.detect.processes.nursery import Nursery
from proxy.detect.shared import SharedFindings
from proxy.errors import PrivetError
from proxy.reporting import report
from proxy.server import listening
from proxy.serving.services import detect_settings, detecting, door, running
from proxy.serving.single import on_hang_up, settle_memory
from proxy.steps.journey import Services
from proxy.yaml_file import ConfigError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What every worker is told: the settings as the parent read them, so that all have the same.

    Attributes:
        control: the inherited socket of the parent's nursery.
        found, key: the inherited memory of what any worker has found, and the key to it.
    """

    settings: Settings
    folder: Path
    control: int
    found: int
    key: bytes
    allow_shadow: bool

    def line(self, slot: str, ended: str) -> bytes:
        """For the worker of this slot; `ended` says how the one before it ended."""
        said = {
            "settings": self.settings.model_dump(mode="json"),
            "folder": str(self.folder),
            "control": self.control,
            "found": self.found,
            "key": self.key.hex(),
            "allow_shadow": self.allow_shadow,
            "slot": slot,
            "ended": ended,
        }
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def main() -> int:
    """Serve one slot; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's terminal: it says when to stop
    try:
        uvloop.run(_work())
    except (ConfigError, AuditError, FormatError, OSError) as error:
        sys.stderr.write(f"privet: {error}\n")
        return 2
    except PrivetError as error:
        sys.stderr.write(f"privet: {error.message} {error.hint}\n")
        return 2
    return 0


async def _work() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=0))
    said = orjson.loads(await reader.readline())
    settings = Settings.model_validate_json(orjson.dumps(said["settings"]))
    logs.configure(settings.log_level, settings.log_format)
    structlog.contextvars.bind_contextvars(worker=said["slot"])
    configuration = Configuration(settings, Path(said["folder"]))
    nursery = Nursery(detect_settings(configuration), said["control"])
    shared = SharedFindings(said["found"], bytes.fromhex(said["key"]))
    shown = door(configuration)
    async with (
        detecting(configuration, nursery, shared) as detector,
        running(
            configuration,
            detector,
            allow_shadow=said["allow_shadow"],
            slot=said["slot"],
            ended=said["ended"],
        ) as services,
    ):
        answering = asyncio.create_task(_answer(reader, writer, services, stop))
        try:
            address = settings.address
            async with listening(services, settings.limits, *address, shown, shared=True) as url:
                settle_memory()
                on_hang_up(services, shown)
                writer.write(orjson.dumps({"base_url": url}, option=orjson.OPT_APPEND_NEWLINE))
                log.info("worker serves", policy=services.policies.current.name)
                await stop.wait()
                log.info("worker stops")
        finally:
            answering.cancel()
            writer.close()


async def _answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    services: Services,
    stop: asyncio.Event,
) -> None:
    """Give a report for each line, until the parent is gone."""
    while await reader.readline():
        said = (await report(services)).as_dict()
        writer.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))
        await writer.drain()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
