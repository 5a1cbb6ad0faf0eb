"""The audit log as privet.yaml describes it: who signs, reads, cosigns, and keeps it elsewhere."""

from __future__ import annotations

import time

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import keys as audit_keys
from audit.cosignature import WitnessKey, load_witness_keys
from audit.errors import AuditError
from audit.frame import CORE, INDEX
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.recipients import Pair, Recipient
from audit.sinks import SINKS, Sink
from proxy.config import AUDIT_SLOT, Configuration
from proxy.metrics import Times
from proxy.records.elsewhere import Place
from proxy.sections import SinkSection
from proxy.tls import trusting

log = structlog.get_logger(__name__)


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


def approvers(configuration: Configuration) -> list[VerifierKey]:
    """Who may approve erasures; raises FormatError for a file without such a key."""
    paths = [configuration.path(path) for path in configuration.settings.audit.approvers]
    return [key for path in paths for key in audit_keys.load_verifier_keys(path)]


def witnesses(configuration: Configuration) -> dict[str, WitnessKey]:
    """Who cosigns checkpoints, by address; raises FormatError for a file without its key."""
    return {
        section.url: key
        for section in configuration.settings.audit.witnesses
        for key in load_witness_keys(configuration.path(section.key))
    }


def places(configuration: Configuration) -> list[Place]:
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
