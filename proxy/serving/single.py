"""`privet serve`: everything started, one listener, until a signal says stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvloop

from proxy import admin, logs
from proxy.config import AUDIT_SLOT, Configuration
from proxy.reporting import Report, report
from proxy.server import listening
from proxy.serving.notifying import READY, STOPPING, tell_manager
from proxy.serving.services import detecting, door, running
from proxy.steps.journey import Services
from proxy.tls import Door
from proxy.yaml_file import ConfigError

log = structlog.get_logger(__name__)


def run(configuration: Configuration, *, allow_shadow: bool = False) -> int:
    """Serve until SIGINT or SIGTERM; SIGHUP loads the policy anew. Returns the exit code.

    Args:
        allow_shadow: whether a policy may be in force that as a whole isn't enforced.
    """
    settings = configuration.settings
    logs.configure(settings.log_level, settings.log_format)
    not_to_hang_up_yet()
    uvloop.run(_serve(configuration, allow_shadow=allow_shadow))
    return 0


async def _serve(configuration: Configuration, *, allow_shadow: bool) -> None:
    settings = configuration.settings
    stop = stop_signal()
    shown = door(configuration)
    async with (
        detecting(configuration) as detector,
        running(configuration, detector, allow_shadow=allow_shadow) as services,
        _administering(services, configuration),
        listening(services, settings.limits, *settings.address, shown) as base_url,
    ):
        settle_memory()
        on_hang_up(services, shown)
        policy = services.policies.current
        log.info("serving", base_url=f"{base_url}/v1", policy=policy.name, digest=policy.digest)
        tell_manager(READY)
        await stop.wait()
        log.info("stopping")
        tell_manager(STOPPING)


@asynccontextmanager
async def _administering(services: Services, configuration: Configuration) -> AsyncIterator[None]:
    """The admin listener, if there is to be one; it outlives the serving one."""
    address = configuration.settings.admin_address
    if address is None:
        yield
        return

    async def ask() -> dict[str, Report]:
        return {AUDIT_SLOT: await report(services)}

    async with admin.listening(ask, *address) as base_url:
        log.info("administering", admin_url=base_url)
        yield


def not_to_hang_up_yet() -> None:
    """Until there is something to load anew, SIGHUP does nothing, rather than end the process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def on_hang_up(services: Services, shown: Door | None) -> None:
    """From now on, SIGHUP has policies and certificates looked at."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, _reload, services, shown)


def _reload(services: Services, shown: Door | None) -> None:
    """Have policies and certificates looked at now; those that can't be used change nothing."""
    services.reload_asked.set()
    if shown is None:
        return
    try:
        shown.reload()
    except ConfigError as error:
        services.counts["reload", "certificates", "refused"] += 1
        problems = [str(problem) for problem in error.problems]
        log.error("certificates refused, the last good ones stay", problems=problems)
    else:
        services.counts["reload", "certificates", "loaded"] += 1
        log.info("certificates loaded")


def settle_memory() -> None:
    """Take what start-up made out of the collector's sight: looking at it costs milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def stop_signal() -> asyncio.Event:
    """An event that SIGINT or SIGTERM sets; needs a running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
