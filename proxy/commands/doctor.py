"""`privet doctor`: what would fail, before it does, and how to mend it.

Each check opens what `privet serve` would open, without serving and without sending anything.
"""

from __future__ import annotations

import importlib.metadata
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit import keys as audit_keys
from audit.errors import AuditError, FormatError
from proxy.commands.claimed import better_than_claimed
from proxy.config import AUDIT_SLOT, Configuration
from proxy.identity.certificates import load_certificates
from proxy.identity.keys import list_keys
from proxy.policy.bundle import load_trusted
from proxy.policy.compiled import Provider
from proxy.providers import KINDS
from proxy.sections import ProviderSection
from proxy.serving.audit_settings import signing_key, sink
from proxy.serving.provider_settings import provider_key, provider_url
from proxy.serving.services import door, knowledge, policy_trust, read_secret
from proxy.tls import lists_valid_days, trusting, valid_days
from proxy.yaml_file import ConfigError

_LEAST_FREE_BYTES = 1 << 30
#: A certificate that is valid for fewer days is worth a warning.
_FEW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `mend` says what to do about a failure or a warning."""

    name: str
    state: str  # ok, warning or failed
    detail: str
    mend: str = ""


def examine(configuration: Configuration) -> Iterator[Check]:
    """Every check, in the order in which `serve` would trip over it."""
    checks: tuple[Callable[[Configuration], Iterator[Check]], ...] = (
        _listeners,
        _tls,
        _policy,
        _knowledge,
        _virtual_keys,
        _secret,
        _audit,
        _recipients,
        _sinks,
        _model,
        _providers,
    )
    for check in checks:
        yield from check(configuration)


def _listeners(configuration: Configuration) -> Iterator[Check]:
    settings = configuration.settings
    yield _free("listen", *settings.address)
    if settings.admin_address is not None:
        yield _free("admin_listen", *settings.admin_address)


def _free(setting: str, host: str, port: int) -> Check:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            mend = f"change `{setting}`, or stop what listens there"
            return Check(setting, "failed", f"{host}:{port}: {error.strerror}", mend)
    return Check(setting, "ok", f"{host}:{port} is free")


def _tls(configuration: Configuration) -> Iterator[Check]:
    section = configuration.settings.tls
    if section is None:
        return
    try:
        door(configuration)
        now = datetime.now(UTC)
        days = valid_days(configuration.path(section.certificate), now)
        lists = (
            lists_valid_days(configuration.path(section.crl_file), now) if section.crl_file else 0
        )
    except ConfigError as error:
        yield Check("tls", "failed", str(error), "mend it before `privet serve`")
        return
    mend = "put another one there, and send the service SIGHUP"
    if lists < 0:
        said = "a list of revoked certificates has expired, so no client is let in"
        yield Check("tls", "failed", said, mend)
    if days < 0:
        yield Check("tls", "failed", "the server's certificate has expired", mend)
    elif days < _FEW_DAYS:
        yield Check("tls", "warning", f"the server's certificate expires in {days} days", mend)
    else:
        yield Check("tls", "ok", f"the server's certificate is valid for {days} days")


def _policy(configuration: Configuration) -> Iterator[Check]:
    settings = configuration.settings
    path = configuration.path(settings.policy)
    try:
        policy = load_trusted(path, trust=policy_trust(configuration)).policy
    except ConfigError as error:
        mend = f"`privet policy lint {path}` shows it again; `privet policy verify` signatures"
        yield Check("policy", "failed", str(error), mend)
        return
    yield Check("policy", "ok", f"{policy.name}, digest {policy.digest[:12]}")
    if policy.shadow is not None:
        message = f"NOT ENFORCED until {policy.shadow.until}: nothing is hidden but secrets"
        yield Check("policy", "warning", message, "take `shadow` out of it as soon as you can")
    for name in sorted(settings.providers.keys() - policy.providers.keys()):
        mend = f"add {name} to `providers` in {path}"
        yield Check(
            "policy", "warning", f"knows no provider {name}: every request is refused", mend
        )


def _knowledge(configuration: Configuration) -> Iterator[Check]:
    if not configuration.settings.detect.knowledge:
        return
    try:
        known = knowledge(configuration)
    except ConfigError as error:
        yield Check("knowledge", "failed", str(error), "`privet detect test` shows it again")
        return
    yield Check("knowledge", "ok", f"entities: {', '.join(sorted(known.entities)) or 'none'}")


def _virtual_keys(configuration: Configuration) -> Iterator[Check]:
    settings = configuration.settings
    if settings.certificates is not None:
        yield _certificates(configuration.path(settings.certificates))
        return
    if settings.keys is None:
        yield Check("keys", "warning", "no key is asked (loopback only)", "set `keys`")
        return
    path = configuration.path(settings.keys)
    try:
        number = len(list_keys(path))
    except ConfigError as error:
        mend = "mend it there" if path.exists() else "`privet keys create` makes it"
        yield Check("keys", "failed", str(error), mend)
        return
    if number:
        yield Check("keys", "ok", f"{number} virtual keys")
    else:
        mend = "`privet keys create --team TEAM --app APP`"
        yield Check("keys", "warning", "nobody has a key yet", mend)


def _certificates(path: Path) -> Check:
    try:
        number = len(load_certificates(path))
    except ConfigError as error:
        return Check("certificates", "failed", str(error), "proxy/identity/README.md shows one")
    if number:
        return Check("certificates", "ok", f"{number} subjects")
    return Check("certificates", "warning", "no subject is listed", f"list some in {path.name}")


def _secret(configuration: Configuration) -> Iterator[Check]:
    try:
        read_secret(configuration.path(configuration.settings.secret))
    except ConfigError as error:
        mend = "restore it, or take the one that `privet init` writes into another folder"
        yield Check("secret", "failed", str(error), mend)
        return
    yield Check("secret", "ok", "readable")


def _audit(configuration: Configuration) -> Iterator[Check]:
    section = configuration.settings.audit
    source = section.signing_key
    try:
        signing_key(configuration)
    except (AuditError, OSError, ValueError) as error:
        yield Check("audit key", "failed", str(error), "restore it: another key is another log")
    else:
        yield Check("audit key", "ok", source if isinstance(source, str) else source.where)
    folder = configuration.path(section.dir) / AUDIT_SLOT
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Check(
            "audit folder", "failed", f"{existing} can't be written", "mend its permissions"
        )
        return
    free = os.statvfs(existing)
    if free.f_bavail * free.f_frsize < _LEAST_FREE_BYTES:
        yield Check("audit folder", "warning", "less than 1 GiB is free", "a full disk means 503s")
        return
    yield Check("audit folder", "ok", str(folder))
    idle = sorted(
        path.name
        for path in folder.parent.glob("[0-9]*")
        if int(path.name) >= configuration.settings.workers
    )
    if idle:
        mend = "serve with the old number of `workers` until they are carried out"
        told = f"nobody writes {', '.join(idle)}: their erasures and retention wait"
        yield Check("audit folder", "warning", told, mend)


def _recipients(configuration: Configuration) -> Iterator[Check]:
    section = configuration.settings.audit
    readable = 0
    named = [[entry] if isinstance(entry, str) else entry for entry in section.recipients]
    readers = [one for several in named for one in several]
    for setting in (*readers, *section.indexers):
        path = configuration.path(setting)
        try:
            recipient = audit_keys.load_recipient(path)
        except (OSError, FormatError) as error:
            yield Check("recipient", "failed", str(error), "restore the public file")
            continue
        readable += setting in readers
        private = path.with_suffix(".key")
        if private.exists():
            mend = "take it to its holder, off this machine"
            yield Check("recipient", "warning", f"{private.name} still lies beside its log", mend)
        else:
            yield Check("recipient", "ok", recipient.name)
    if readable < 2:
        mend = "add an offline recovery key: if the only one is lost, nobody can read the log"
        yield Check("recipient", "warning", "there is only one recipient", mend)


def _sinks(configuration: Configuration) -> Iterator[Check]:
    for section in configuration.settings.audit.sinks:
        name = f"sink {section.to}"
        mend = "requests are refused until it is there" if section.required else "start it"
        try:
            placed = sink(section, configuration)
            placed.reach()
        except (ConfigError, AuditError) as error:
            state = "failed" if section.required else "warning"
            yield Check(name, state, str(error), mend)
            continue
        if not placed.confirms:
            yield Check(name, "warning", "UDP can't tell whether anything arrives", "use tls://")
        else:
            yield Check(name, "ok", "it can be reached")


def _model(configuration: Configuration) -> Iterator[Check]:
    name = configuration.settings.detect.model
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        mend = f"install the package that carries {name}; nothing is downloaded at run time"
        yield Check("detector model", "failed", f"{name} isn't installed", mend)
        return
    yield Check("detector model", "ok", f"{name} {version}")


def _providers(configuration: Configuration) -> Iterator[Check]:
    settings = configuration.settings
    providers = _known_to_policy(configuration)
    for name, section in settings.providers.items():
        try:
            provider_key(name, section, configuration.folder)
            url = provider_url(section)
            if section.ca_file:
                trusting(configuration.path(section.ca_file))
        except (ValueError, ConfigError) as error:
            yield Check(f"provider {name}", "failed", str(error), "set it before `privet serve`")
            continue
        yield Check(f"provider {name}", "ok", url)
        yield from _claims(name, section, providers.get(name))
    if not settings.models and settings.any_model is None:
        yield Check("models", "warning", "no model is configured", "list some under `models`")


def _known_to_policy(configuration: Configuration) -> Mapping[str, Provider]:
    """Policy's providers; none if it can't be read, which `_policy` has told already."""
    path = configuration.path(configuration.settings.policy)
    try:
        return load_trusted(path, trust=policy_trust(configuration)).policy.providers
    except ConfigError:
        return {}


def _claims(name: str, section: ProviderSection, said: Provider | None) -> Iterator[Check]:
    """Where policy says better of a provider than its own page, and nobody has attested it."""
    claims = KINDS[section.type].claims
    if said is None or said.attested_on is not None:
        return
    if better := better_than_claimed(said, claims):
        told = f"policy says that {' and '.join(better)}"
        pages = " and ".join(claims.sources)
        mend = f"see {pages} (read {claims.read}), and let somebody attest it in policy"
        yield Check(f"provider {name}", "warning", told, mend)
