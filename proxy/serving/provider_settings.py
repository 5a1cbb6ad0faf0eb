"""A provider as privet.yaml describes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from proxy.config import Configuration
from proxy.providers import KINDS, Provider, ProviderKey, Timeouts, Way
from proxy.sections import ProviderSection
from proxy.tls import trusting
from proxy.yaml_file import ConfigError, Problem


def provider_key(name: str, section: ProviderSection, folder: Path) -> ProviderKey | None:
    """Gives a provider's key; raises ValueError when there is none where it should be."""
    return ProviderKey(name, partial(section.key.read, folder)) if section.key else None


def provider_url(section: ProviderSection) -> str:
    """Where a provider is; raises ValueError when nothing says so."""
    url = section.base_url or KINDS[section.type].base_url
    if not url:
        raise ValueError(f"providers of type {section.type} need a base_url")
    return url


def provider(name: str, section: ProviderSection, configuration: Configuration) -> Provider:
    """A provider, ready to be asked; raises ConfigError."""
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
