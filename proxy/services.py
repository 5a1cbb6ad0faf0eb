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
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import keys as audit_keys
from audit.cosignature import WitnessKey, load_witness_keys
from audit.errors import AuditError
from audit.frame import CORE, INDEX
from audit.layout import MANIFEST
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.recipients import Pair, Recipient
from audit.sinks import SINKS, Sink
from proxy.config import AUDIT_SLOT, Configuration, ProviderSection, SinkSection
from proxy.detect.detector import Detector
from proxy.detect.knowledge import Knowledge
from proxy.detect.knowledge import load as load_knowledge
from proxy.detect.knowledge_watch import KnowledgeStore
from proxy.detect.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.detect.shared import SharedFindings
from proxy.detect.sweep import load_lexicon
from proxy.elsewhere import Elsewhere, Place
from proxy.exchange import Endpoint
from proxy.identity import Callers, Identify
from proxy.identity.anyone import identify_anyone
from proxy.identity.certificates import CertificateStore
from proxy.identity.keys import KeyStore
from proxy.journey import Services
from proxy.keeping import Keeping
from proxy.logs import describe_exception
from proxy.memory import Memory
from proxy.metrics import Counts, Times
from proxy.policy.bundle import Trust, load_trust
from proxy.policy.newest import Newest
from proxy.policy.watch import PolicyStore
from proxy.providers import KINDS, Provider, ProviderKey, Timeouts, Way
from proxy.recording import Recorder
from proxy.routing import Catalogue, Health
from proxy.seals import Seals
from proxy.tls import Door, trusting
from proxy.upkeep import keep_up
from proxy.vault import MemoryStore, SQLiteStore, Vault
from proxy.watching import Watched, on_record, watch
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
        elsewhere = Elsewhere((site / MANIFEST, site / slot), _places(configuration), counts)
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
            providers[name] = _provider(name, section, configuration)
            stack.push_async_callback(providers[name].close)
        secret = read_secret(configuration.path(settings.secret))
        vault, seals = _stored(configuration, secret)
        stack.callback(vault.close)
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
            memory=Memory(),
        )
        approvers = _approvers(configuration)
        for task in (
            watch(watched),
            keep_up(audit_log, site, slot, approvers, _witnesses(configuration)),
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
    return Door(configuration.path(section.certificate), configuration.path(section.key), client_ca)


def policy_trust(configuration: Configuration) -> Trust | None:
    """Whose signatures a policy needs, if any. Raises ConfigError if a key can't be read."""
    section = configuration.settings.policy_trust
    if section is None:
        return None
    return load_trust([configuration.path(key) for key in section.keys], section.threshold)


def open_audit_log(
    configuration: Configuration, times: Times | None = None, slot: str = AUDIT_SLOT
) -> AuditLog:
    """Take a slot, recover its log, and begin a new segment; raises AuditError.

    Args:
        times: where to note how long records take to become durable.
        slot: which one.
    """
    taken = times or Times()

    def observe(write_s: float, sync_s: float) -> None:
        taken.took("audit", "write", write_s)
        taken.took("audit", "sync", sync_s)

    section = configuration.settings.audit
    recipients = audit_recipients(configuration)
    if len(configuration.settings.audit.recipients) == 1:
        log.warning("only one key opens the audit log: when it is lost, nobody can read it")
    return AuditLog.open(
        configuration.path(section.dir) / slot,
        origin=f"{section.site}/{slot}",
        signing_key=signing_key(configuration),
        recipients=recipients,
        clock=time.time_ns,
        timeout_s=section.disk_timeout_s,
        observe=observe,
    )


def signing_key(configuration: Configuration) -> Ed25519PrivateKey:
    """The key that signs checkpoints; raises AuditError, OSError."""
    source = configuration.settings.audit.signing_key
    if isinstance(source, str):
        return audit_keys.load_signing_key(configuration.path(source))
    try:
        return audit_keys.parse_signing_key(source.text(configuration.folder), source.where)
    except ValueError as error:
        raise AuditError(f"audit.signing_key: {error}") from None


def audit_recipients(configuration: Configuration) -> list[Recipient | Pair]:
    """Who may open records, who only together, who only index sections; FormatError, OSError."""
    section = configuration.settings.audit

    def load(setting: str, compartment: int = CORE) -> Recipient:
        return audit_keys.load_recipient(configuration.path(setting), compartment)

    return [
        *(
            load(entry) if isinstance(entry, str) else Pair(tuple(map(load, entry)))
            for entry in section.recipients
        ),
        *(load(entry, INDEX) for entry in section.indexers),
    ]


def _approvers(configuration: Configuration) -> list[VerifierKey]:
    """Who may approve erasures; raises FormatError for a file without such a key."""
    paths = [configuration.path(path) for path in configuration.settings.audit.approvers]
    return [key for path in paths for key in audit_keys.load_verifier_keys(path)]


def _witnesses(configuration: Configuration) -> dict[str, WitnessKey]:
    """Who cosigns checkpoints, by address; raises FormatError for a file without its key."""
    return {
        section.url: key
        for section in configuration.settings.audit.witnesses
        for key in load_witness_keys(configuration.path(section.key))
    }


def _places(configuration: Configuration) -> list[Place]:
    """The sinks; raises ConfigError for a file of TLS that can't be used."""
    return [
        Place(section.to, sink(section, configuration), section.required, section.every_s)
        for section in configuration.settings.audit.sinks
    ]


def sink(section: SinkSection, configuration: Configuration) -> Sink:
    """One of them; raises ConfigError."""
    ca = configuration.path(section.ca_file) if section.ca_file else None
    shown = None
    if section.certificate and section.key:
        shown = configuration.path(section.certificate), configuration.path(section.key)
    tls = trusting(ca, shown) if ca or shown else None
    return SINKS[section.type](section.to, tls)


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


def _stored(configuration: Configuration, secret: bytes) -> tuple[Vault, Seals]:
    """What callers have stored, and what signed content was made from, in the same file."""
    section = configuration.settings.vault
    path = configuration.path(section.path)
    on_disk = section.store == "sqlite"
    try:
        store = SQLiteStore(path) if on_disk else MemoryStore()
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, 1, str(error))]) from None
    shelf = partial(Vault, store, secret, section.ttl_days * 86_400, lambda: int(time.time()))
    return shelf(), Seals(shelf("seals") if on_disk else None)


def provider_key(name: str, section: ProviderSection, folder: Path) -> ProviderKey | None:
    """Gives a provider's key; raises ValueError when there is none where it should be."""
    return ProviderKey(name, partial(section.key.read, folder)) if section.key else None


def provider_url(section: ProviderSection) -> str:
    """Where a provider is; raises ValueError when nothing says so."""
    url = section.base_url or KINDS[section.type].base_url
    if not url:
        raise ValueError(f"providers of type {section.type} need a base_url")
    return url


def _provider(name: str, section: ProviderSection, configuration: Configuration) -> Provider:
    try:
        key = provider_key(name, section, configuration.folder)
        url = provider_url(section)
        if section.api_version and not KINDS[section.type].versioned:
            raise ValueError(f"providers of type {section.type} have no api_version")
        if section.only and not KINDS[section.type].preferences:
            raise ValueError(f"providers of type {section.type} can't be told `only`")
    except ValueError as error:
        problem = Problem(str(configuration.folder / "privet.yaml"), 1, 1, f"{name}: {error}")
        raise ConfigError([problem]) from None
    ca = trusting(configuration.path(section.ca_file)) if section.ca_file else None
    return Provider(
        KINDS[section.type],
        name,
        url,
        key or (lambda: None),
        timeouts=Timeouts(section.connect_timeout_s, section.answer_timeout_s),
        way=Way(section.proxy, ca),
        retries=section.retries,
        renew=key.renew if key else None,
        api_version=section.api_version,
        only=section.only,
    )


def _identity(configuration: Configuration) -> tuple[Identify, Callers | None]:
    settings = configuration.settings
    if settings.certificates is not None:
        certificates = CertificateStore(configuration.path(settings.certificates))
        return certificates.identify, certificates
    if settings.keys is not None:
        keys = KeyStore.load(configuration.path(settings.keys))
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
