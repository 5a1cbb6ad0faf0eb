"""A whole Privet for tests: real server, pipeline, detector and audit log, on loopback.

    async with house(tmp_path, detector, cloud=simulator.base_url) as privet:
        await privet.client.chat.completions.create(...)
        records = await privet.records()

Two providers are known to its policy (the starter policy): `cloud`, off premises, and `cellar`, on
premises. The model `gpt-4o-mini` is at `cloud`, `house-model` in the cellar, and `either` at both,
cloud first.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from audit.keys import load_recipient_key, load_verifier_keys
from audit.reading import Reader, Record
from audit.record import Kind
from audit.report import Report
from audit.verify import verify
from proxy import config
from proxy.commands import scaffold
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.server import listening
from proxy.serving.services import running
from proxy.steps.journey import Services

_POLICY_PROVIDERS = """\
providers:
  cloud: {region: us, on_prem: false, retention: 30d, trains: false, clearance: internal}
  cellar: {region: eu, on_prem: true, retention: none, trains: false, clearance: restricted}
"""
_MODELS = """\
  gpt-4o-mini:
    - {provider: cloud, model: gpt-4o-mini}
  house-model:
    - {provider: cellar, model: house-model}
  either:
    - {provider: cloud, model: gpt-4o-mini}
    - {provider: cellar, model: house-model}
"""


@dataclass(frozen=True, slots=True)
class House:
    """One running Privet.

    Attributes:
        root: scheme, host and port; SDKs want ``root + "/v1"``.
        key: a virtual key of team `support`, app `desk`.
        client, anthropic: the official SDKs, pointed here, without retries of their own.
        services: what the pipeline runs on.
    """

    root: str
    key: str
    client: AsyncOpenAI
    anthropic: AsyncAnthropic
    folder: Path
    services: Services

    @property
    def log_folder(self) -> Path:
        return self.folder / "audit" / config.AUDIT_SLOT

    def on_disk(self, exchange_id: str | None = None) -> list[Record]:
        """The audit records that are durable by now, opened with the auditor's key."""
        key = load_recipient_key(self.folder / "keys" / "auditor.key")
        with Reader(self.log_folder, key) as reader:
            return list(reader.records(exchange_id))

    async def records(self, exchange_id: str | None = None) -> list[Record]:
        """The audit records so far, those of answers that went ahead of them included."""
        await self.services.recorder.settled()
        return self.on_disk(exchange_id)

    async def kinds(self, exchange_id: str | None = None) -> list[str]:
        """The kinds of the records so far, policy changes left out."""
        names = [record.opened.kind.name.lower() for record in await self.records(exchange_id)]
        return [name for name in names if name != "policy_change"]

    async def verify(self) -> Report:
        """Verify the log as it is now."""
        await self.services.recorder.settled()
        keys = load_verifier_keys(self.folder / "keys" / "log.pub")
        recipient = load_recipient_key(self.folder / "keys" / "auditor.key")
        return verify(self.log_folder, keys, recipient=recipient)


def write_configuration(
    folder: Path,
    cloud: str,
    cellar: str | None = None,
    *,
    extra: str = "",
    policy: str | None = None,
    settings: dict[str, str] | None = None,
    cloud_type: str = "",
    cellar_type: str = "",
) -> config.Configuration:
    """A scratch configuration; `policy` replaces the starter's text (its providers stay ours).

    Args:
        cloud_type, cellar_type: what kind of provider each is; OpenAI-compatible ones if empty.
        settings: text in privet.yaml -> what stands there instead.
        extra: further lines of privet.yaml.
    """
    providers = f"  cloud:\n    base_url: {cloud}\n    retries: 1\n"
    providers += f"    type: {cloud_type}\n" if cloud_type else ""
    providers += f"  cellar:\n    base_url: {cellar or cloud}\n    retries: 0\n"
    providers += f"    type: {cellar_type}\n" if cellar_type else ""
    text = re.sub(
        r"(?m)^providers:\n(?:  .*\n)+", _POLICY_PROVIDERS, policy or scaffold.starter_policy()
    )
    choices = dataclasses.replace(
        scaffold.Choices(), listen="127.0.0.1:0", providers=providers, models=_MODELS, policy=text
    )
    scaffold.write(folder, choices)
    path = folder / "privet.yaml"
    written = path.read_text() + extra
    for old, new in (settings or {}).items():
        assert old in written, old
        written = written.replace(old, new)
    path.write_text(written)
    return config.load(path, {})


@asynccontextmanager
async def house(
    folder: Path,
    detector: Detector,
    cloud: str,
    cellar: str | None = None,
    *,
    allow_shadow: bool = False,
    **choices: Any,
) -> AsyncIterator[House]:
    """Start one; arguments as for `write_configuration` and `running`."""
    configuration = write_configuration(folder, cloud, cellar, **choices)
    key, _ = create_key(folder / "keys.yaml", "support", "desk")
    async with opened(configuration, key, detector, allow_shadow=allow_shadow) as running_house:
        yield running_house


@asynccontextmanager
async def opened(
    configuration: config.Configuration,
    key: str,
    detector: Detector,
    *,
    allow_shadow: bool = False,
) -> AsyncIterator[House]:
    """Start one that was configured before."""
    async with (
        running(configuration, detector, allow_shadow=allow_shadow) as services,
        listening(services, configuration.settings.limits, "127.0.0.1", 0) as root,
        AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as client,
        AsyncAnthropic(base_url=root, api_key=key, max_retries=0) as anthropic,
    ):
        yield House(root, key, client, anthropic, configuration.folder, services)


def said_to(provider_body: bytes) -> str:
    """Everything that a provider got to read, decoded: JSON escapes and documents in strings too."""
    texts: list[str] = []

    def read(node: Any) -> None:
        if isinstance(node, str):
            texts.append(node)
            if node[:1] in ("{", "["):
                try:
                    read(json.loads(node))
                except ValueError:
                    return
        elif isinstance(node, dict):
            for name, value in node.items():
                texts.append(name)
                read(value)
        elif isinstance(node, list):
            for value in node:
                read(value)
        elif node is not None:
            texts.append(json.dumps(node))

    read(json.loads(provider_body))
    return "\n".join(texts)


def intents(log: Path, keys: Path) -> list[bytes]:
    """What each intent of a log says that was sent, once the log is found to be sound.

    Args:
        log: a slot's folder.
        keys: the folder of the keys that `privet init` makes.
    """
    key = load_recipient_key(keys / "auditor.key")
    report = verify(log, load_verifier_keys(keys / "log.pub"), recipient=key)
    assert report.findings == []
    with Reader(log, key) as reader:
        return [
            b"".join(data or b"" for _, data in record.contents)
            for record in reader.records()
            if record.opened.kind is Kind.INTENT
        ]
