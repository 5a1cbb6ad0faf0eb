"""What an operator decides: typed settings from privet.yaml, a few of them from the environment.

Paths are relative to the folder of the file. Every problem names file, line and column; nothing
here opens what a path points to (`privet doctor` and the parts themselves do).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from proxy.complaints import Spelt
from proxy.hints import did_you_mean
from proxy.section import Section
from proxy.sections import (
    AuditSection,
    DetectSection,
    Endpoints,
    LimitsSection,
    PolicyTrustSection,
    ProviderSection,
    TLSSection,
    VaultSection,
)
from proxy.yaml_file import ConfigError, Document, Problem, read_text

#: Environment variable -> the top-level setting that it replaces.
ENVIRONMENT = {
    "PRIVET_LISTEN": "listen",
    "PRIVET_ADMIN_LISTEN": "admin_listen",
    "PRIVET_POLICY": "policy",
    "PRIVET_LOG_LEVEL": "log_level",
    "PRIVET_LOG_FORMAT": "log_format",
}

#: The audit slot of the one serving process.
AUDIT_SLOT = "0"

MAX_WORKERS = 256
_MAX_PORT = 65_535

Listen = Annotated[
    str,
    Spelt(
        r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$",
        "is written HOST:PORT, as 127.0.0.1:8080 or [::1]:8080",
    ),
]


class Settings(Section):
    """privet.yaml.

    Attributes:
        listen: address and port to serve on.
        admin_listen: address and port of /healthz, /readyz and /metrics; without it there are none.
        policy: the policy file; with `policy_trust`, a bundle that `privet policy sign` made.
        candidate_policy: another one (unsigned), decided beside it, recorded and counted.
        workers: how many processes serve; each writes an audit slot of its own.
        tls: how clients are spoken to; without it in clear.
        keys: the file of virtual keys.
        certificates: instead, the file that says who the subjects of client certificates are.
        anyone: instead of both, true asks for neither (loopback only).
        secret: file with the key of keyed hashes (`hash` actions, end-user ids).
        providers, models: where requests may go; a model lists its endpoints, preferred first.
        any_model: a provider that takes every model name that isn't listed, as it is.
    """

    listen: Listen = "127.0.0.1:8080"
    admin_listen: Listen | None = None
    workers: Annotated[int, Field(ge=1, le=MAX_WORKERS)] = 1
    policy: str
    policy_trust: PolicyTrustSection | None = None
    candidate_policy: str | None = None
    tls: TLSSection | None = None
    keys: str | None = None
    certificates: str | None = None
    anyone: bool = False
    secret: str
    audit: AuditSection
    detect: DetectSection = DetectSection()
    limits: LimitsSection = LimitsSection()
    vault: VaultSection = VaultSection()
    providers: Annotated[dict[str, ProviderSection], Field(min_length=1)]
    models: dict[str, Endpoints] = Field(default_factory=dict)
    any_model: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "pretty"] = "auto"

    def at(self, listen: str) -> Settings:
        """The same, serving elsewhere."""
        return self.model_copy(update={"listen": listen})

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        return _address(self.listen)

    @property
    def admin_address(self) -> tuple[str, int] | None:
        """Host and port of `admin_listen`."""
        return _address(self.admin_listen) if self.admin_listen else None


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings and the folder that their paths are relative to."""

    settings: Settings
    folder: Path

    def path(self, setting: str) -> Path:
        """The place that a path in the settings means."""
        return self.folder / setting


def load(
    path: Path, environment: Mapping[str, str], *, workers: int | None = None
) -> Configuration:
    """Read privet.yaml.

    Args:
        workers: in place of the file's own.

    Raises:
        ConfigError: with every problem of the file, each at its line and column.
    """
    document = Document(read_text(path), str(path))
    settings = _with_environment(document.read(Settings), environment, str(path))
    if workers is not None:
        settings = settings.model_copy(update={"workers": workers})
    # After the environment: it may not open what the file keeps closed.
    problems = _cross_check(settings, document)
    if problems:
        raise ConfigError(problems)
    return Configuration(settings, path.resolve().parent)


def _with_environment(settings: Settings, environment: Mapping[str, str], file: str) -> Settings:
    changed = {name: environment[var] for var, name in ENVIRONMENT.items() if environment.get(var)}
    try:
        return Settings.model_validate(settings.model_dump() | changed)
    except ValidationError as error:
        variables = {name: var for var, name in ENVIRONMENT.items()}
        problems = [
            Problem(file, 1, 1, f"{variables[str(detail['loc'][0])]}: {detail['msg']}")
            for detail in error.errors()
        ]
    raise ConfigError(problems)


def _cross_check(settings: Settings, document: Document) -> list[Problem]:
    """What no single value can tell."""
    problems = []
    for model, endpoints in settings.models.items():
        for position, endpoint in enumerate(endpoints):
            if endpoint.provider not in settings.providers:
                place = ("models", model, position, "provider")
                hint = did_you_mean(endpoint.provider, settings.providers)
                message = f"there is no provider {endpoint.provider!r}"
                problems.append(document.problem(place, message, hint))
    if settings.any_model is not None and settings.any_model not in settings.providers:
        hint = did_you_mean(settings.any_model, settings.providers)
        message = f"there is no provider {settings.any_model!r}"
        problems.append(document.problem(("any_model",), message, hint))
    trust = settings.policy_trust
    if trust is not None and len(trust.keys) < trust.threshold:
        message = f"{trust.threshold} signatures are needed, and only {len(trust.keys)} keys count"
        problems.append(document.problem(("policy_trust",), message, "add keys", key=True))
    ways = (settings.keys, settings.certificates, settings.anyone or None)
    if sum(way is not None for way in ways) != 1:
        message = "give one of `keys` (a file of virtual keys), `certificates` and `anyone: true`"
        problems.append(document.problem(("keys",), message))
    if settings.workers > 1 and settings.vault.store == "memory":
        message = "several workers need a vault on disk: what one stores, another couldn't find"
        hint = "write `vault: {store: sqlite}`"
        problems.append(document.problem(("vault",), message, hint))
    if sum(not isinstance(entry, str) for entry in settings.audit.recipients) > 1:
        message = "only one group of recipients may read together"
        problems.append(document.problem(("audit", "recipients"), message))
    return [*problems, *_check_tls(settings, document), *_check_addresses(settings, document)]


def _check_tls(settings: Settings, document: Document) -> Iterator[Problem]:
    tls = settings.tls
    if settings.certificates and not (tls and tls.client_ca):
        message = "client certificates need `tls` with a `client_ca`"
        yield document.problem(("certificates",), message)
    if tls and tls.crl_file and not tls.client_ca:
        message = "a `crl_file` says what a `client_ca` has revoked, and there is none"
        yield document.problem(("tls", "crl_file"), message)


def _check_addresses(settings: Settings, document: Document) -> Iterator[Problem]:
    for name, address in (("listen", settings.address), ("admin_listen", settings.admin_address)):
        if address is not None and address[1] > _MAX_PORT:
            yield document.problem((name,), f"a port is at most {_MAX_PORT}")
    if settings.address == settings.admin_address and settings.address[1]:
        message = "callers and operators need listeners of their own"
        yield document.problem(("admin_listen",), message, "give another port")
    if settings.anyone and settings.address[0] not in ("127.0.0.1", "::1", "localhost"):
        message = "without keys Privet serves on a loopback address only"
        hint = "set `keys`, or listen on 127.0.0.1"
        yield document.problem(("listen",), message, hint)
