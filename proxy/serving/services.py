"""Builds what the pipeline needs from the settings, starts it, and stops it in order."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from audit.layout import MANIFEST
from proxy.config import AUDIT_SLOT, Configuration
from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.knowledge.read import load as load_knowledge
from proxy.detect.knowledge.watch import KnowledgeStore
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.detect.shared import SharedFindings
from proxy.detect.sweep import load_lexicon
from proxy.exchange import Endpoint
from proxy.identity import Callers, Identify
from proxy.identity.anyone import identify_anyone
from proxy.identity.certificates import CertificateStore
from proxy.identity.keys import KeyStore
from proxy.logs import describe_exception
from proxy.metrics import Counts, Times
from proxy.policy.bundle import Trust, load_trust
from proxy.policy.newest import Newest
from proxy.policy.watch import PolicyStore
from proxy.recording import Recorder
from proxy.records.elsewhere import Elsewhere
from proxy.records.keeping import Keeping
from proxy.records.upkeep import keep_up
from proxy.routing import Catalogue, Health
from proxy.serving.audit_settings import approvers, open_audit_log, places, witnesses
from proxy.serving.provider_settings import provider
from proxy.serving.watching import Watched, on_record, watch
from proxy.steps.journey import Services
from proxy.steps.memory import Memory
from proxy.steps.seals import Seals
from proxy.tls import Door
from proxy.vault import Clerk, MemoryStore, SQLiteStore, Vault
from proxy.yaml_file import ConfigError, Problem

log = structlog.get_logger(__name__)


@asynccontextmanager
async def detecting(
    configuration: Configuration,
    nursery: Nursery | None = None,
    shared: SharedFindings | None = None,
) -> AsyncIterator[Detector]:
    """The detector processes, started; raises DetectorUnavailable when they don't start.

    Args:
        nursery: where they come from, if somebody else has started it.
        shared: what other processes have found.
    """
    key = shared.key if shared else os.urandom(32)
    settings = detect_settings(configuration)
    detector = Detector(settings, key, nursery=nursery, shared=shared)
    try:
        await detector.start()
        yield detector
    finally:
        await detector.stop()


def detect_settings(configuration: Configuration) -> DetectSettings:
    """How to detect."""
    return DetectSettings(**configuration.settings.detect.model_dump(exclude={"knowledge"}))


def knowledge(configuration: Configuration) -> Knowledge:
    """What the customer knows; raises ConfigError."""
    return load_knowledge(_knowledge_files(configuration))


def _knowledge_files(configuration: Configuration) -> list[Path]:
    return [configuration.path(file) for file in configuration.settings.detect.knowledge]


@asynccontextmanager
async def running(
    configuration: Configuration,
    detector: Detector,
    *,
    allow_shadow: bool = False,
    slot: str = AUDIT_SLOT,
    ended: str = "",
) -> AsyncIterator[Services]:
    """Everything else, started around a detector; stopped in reverse order afterwards.

    Args:
        allow_shadow: whether a policy may be in force that as a whole isn't enforced.
        slot: the audit slot of this process.
        ended: how the process before it ended, if it did by itself.

    Raises:
        ConfigError: a file of the configuration can't be used.
        AuditError: the audit log can't be opened.
    """
    settings = configuration.settings
    async with AsyncExitStack() as stack:
        identify, callers = _identity(configuration)
        counts, times = Counts(), Times()
        taught = KnowledgeStore(_knowledge_files(configuration), detector)
        produced, trust = detector.produced, policy_trust(configuration)
        policies = PolicyStore(
            configuration.path(settings.policy),
            produced,
            trust,
            newest=Newest(configuration.path(settings.audit.dir) / "policy.newest"),
            allow_shadow=allow_shadow,
        )
        candidates = None
        if settings.candidate_policy is not None:
            path = configuration.path(settings.candidate_policy)
            candidates = PolicyStore(path, produced, allow_shadow=True)
        site = configuration.path(settings.audit.dir)
        elsewhere = Elsewhere((site / MANIFEST, site / slot), places(configuration), counts)
        audit_log = open_audit_log(configuration, times, slot)
        stack.push_async_callback(elsewhere.last)
        keeping = Keeping(
            settings.audit.content,
            audit_log.holds,
            index=settings.audit.index,
            retention=settings.audit.retention_days.model_dump(exclude_none=True),
        )
        recorder = Recorder(audit_log, keeping, elsewhere.lacking)
        stack.push_async_callback(recorder.close)
        if ended:
            await recorder.worker_replaced(ended)
        await on_record(policies.current, recorder, accepted=True)
        if settings.detect.knowledge:
            known = detector.knowledge
            await recorder.knowledge_changed(known.digest, known.entities, accepted=True)
        watched = Watched(policies, candidates, taught, callers, recorder, asyncio.Event(), counts)
        providers = {}
        for name, section in settings.providers.items():
            providers[name] = provider(name, section, configuration)
            stack.push_async_callback(providers[name].close)
        secret = read_secret(configuration.path(settings.secret))
        clerk = _clerk(configuration)
        stack.push_async_callback(clerk.close)
        vault, seals = _stored(configuration, clerk, secret)
        services = Services(
            identify=identify,
            callers=callers,
            policies=policies,
            candidates=candidates,
            reload_asked=watched.asked,
            counts=counts,
            times=times,
            detector=detector,
            catalogue=_catalogue(configuration),
            providers=providers,
            health=Health(),
            recorder=recorder,
            elsewhere=elsewhere,
            secret=secret,
            vault=vault,
            seals=seals,
            lexicon=load_lexicon(),
            memory=Memory(settings.limits.memory_bytes),
        )
        for task in (
            watch(watched),
            keep_up(audit_log, site, slot, approvers(configuration), witnesses(configuration)),
            elsewhere.deliver(),
            recorder.catch_up(),
        ):
            beside = asyncio.create_task(task)
            beside.add_done_callback(_tell_of_failure)
            stack.push_async_callback(_cancel, beside)
        await elsewhere.begun()
        yield services


def door(configuration: Configuration) -> Door | None:
    """What speaks TLS with clients, if they are to; raises ConfigError."""
    section = configuration.settings.tls
    if section is None:
        return None
    client_ca = configuration.path(section.client_ca) if section.client_ca else None
    revoked = configuration.path(section.crl_file) if section.crl_file else None
    certificate, key = configuration.path(section.certificate), configuration.path(section.key)
    return Door(certificate, key, client_ca, revoked)


def policy_trust(configuration: Configuration) -> Trust | None:
    """Whose signatures a policy needs, if any. Raises ConfigError if a key can't be read."""
    section = configuration.settings.policy_trust
    if section is None:
        return None
    return load_trust([configuration.path(key) for key in section.keys], section.threshold)


def read_secret(path: Path) -> bytes:
    """The key of keyed hashes: 32 bytes, in hex, in a file of its own.

    Raises:
        ConfigError: it isn't there, or isn't one.
    """
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        secret = b""
    if len(secret) < 32:
        hint = "`privet init` writes one: 32 random bytes in hex"
        raise ConfigError([Problem(str(path), 1, 1, "no secret can be read here", hint)])
    return secret


def _clerk(configuration: Configuration) -> Clerk:
    """Who asks the store of what callers have stored; raises ConfigError if that can't be used."""
    section = configuration.settings.vault
    if section.store == "memory":
        return Clerk(MemoryStore())
    path = configuration.path(section.path)
    try:
        store = SQLiteStore(path, section.disk_timeout_s)
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, 1, str(error))]) from None
    return Clerk(store, section.disk_timeout_s)


def _stored(configuration: Configuration, clerk: Clerk, secret: bytes) -> tuple[Vault, Seals]:
    """What callers have stored, and what signed content was made from, in the same file."""
    section = configuration.settings.vault
    shelf = partial(Vault, clerk, secret, section.ttl_days * 86_400, lambda: int(time.time()))
    return shelf(), Seals(shelf("seals") if section.store == "sqlite" else None)


def _identity(configuration: Configuration) -> tuple[Identify, Callers | None]:
    settings = configuration.settings
    if settings.certificates is not None:
        certificates = CertificateStore(configuration.path(settings.certificates))
        return certificates.identify, certificates
    if settings.keys is not None:
        keys = KeyStore(configuration.path(settings.keys))
        return keys.identify, keys
    return identify_anyone, None


def _catalogue(configuration: Configuration) -> Catalogue:
    settings = configuration.settings
    models = {
        name: tuple(Endpoint(endpoint.provider, endpoint.model) for endpoint in endpoints)
        for name, endpoints in settings.models.items()
    }
    return Catalogue(models, settings.any_model)


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    """What runs beside the requests never ends by itself; if it does, that is our bug."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("something that runs beside the requests has ended", **describe_exception(error))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
